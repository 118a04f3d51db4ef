//! A check of JSON against the JSON Schema that our own tools publish: the few keywords they use, and no others.

use serde_json::{Map, Value};

const KEYWORDS: [&str; 11] = [
    "type",
    "properties",
    "items",
    "enum",
    "anyOf",
    "oneOf",
    "required",
    "description",
    "minimum",
    "maximum",
    "additionalProperties",
];

/// Where and how a value does not fit a schema; nothing when it fits.
///
/// # Panics
/// When the schema uses a keyword that this check does not know: it would pass what it cannot judge.
#[must_use]
pub fn misfits(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "$", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else { return };
    for keyword in schema.keys() {
        assert!(KEYWORDS.contains(&keyword.as_str()), "{at}: the check does not know '{keyword}'");
    }
    if !types(schema).is_empty() && !types(schema).iter().any(|name| is_a(value, name)) {
        found.push(format!("{at} is no {:?}: {value}", types(schema)));
    }
    if let Some(Value::Array(allowed)) = schema.get("enum")
        && !allowed.contains(value)
    {
        found.push(format!("{at} is none of {allowed:?}: {value}"));
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(Value::Array(schemas)) = schema.get(choice)
            && schemas.iter().all(|schema| !misfits(schema, value).is_empty())
        {
            found.push(format!("{at} fits no choice: {value}"));
        }
    }
    check_inside(schema, value, at, found);
}

fn check_inside(schema: &Map<String, Value>, value: &Value, at: &str, found: &mut Vec<String>) {
    for name in
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        if value.get(name).is_none() {
            found.push(format!("{at}.{name} is missing"));
        }
    }
    for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(inner, value, &format!("{at}.{name}"), found);
        }
    }
    if let Some(items) = schema.get("items") {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            check(items, item, &format!("{at}[{index}]"), found);
        }
    }
}

fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_is_named() {
        let schema = json!({ "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string" }, "kind": { "enum": ["a", "b"] },
            "rows": { "type": "array", "items": { "type": "object", "properties": { "n": { "type": "integer" } } } },
        }});
        assert!(
            misfits(&schema, &json!({ "name": "x", "kind": "a", "rows": [{ "n": 1 }], "more": 1 }))
                .is_empty()
        );
        let bad = misfits(&schema, &json!({ "kind": "c", "rows": [{ "n": 1 }, { "n": "1" }] }));
        assert_eq!(bad.len(), 3, "{bad:?}");
        assert!(bad.iter().any(|misfit| misfit.starts_with("$.rows[1].n")), "{bad:?}");
    }
}
