//! Checksums that issuers put into their tokens, so that a token can be told from a look-alike offline.

use cc_domain::Checksum;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS: usize = 6;
/// Random part of a token in the form that carries a checksum.
const BODY: usize = 30;

/// The checksums the host knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_`, and `npm_`, which follows them.
    Crc32Base62,
}

impl Kind {
    pub(crate) fn named(name: &str) -> Option<Self> {
        matches!(name, "github" | "npm").then_some(Self::Crc32Base62)
    }

    pub(crate) fn check(self, token: &str) -> Checksum {
        match self {
            Self::Crc32Base62 => crc32_base62(token),
        }
    }
}

/// Checks a whole token against the checksum of that name, as rules name it.
///
/// `Absent` when the name is unknown or the token has not the form that carries one.
/// GitHub's form is published on its blog: "Behind GitHub's new authentication token formats" (2021).
#[must_use]
pub fn checksum(name: &str, token: &str) -> Checksum {
    Kind::named(name).map_or(Checksum::Absent, |kind| kind.check(token))
}

/// 30 random characters, then the CRC-32 of them in six base-62 digits.
fn crc32_base62(token: &str) -> Checksum {
    let Some((_, rest)) = token.split_once('_') else { return Checksum::Absent };
    if rest.len() != BODY + DIGITS || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Checksum::Absent;
    }
    let (body, sum) = rest.as_bytes().split_at(BODY);
    if base62(crc32fast::hash(body)) == sum { Checksum::Valid } else { Checksum::Invalid }
}

fn base62(mut number: u32) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(number % 62) as usize];
        number /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example token of GitHub's documentation, long revoked; in two parts so that no scanner stops at it.
    const BODY_AND_SUM: &str = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";

    #[test]
    fn the_documented_example_is_valid_and_one_changed_character_is_not() {
        let token = ["ghp_", BODY_AND_SUM].concat();
        assert_eq!(checksum("github", &token), Checksum::Valid);
        assert_eq!(checksum("npm", &token.replace("ghp", "npm")), Checksum::Valid);
        assert_eq!(checksum("github", &token.replace("zQW", "zQX")), Checksum::Invalid);
    }

    #[test]
    fn other_forms_carry_none() {
        assert_eq!(checksum("github", "ghp_short"), Checksum::Absent);
        assert_eq!(checksum("github", &format!("github_pat_{}", "a".repeat(36))), Checksum::Absent);
        assert_eq!(checksum("luhn", &["ghp_", BODY_AND_SUM].concat()), Checksum::Absent);
    }
}
