//! Redaction of JSON values, text by text, so that no escape is in the way and the result is JSON again.

use serde_json::{Map, Value};

use crate::{known::LEAST_BYTES, redactor::Redactor};

/// Redacts a value, the member of that name when it is one.
pub(crate) fn redact(redactor: &Redactor, name: Option<&str>, value: &mut Value) {
    match value {
        Value::String(text) => {
            let clean = match name {
                Some(name) => redactor.redact_member(name, text),
                None => Some(redactor.redact(text)).filter(|t| t != text).map(std::borrow::Cow::into_owned),
            };
            if let Some(clean) = clean {
                *text = clean;
            }
        }
        // The texts of a list belong to the list's name.
        Value::Array(items) => items.iter_mut().for_each(|item| redact(redactor, name, item)),
        Value::Object(members) => object(redactor, members),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn object(redactor: &Redactor, members: &mut Map<String, Value>) {
    rename(redactor, members);
    for (name, value) in members.iter_mut() {
        redact(redactor, Some(name), value);
    }
}

/// A secret can be a name too, a long one. Names that become equal are numbered: no member is lost.
fn rename(redactor: &Redactor, members: &mut Map<String, Value>) {
    let changed: Vec<(String, String)> = members
        .keys()
        .filter(|name| name.len() >= LEAST_BYTES)
        .map(|name| (name.clone(), redactor.redact(name).into_owned()))
        .filter(|(name, clean)| name != clean)
        .collect();
    for (name, clean) in changed {
        let Some(value) = members.remove(&name) else { continue };
        let numbered = (2..).map(|number| format!("{clean} {number}"));
        let free = std::iter::once(clean.clone()).chain(numbered).find(|name| !members.contains_key(name));
        members.insert(free.unwrap_or(clean), value);
    }
}
