//! Test texts of the rules, with the random part left out: `{hex:32}` stands for 32 random-looking characters.
//! So nothing in this repository looks like a secret to the scanners of others.

const KINDS: [(&str, &str); 8] = [
    ("digit", "0123456789"),
    ("hex", "0123456789abcdef"),
    ("lower", "abcdefghijklmnopqrstuvwxyz0123456789"),
    ("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
    ("base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    ("url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
    ("base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
];

/// The text with every `{kind:count}` replaced by so many characters, always the same ones.
pub(crate) fn expand(text: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        whole.push_str(&rest[..start]);
        let (piece, length) = random_part(&rest[start..], whole.len()).unwrap_or_else(|| ("{".into(), 1));
        whole.push_str(&piece);
        rest = &rest[start + length..];
    }
    whole + rest
}

/// What the braces at the start of the text stand for, and their length.
fn random_part(text: &str, seed: usize) -> Option<(String, usize)> {
    let end = text.find('}')?;
    let (kind, count) = text[1..end].split_once(':')?;
    let (_, alphabet) = KINDS.iter().find(|(name, _)| *name == kind)?;
    Some((random(alphabet.as_bytes(), count.parse().ok()?, seed), end + 1))
}

/// A linear congruential generator: enough to look random, and the same everywhere.
fn random(alphabet: &[u8], count: usize, seed: usize) -> String {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ (seed as u64);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(alphabet[(state >> 33) as usize % alphabet.len()])
    };
    (0..count).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_kinds_are_filled_in() {
        let text = expand("{\"a\": ${B}, x{hex:8}y{}");
        assert_eq!(text.len(), "{\"a\": ${B}, x".len() + 8 + "y{}".len());
        assert!(text.starts_with("{\"a\": ${B}, x") && text.ends_with("y{}"));
    }

    #[test]
    fn the_same_text_gives_the_same_characters() {
        assert_eq!(expand("{alnum:40}"), expand("{alnum:40}"));
        assert_ne!(expand("{alnum:40}"), expand(" {alnum:40}").trim());
    }
}
