//! JSON schemas made small: a controller pays for every byte of `tools/list`, on every start.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// Schema of an operation's arguments: types, choices and descriptions.
pub(crate) fn input<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = generate::<T>();
    schema.remove("description");
    compact(&mut schema, &Keep { descriptions: true, depth: usize::MAX });
    schema
}

/// Schema of an operation's result: the names and types that a controller's scripts use. Levels below the second
/// are left open, and fields marked `schemars(skip)` are left out: both are valid, and cost nothing on every start.
pub(crate) fn output<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = generate::<T>();
    schema.remove("description");
    compact(&mut schema, &Keep { descriptions: false, depth: 2 });
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("ok".into(), serde_json::json!({ "type": "boolean" }));
    }
    schema
}

/// The doc comment of an operation, on one line.
pub(crate) fn description<T: JsonSchema>() -> String {
    let schema = generate::<T>();
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn generate<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|s| {
        s.meta_schema = None;
        s.inline_subschemas = true;
    });
    match settings.into_generator().into_root_schema_for::<T>().to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

struct Keep {
    descriptions: bool,
    depth: usize,
}

fn compact(schema: &mut Map<String, Value>, keep: &Keep) {
    for noise in ["title", "format", "default", "additionalProperties", "$schema"] {
        schema.remove(noise);
    }
    if !keep.descriptions {
        // Replies of one tool differ by what was asked for, so no field is promised.
        for noise in ["description", "required", "minimum", "maximum", "const", "enum"] {
            schema.remove(noise);
        }
    }
    if schema.get("description").is_some_and(|text| text == "") {
        schema.remove("description");
    }
    if schema.get("minimum").and_then(Value::as_f64) == Some(0.0) {
        schema.remove("minimum");
    }
    drop_null(schema);
    if !keep.descriptions {
        schema.remove("enum");
    }
    if keep.depth == 0 {
        schema.retain(|key, _| key == "type");
        return;
    }
    let deeper =
        Keep { descriptions: keep.descriptions, depth: keep.depth - usize::from(keep.depth != usize::MAX) };
    for (key, value) in schema.iter_mut() {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.values_mut().filter_map(Value::as_object_mut).for_each(|p| compact(p, &deeper));
            }
            ("items", Value::Object(items)) => compact(items, keep),
            _ => {}
        }
    }
}

/// `["string", "null"]` and `anyOf: [X, null]` say no more than `X`: a null counts as left out.
fn drop_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get("type") {
        let named: Vec<_> = types.iter().filter(|t| *t != "null").cloned().collect();
        if let [only] = named.as_slice() {
            schema.insert("type".into(), only.clone());
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(choices)) = schema.get_mut(key) else { continue };
        choices.retain(|choice| choice.get("type").is_none_or(|t| t != "null"));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            schema.remove(key);
            for (name, value) in only {
                schema.entry(name).or_insert(value);
            }
        } else if is_names(choices) {
            let names = choices.iter().filter_map(|c| c.get("const").cloned()).collect();
            schema.remove(key);
            schema.insert("type".into(), "string".into());
            schema.insert("enum".into(), Value::Array(names));
        }
    }
}

/// An enum of documented names, which schemars spells as one `const` each.
fn is_names(choices: &[Value]) -> bool {
    !choices.is_empty() && choices.iter().all(|choice| choice.get("const").is_some_and(Value::is_string))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    /// Picks.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Sample {
        /// How.
        format: Option<crate::arguments::ResponseFormat>,
        /// How many.
        limit: Option<u32>,
        inner: Vec<Inner>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Inner {
        deep: Deep,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Deep {
        deepest: Vec<String>,
    }

    #[test]
    fn inputs_keep_what_a_model_reads() {
        let schema = Value::Object(input::<Sample>());
        assert_eq!(schema["properties"]["limit"], json!({"type": "integer", "description": "How many."}));
        assert_eq!(
            schema["properties"]["format"],
            json!({"type": "string", "enum": ["json", "markdown"], "description": "How."})
        );
    }

    #[test]
    fn outputs_keep_names_and_types_of_two_levels() {
        let schema = Value::Object(output::<Sample>());
        assert_eq!(schema["properties"]["inner"]["items"]["properties"]["deep"], json!({"type": "object"}));
        assert_eq!(schema["properties"]["ok"], json!({"type": "boolean"}));
        assert!(schema.get("required").is_none());
    }
}
