//! The name of some bytes.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::FetchError;

/// `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Digest(String);

impl Digest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let hex = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self(format!("sha256:{hex}"))
    }

    /// The text, with its `sha256:`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks that these are the bytes.
    pub(crate) fn check(&self, what: &str, bytes: &[u8]) -> Result<(), FetchError> {
        let found = Self::of(bytes);
        if found == *self {
            return Ok(());
        }
        Err(FetchError::OtherBytes { what: what.into(), expected: self.0.clone(), found: found.0 })
    }
}

impl FromStr for Digest {
    type Err = FetchError;

    fn from_str(text: &str) -> Result<Self, FetchError> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        let is_hex = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if is_hex {
            Ok(Self(text.into()))
        } else {
            Err(FetchError::NoDigest(text.chars().take(90).collect()))
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
