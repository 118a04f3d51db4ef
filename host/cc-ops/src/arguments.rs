//! Arguments as controllers send them: flat, or inside the predecessor's one `params` object.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::OpError;

/// How a reply is wanted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, description = "")]
pub(crate) enum ResponseFormat {
    /// Typed fields.
    #[default]
    Json,
    /// One `markdown` field.
    Markdown,
}

/// Reads an operation's arguments.
///
/// # Errors
/// When a field is unknown, missing or of the wrong kind: the message names it.
pub(crate) fn decode<T: DeserializeOwned>(tool: &str, arguments: Value) -> Result<T, OpError> {
    let flat = flatten(tool, arguments)?;
    serde_path_to_error::deserialize(Value::Object(flat)).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { String::new() } else { format!(" at '{path}'") };
        OpError::invalid(
            format!("{tool}: arguments do not fit{at}: {}", error.into_inner()),
            "send the tool's arguments as its input schema lists them",
        )
    })
}

/// The reply is wanted as Markdown.
pub(crate) fn wants_markdown(arguments: &Value) -> bool {
    let inner = arguments.get("params").unwrap_or(arguments);
    let format = |value: &Value| value.get("response_format").and_then(Value::as_str) == Some("markdown");
    match inner {
        Value::String(text) => serde_json::from_str(text).is_ok_and(|value| format(&value)),
        value => format(value),
    }
}

fn flatten(tool: &str, arguments: Value) -> Result<Map<String, Value>, OpError> {
    let mut map = object(tool, arguments)?;
    if map.len() == 1
        && let Some(params) = map.remove("params")
    {
        map = object(tool, params)?;
    }
    // A null says the same as leaving the argument out.
    map.retain(|_, value| !value.is_null());
    Ok(map)
}

fn object(tool: &str, value: Value) -> Result<Map<String, Value>, OpError> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Object(map)) => Ok(map),
            _ => Err(not_an_object(tool)),
        },
        _ => Err(not_an_object(tool)),
    }
}

fn not_an_object(tool: &str) -> OpError {
    OpError::invalid(
        format!("{tool}: the arguments are not a JSON object"),
        "send an object such as {\"role\": \"review\"}",
    )
}

/// An argument of the command line that is a JSON object.
pub(crate) fn json_object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))
}

/// A text argument within its limits, in characters.
///
/// # Errors
/// When it is blank or too long.
pub(crate) fn text_within(name: &str, text: &str, most: usize) -> Result<(), OpError> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Err(OpError::invalid(format!("'{name}' is empty"), format!("give '{name}' a text")));
    }
    if length > most {
        return Err(OpError::invalid(
            format!("'{name}' has {length} characters; {most} are allowed"),
            "shorten it, or put the long part into a file of the project and name the file",
        ));
    }
    Ok(())
}

/// A number argument within its limits.
///
/// # Errors
/// When it is outside.
pub(crate) fn number_within(name: &str, value: u32, least: u32, most: u32) -> Result<u32, OpError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(OpError::invalid(format!("'{name}' is {value}"), format!("use {least} to {most}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Pick {
        role: Option<String>,
    }

    fn pick(value: Value) -> Result<Pick, OpError> {
        decode("cc_pick_profile", value)
    }

    #[test]
    fn flat_wrapped_and_stringed_arguments_are_the_same() {
        let want = Pick { role: Some("review".into()) };
        assert_eq!(pick(json!({"role": "review"})).unwrap(), want);
        assert_eq!(pick(json!({"params": {"role": "review"}})).unwrap(), want);
        assert_eq!(pick(json!({"params": "{\"role\": \"review\"}"})).unwrap(), want);
        assert_eq!(pick(Value::Null).unwrap(), Pick { role: None });
        assert_eq!(pick(json!({"role": null})).unwrap(), Pick { role: None });
    }

    #[test]
    fn an_unknown_field_is_named() {
        let error = pick(json!({"rol": "review"})).unwrap_err();
        assert!(error.message.contains("rol") && error.message.contains("cc_pick_profile"), "{error}");
        assert!(pick(json!([1])).is_err() && pick(json!({"params": "nonsense"})).is_err());
    }

    #[test]
    fn markdown_is_seen_in_every_form() {
        assert!(wants_markdown(&json!({"response_format": "markdown"})));
        assert!(wants_markdown(&json!({"params": {"response_format": "markdown"}})));
        assert!(wants_markdown(&json!({"params": "{\"response_format\": \"markdown\"}"})));
        assert!(!wants_markdown(&json!({"response_format": "json"})));
    }

    #[test]
    fn limits_count_characters() {
        assert!(text_within("task", "ö".repeat(10).as_str(), 10).is_ok());
        assert!(text_within("task", "ö".repeat(11).as_str(), 10).is_err());
        assert!(text_within("task", "  ", 10).is_err());
        assert!(number_within("limit", 0, 1, 5).is_err());
    }
}
