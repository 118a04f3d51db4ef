//! What the catalog tells the engine of a plugin.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Limits, World};

/// One plugin, as its manifest and the lock have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginSpec {
    /// Such as `cc.router`.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// sha256 of the component, lower-case hex; see [`digest`].
    pub digest: String,
    /// What it decides.
    pub world: World,
    /// What it may use. What exceeds [`Limits::MAX`] is lowered to it.
    pub limits: Limits,
    /// What `config` answers: key and value, each key once.
    pub config: Vec<(String, String)>,
}

/// sha256 of a component, lower-case hex.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_sha256_of_the_bytes() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
    }
}
