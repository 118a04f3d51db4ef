//! What a plugin is called.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A plugin's id: lower-case words joined by dots, such as `cc.router` or `acme.payments.reviewer`.
///
/// It names a folder, so it is never a path, and never one of the device names of Windows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginId(String);

/// A text that is no plugin id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no plugin id: use up to 64 of a-z, 0-9 and '-', in words joined by dots, such as 'acme.router'"
)]
pub struct IdError(String);

impl PluginId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_word(word: &str) -> bool {
    let inside = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    !word.is_empty() && word.bytes().all(inside) && !word.starts_with('-') && !word.ends_with('-')
}

/// Windows reserves these as file names, whatever follows the first dot.
fn is_device(word: &str) -> bool {
    let numbered = |name: &str| {
        word.strip_prefix(name).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(word, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

impl FromStr for PluginId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let first = text.split('.').next().unwrap_or_default();
        let fits = text.len() <= 64 && text.split('.').all(is_word) && !is_device(first);
        if fits { Ok(Self(text.into())) } else { Err(IdError(text.chars().take(80).collect())) }
    }
}

impl TryFrom<String> for PluginId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<PluginId> for String {
    fn from(id: PluginId) -> Self {
        id.0
    }
}

impl fmt::Display for PluginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_and_never_paths() {
        for good in ["cc.router", "router", "acme.pay-ments.r2", "7"] {
            assert_eq!(good.parse::<PluginId>().map(String::from).as_deref(), Ok(good));
        }
        for bad in [
            "", ".", "..", "a..b", "a/b", "a\\b", "Router", "a_b", "-a", "a-", "con", "nul.x", "com1.a",
            "路由",
        ] {
            assert!(bad.parse::<PluginId>().is_err(), "{bad}");
        }
        assert!("a".repeat(65).parse::<PluginId>().is_err());
    }
}
