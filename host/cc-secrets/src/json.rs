//! Redaction of JSON values, text by text, so that no escape is in the way and the result is JSON again.

use serde_json::{Map, Value};

use crate::{known::LEAST_BYTES, redactor::Redactor};

/// Redacts a value, the member of that name when it is one; says whether there was anything to redact.
pub(crate) fn redact(redactor: &Redactor, name: Option<&str>, value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let clean = match name {
                Some(name) => redactor.redact_member(name, text),
                None => Some(redactor.redact(text)).filter(|t| t != text).map(std::borrow::Cow::into_owned),
            };
            let found = clean.is_some();
            *text = clean.unwrap_or_else(|| std::mem::take(text));
            found
        }
        // The texts of a list belong to the list's name.
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact(redactor, name, item) | any),
        Value::Object(members) => object(redactor, members),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn object(redactor: &Redactor, members: &mut Map<String, Value>) -> bool {
    let renamed = rename(redactor, members);
    members.iter_mut().fold(renamed, |any, (name, value)| redact(redactor, Some(name), value) | any)
}

/// A secret can be a name too, a long one. Names that become equal are numbered: no member is lost.
fn rename(redactor: &Redactor, members: &mut Map<String, Value>) -> bool {
    let changed: Vec<(String, String)> = members
        .keys()
        .filter(|name| name.len() >= LEAST_BYTES)
        .map(|name| (name.clone(), redactor.redact(name).into_owned()))
        .filter(|(name, clean)| name != clean)
        .collect();
    let any = !changed.is_empty();
    for (name, clean) in changed {
        let Some(value) = members.remove(&name) else { continue };
        let numbered = (2..).map(|number| format!("{clean} {number}"));
        let free = std::iter::once(clean.clone()).chain(numbered).find(|name| !members.contains_key(name));
        members.insert(free.unwrap_or(clean), value);
    }
    any
}
