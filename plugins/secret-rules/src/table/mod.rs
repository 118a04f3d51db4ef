//! Every rule. A pattern states what the issuer publishes and no more; lengths are given some room, since issuers
//! lengthen tokens more often than they announce it.

mod agents;
mod ai;
mod chat;
mod cloud;
mod code;
mod deploy;
mod generic;
mod hosting;
mod keys;
mod observe;
mod saas;
mod shop;

use crate::row::Row;

/// What stands between a name and its value, in any common notation: `name = value`, `"name": "value"`,
/// `name => 'value'`, `name: Type = value`, `var name type = value`, `name ?= value`, `setenv("name", "value")`,
/// `<name>value`, `name="name" value="value"`.
macro_rules! gives {
    () => {
        concat!(
            r#"["'`\]]{0,2}(?:[ \t]{0,8}:[ \t]{0,2}&?[A-Za-z]{1,12}|[ \t]{1,2}[A-Za-z]{1,12}[ \t])?[ \t]{0,8}"#,
            r#"(?::{1,3}=|[?.+|]=|=>|={1,3}|:|,|>[ \t\r\n]{0,24}|value=)[ \t]{0,8}["'`]{0,3}"#
        )
    };
}
pub(crate) use gives;

/// A value after its name. The value is group 1.
macro_rules! after_name {
    ($name:literal, $value:literal) => {
        concat!("(?i:", $name, r")[\w.\-]{0,40}", gives!(), "(", $value, r")\b")
    };
}
pub(crate) use after_name;

/// All rules, the most telling first: where two find the same secret, the earlier one names it.
pub(crate) fn all() -> impl Iterator<Item = &'static Row> {
    [
        ai::ROWS,
        agents::ROWS,
        code::ROWS,
        cloud::ROWS,
        chat::ROWS,
        shop::ROWS,
        hosting::ROWS,
        observe::ROWS,
        saas::ROWS,
        deploy::ROWS,
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
