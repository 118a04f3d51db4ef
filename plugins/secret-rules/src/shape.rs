//! What a value looks like, from the value alone.

/// Words that nobody's real secret holds as a word of its own.
const STAND_INS: [&str; 24] = [
    "example",
    "sample",
    "placeholder",
    "dummy",
    "fake",
    "mock",
    "changeme",
    "change",
    "replace",
    "insert",
    "your",
    "redacted",
    "secret",
    "password",
    "todo",
    "none",
    "null",
    "undefined",
    "xxx",
    "xxxx",
    "foo",
    "bar",
    "here",
    "key",
];
/// Words that say so even inside another word.
const TELLING: [&str; 9] = [
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "your-",
    "your_",
    "redacted",
];

/// The value stands for another one that is filled in later: `${…}`, `<…>`, `{{…}}`, `%s`, `$NAME`.
pub(crate) fn is_template(value: &str) -> bool {
    let marked = |open, close| value.contains(open) && value.contains(close);
    let quoted = value.strip_prefix('%').and_then(|name| name.strip_suffix('%'));
    let variable = value.strip_prefix('$').or(quoted).is_some_and(is_name);
    marked("${", "}") || marked("<", ">") || marked("{{", "}}") || marked("%(", ")") || variable
}

/// The value reads a setting: `process.env.X`, `os.environ[…]`, `getenv(…)`.
pub(crate) fn is_reference(value: &str) -> bool {
    ["process.env", "os.environ", "getenv", "import.meta.env", "secrets.", "vars.", "config.", "settings."]
        .iter()
        .any(|word| value.contains(word))
}

/// The value is the name of a setting, such as `GITHUB_TOKEN` or `WIN32_ERROR`.
pub(crate) fn is_setting_name(value: &str) -> bool {
    let digit = |b: u8| b.is_ascii_digit();
    let part = |part: &str| {
        let few = part.len() <= 6 || part.bytes().filter(|&b| digit(b)).count() <= 2;
        few && part.bytes().all(|b| b.is_ascii_uppercase() || digit(b))
    };
    value.contains('_')
        && value.bytes().next().is_some_and(|first| !digit(first))
        && value.split('_').filter(|part| !part.is_empty()).all(part)
}

/// The value was made to be replaced: it says so, repeats itself, or counts.
pub(crate) fn is_stand_in(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    TELLING.iter().any(|word| lower.contains(word))
        || is_masked(value)
        || counts(&lower)
        || (words(&lower).any(|word| STAND_INS.contains(&word)) && words(&lower).all(is_wordlike))
}

/// Letters, digits and marks are few: `xxxx`, `****`, `0000`, `abababab`.
fn is_masked(value: &str) -> bool {
    let core: Vec<u8> = value.bytes().rev().take(16).collect();
    let repeated = |period: usize| core.iter().skip(period).zip(&core).all(|(one, other)| one == other);
    let run = value.as_bytes().chunk_by(|one, next| one == next).map(<[u8]>::len).max().unwrap_or(0);
    let patterned = core.len() >= 6 && (1..=5).any(|period| core.len() >= 3 * period && repeated(period));
    patterned || (run >= 8 && run * 2 >= value.len().min(40))
}

/// Half of the value or more counts up or down: `0123456789abcdef`, `abcdefgh`, `1234567890`.
fn counts(lower: &str) -> bool {
    let bytes: Vec<u8> = lower.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let next = |pair: &&[u8]| {
        let (one, two) = (pair[0], pair[1]);
        one.abs_diff(two) == 1
            || matches!(
                (one, two),
                (b'9', b'0' | b'a') | (b'0', b'9' | b'1') | (b'z', b'a' | b'0') | (b'f', b'0')
            )
    };
    bytes.len() >= 8 && bytes.windows(2).filter(next).count() * 10 >= (bytes.len() - 1) * 7
}

/// The value is a name or path made of words and short numbers.
pub(crate) fn is_identifier(value: &str) -> bool {
    let parts: Vec<&str> = value.split(['.', '_', '-', '/', ':', ' ', '=']).collect();
    let words = parts.iter().filter(|part| is_wordlike(part)).map(|part| part.len()).sum::<usize>();
    // An odd short part, such as `m2m`, does not make a random value of a name.
    !value.is_empty()
        && parts.iter().all(|part| part.len() <= 4 || is_wordlike(part))
        && words * 3 >= value.len()
}

/// Words with at most four digits in or between them, or a short number.
fn is_wordlike(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    let mut words = part.split(|c: char| c.is_ascii_digit());
    let spoken = |word: &str| word.bytes().all(|b| b.is_ascii_alphabetic()) && can_be_spoken(word.as_bytes());
    if digits == part.len() {
        return digits <= 8;
    }
    // Random text has its digits everywhere.
    let groups = part.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).count();
    words.all(spoken) && digits <= 4 && groups <= 3 && digits * 3 <= part.len().max(8)
}

/// Letters that make words, one or several in `camelCase`; random letters change their case too often and have too
/// many consonants in a row.
fn can_be_spoken(letters: &[u8]) -> bool {
    const MOST_CONSONANTS: usize = 4;
    // Short names may be odd, as `XMLHttpRequest` is; the longer a name, the more it is like ordinary words.
    let (letters_a_word, letters_a_vowel) = match letters.len() {
        0..8 => return true,
        8..16 => (3, 16),
        16.. => (4, 4),
    };
    let vowel = |byte: &u8| b"aeiouy".contains(&byte.to_ascii_lowercase());
    let spoken = |word: &[u8]| {
        let acronym = word.len() <= 8 && word.iter().all(u8::is_ascii_uppercase);
        acronym || word.split(vowel).all(|consonants| consonants.len() <= MOST_CONSONANTS)
    };
    let humps: Vec<&[u8]> = humps(letters).collect();
    let vowels = letters.iter().filter(|byte| vowel(byte)).count();
    letters.len() >= humps.len() * letters_a_word
        && letters.len() <= vowels.saturating_mul(letters_a_vowel)
        && humps.into_iter().all(spoken)
}

/// The words of `camelCase` and `HTTPResponse`.
fn humps(mut letters: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let begins = |at: &usize| {
            let after = letters.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            letters[*at].is_ascii_uppercase() && (letters[at - 1].is_ascii_lowercase() || after)
        };
        let end = (1..letters.len()).find(begins).unwrap_or(letters.len());
        let (word, rest) = letters.split_at(end);
        letters = rest;
        (!word.is_empty()).then_some(word)
    })
}

fn words(lower: &str) -> impl Iterator<Item = &str> {
    let letters = |word: &str| word.trim_end_matches(|c: char| c.is_ascii_digit()).len().max(1);
    // `secret123` is the word `secret`.
    let parts = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(move |word| &word[..letters(word).min(word.len())])
}

/// 8-4-4-4-12 hexadecimal digits.
pub(crate) fn is_uuid(value: &str) -> bool {
    let lengths = value.split('-').map(|part| if is_hex(part) { part.len() } else { 0 });
    lengths.eq([8, 4, 4, 4, 12])
}

/// As long as a digest of a common kind, in hexadecimal, or a digest that names its kind.
pub(crate) fn is_digest(value: &str) -> bool {
    let named =
        ["sha1-", "sha256-", "sha384-", "sha512-", "sha256:", "sha512:"].iter().any(|p| value.starts_with(p));
    named || (is_hex(value) && matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128))
}

fn is_hex(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_name(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::expand;

    #[test]
    fn stand_ins_are_told_from_random_values() {
        for value in [
            "xxxxxxxxxxxxxxxxxxxx",
            "sk-ant-api03-XXXXXXXXXXXXXXXXXXXX",
            "your-api-key-here",
            "ghp_example_token",
            "1234567890abcdef",
            "AKIAIOSFODNN7EXAMPLE",
            "0123456789abcdef0123456789abcdef",
            "abcabcabcabcabc",
            "****************",
            "changeme123",
        ] {
            assert!(is_stand_in(value), "{value}");
        }
        for value in [
            "{alnum:40}",
            "{hex:32}",
            "{base64:64}",
            "sk_test_{alnum:24}",
            "test-{alnum:30}",
            "{digit:12}:{url:33}",
        ] {
            assert!(!is_stand_in(&expand(value)), "{value}");
        }
    }

    #[test]
    fn names_templates_and_digests_are_known() {
        assert!(is_identifier("my-database-credentials-01") && is_identifier("auth.middleware.v2"));
        assert!(is_identifier("getAccessTokenForUser2") && is_identifier("XMLHttpRequest"));
        assert!(!is_identifier(&expand("{alnum:32}")) && !is_identifier("lVhnkecQLUYNsB"));
        assert!(is_setting_name("GITHUB_TOKEN") && !is_setting_name(&expand("A_{upper:20}")));
        assert!(
            is_template("${TOKEN}") && is_template("<token>") && is_template("$TOKEN") && !is_template("a$b")
        );
        assert!(
            is_digest(&expand("{hex:40}")) && is_digest("sha512-abc=") && !is_digest(&expand("{hex:37}"))
        );
        assert!(
            is_uuid(&expand("{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}")) && !is_uuid(&expand("{hex:36}"))
        );
    }
}
