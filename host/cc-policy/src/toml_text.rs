//! Typed reading of TOML, with errors that name the file and the line.

use std::{fmt, ops::Range, path::PathBuf};

use serde::{Deserialize, Deserializer, Serialize, de};

/// A TOML text that does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {message}. {hint}")]
pub struct TextError {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// Reads `text` as a `T`.
pub(crate) fn parse<T: de::DeserializeOwned>(file: &str, text: &str, hint: &str) -> Result<T, TextError> {
    toml::from_str(text).map_err(|error| at(file, text, error.span(), error.message(), hint))
}

/// Fails where a file was written in a later form than the one that this program knows.
pub(crate) fn check_format(file: &str, text: &str, found: u32, known: u32) -> Result<(), TextError> {
    if found <= known {
        return Ok(());
    }
    let message = format!("it has format {found}, and this cc-orchestrator knows {known}");
    Err(at(file, text, None, &message, "Upgrade cc-orchestrator"))
}

/// An error at a place in `text`.
pub(crate) fn at(file: &str, text: &str, span: Option<Range<usize>>, message: &str, hint: &str) -> TextError {
    let upto = text.as_bytes().get(..span.map_or(0, |span| span.start)).unwrap_or_default();
    TextError {
        file: file.into(),
        line: 1 + upto.iter().filter(|byte| **byte == b'\n').count(),
        message: message.trim().replace('\n', ", "),
        hint: hint.into(),
    }
}

/// A path as errors show it.
pub(crate) fn shown(path: &std::path::Path) -> String {
    PathBuf::from(path).display().to_string()
}

/// A setting of a plugin: a text, number or truth value in TOML, always a text for the plugin.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Setting(pub String);

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingVisitor)
    }
}

struct SettingVisitor;

impl de::Visitor<'_> for SettingVisitor {
    type Value = Setting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number or true or false")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Setting, E> {
        Ok(Setting(value.into()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Setting, E> {
        Ok(Setting(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Setting, E> {
        Ok(Setting(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Setting, E> {
        Ok(Setting(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Setting, E> {
        Ok(Setting(value.to_string()))
    }
}
