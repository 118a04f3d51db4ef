//! A name for a secret that says nothing of it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Bytes of a fingerprint; each is two hexadecimal digits.
const BYTES: usize = 16;

/// What makes fingerprints different for every user. Whoever has it can try guesses against a fingerprint, so it is
/// kept like a key.
#[derive(Clone)]
pub struct Salt(Vec<u8>);

impl Salt {
    /// At least 16 random bytes, the same ones for as long as fingerprints are to be compared.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}

/// The first half of an HMAC-SHA256 of a rule and a secret, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The same for the same rule, secret and salt, wherever the secret stands.
    #[must_use]
    pub fn new(salt: &Salt, rule: &str, secret: &str) -> Self {
        let key = match Hmac::<Sha256>::new_from_slice(&salt.0) {
            Ok(key) => key,
            // Not reached: an HMAC takes keys of any length.
            Err(_) => Hmac::<Sha256>::new(&Default::default()),
        };
        let code = key.chain_update(rule).chain_update([0]).chain_update(secret).finalize().into_bytes();
        Self(code.iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect())
    }

    /// 32 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_depends_on_rule_secret_and_salt_and_shows_none_of_them() {
        let salt = Salt::new(*b"sixteen bytes...");
        let one = Fingerprint::new(&salt, "rule", "secret");
        assert_eq!(one, Fingerprint::new(&salt, "rule", "secret"));
        assert_ne!(one, Fingerprint::new(&salt, "rul", "esecret"));
        assert_ne!(one, Fingerprint::new(&salt, "rule", "secreT"));
        assert_ne!(one, Fingerprint::new(&Salt::new(*b"another........."), "rule", "secret"));
        assert!(one.as_str().len() == 32 && one.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(format!("{salt:?}"), "Salt");
    }
}
