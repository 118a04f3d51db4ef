//! Every rule. A pattern states what the issuer publishes and no more; lengths are given some room, since issuers
//! lengthen tokens more often than they announce it.

mod ai;
mod chat;
mod cloud;
mod code;
mod generic;
mod hosting;
mod keys;
mod observe;
mod saas;
mod shop;

use crate::row::Row;

/// A value after its name, in any common notation: `name = value`, `"name": "value"`, `name => 'value'`,
/// `setenv("name", "value")`. The value is group 1.
macro_rules! after_name {
    ($name:literal, $value:literal) => {
        concat!(
            "(?i:",
            $name,
            r#")[\w.\-]{0,40}["'`\]]{0,2}(?:[ \t]{0,8}:[ \t]{0,2}&?[A-Za-z]{1,12})?[ \t]{0,8}(?::=|=>|=|:|,)[ \t]{0,8}["'`]{0,3}("#,
            $value,
            r")\b"
        )
    };
}
pub(crate) use after_name;

/// All rules, the most telling first: where two find the same secret, the earlier one names it.
pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    [
        ai::ROWS,
        code::ROWS,
        cloud::ROWS,
        chat::ROWS,
        shop::ROWS,
        hosting::ROWS,
        observe::ROWS,
        saas::ROWS,
        keys::ROWS,
        generic::ROWS,
    ]
    .into_iter()
    .flatten()
}

/// The rule of that name.
pub(crate) fn find(id: &str) -> Option<&'static Row> {
    all().find(|row| row.id == id)
}
