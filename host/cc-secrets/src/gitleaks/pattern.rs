//! Patterns: from Go's syntax to Rust's, which differ in a few signs, and what can be read off them.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::limits;

/// Shorter literals stand everywhere.
const LEAST_KEYWORD: usize = 3;
/// A shorter group is a part of the secret, not the secret.
const LEAST_SECRET: usize = 8;

/// The pattern in Rust's syntax. Go takes `\<`, an opening bracket in a class and a brace that counts nothing for
/// themselves; in Rust they begin a word, a class and a count, and `&&`, `--` and `~~` join classes.
pub(crate) fn from_go(pattern: &str) -> String {
    let mut rust = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut class = 0;
    while !rest.is_empty() {
        let (sign, length, depth) = sign(rest, class);
        rust.push_str(&sign);
        class = depth;
        rest = &rest[length..];
    }
    rust
}

/// The next sign in Rust's syntax, its length in Go's, and how many classes are open after it.
fn sign(rest: &str, class: u32) -> (String, usize, u32) {
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let escaped = |length: usize, class| (format!("\\{}", &rest[..length]), length, class);
    let plain = |length: usize, class| (rest[..length].to_owned(), length, class);
    match rest.as_bytes() {
        [b'\\', b'<' | b'>', ..] => (rest[1..2].to_owned(), 2, class),
        [b'\\', b'x' | b'p' | b'P', b'{', ..] => plain(rest.find('}').map_or(3, |end| end + 1), class),
        [b'\\', ..] => plain(1 + rest[1..].chars().next().map_or(0, char::len_utf8), class),
        // A closing bracket that comes first in a class stands for itself.
        [b'[', b'^', b']', ..] if class == 0 => (r"[^\]".into(), 3, 1),
        [b'[', b']', ..] if class == 0 => (r"[\]".into(), 2, 1),
        [b'[', ..] if class == 0 => plain(1, 1),
        [b'[', b':', ..] => plain(1, class + 1),
        [b'[', ..] => escaped(1, class),
        [b']', ..] if class > 0 => plain(1, class - 1),
        [b'&', b'&', ..] | [b'-', b'-', ..] | [b'~', b'~', ..] if class > 0 => {
            (format!("\\{0}\\{0}", &rest[..1]), 2, class)
        }
        [b'{', ..] if class == 0 && !counts(rest) => escaped(1, class),
        _ => plain(first, class),
    }
}

/// Whether a text begins with `{n}`, `{n,}` or `{n,m}`.
fn counts(text: &str) -> bool {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let Some((inside, _)) = text[1..].split_once('}') else { return false };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    !least.is_empty() && number(least) && number(most)
}

/// A pattern as the engine reads it.
pub(crate) fn parse(pattern: &str) -> Result<Hir, String> {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    parser.parse(pattern).map_err(|e| e.to_string())
}

/// The group that holds the secret when a rule does not say: the first that every match has.
pub(crate) fn secret_group(hir: &Hir) -> u32 {
    match hir.kind() {
        HirKind::Capture(group) if hir.properties().minimum_len() >= Some(LEAST_SECRET) => group.index,
        HirKind::Concat(parts) => parts.iter().map(secret_group).find(|&group| group > 0).unwrap_or(0),
        _ => 0,
    }
}

/// Literals, lower-case, of which every match contains at least one. None when there are no such.
pub(crate) fn keywords(hir: &Hir) -> Option<BTreeSet<String>> {
    match hir.kind() {
        HirKind::Capture(group) => keywords(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => keywords(&repetition.sub),
        HirKind::Alternation(branches) => {
            let all: Option<Vec<_>> = branches.iter().map(keywords).collect();
            Some(all?.into_iter().flatten().collect()).filter(few)
        }
        HirKind::Literal(_) | HirKind::Class(_) => letters(std::slice::from_ref(hir)),
        HirKind::Concat(parts) => {
            let runs = parts.chunk_by(|one, next| letter(one).is_some() && letter(next).is_some());
            let found = |run: &[Hir]| letters(run).or_else(|| keywords(run.first()?));
            // The longest says most.
            runs.filter_map(found).max_by_key(|set| set.iter().map(String::len).min())
        }
        _ => None,
    }
}

fn few(set: &BTreeSet<String>) -> bool {
    set.len() <= limits::KEYWORDS
}

/// What a run of literals and of letters in either case spells.
fn letters(run: &[Hir]) -> Option<BTreeSet<String>> {
    let bytes: Vec<u8> = run.iter().map(letter).collect::<Option<Vec<_>>>()?.concat();
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() >= LEAST_KEYWORD)?;
    let end = text.floor_char_boundary(*limits::KEYWORD_BYTES.end());
    Some(BTreeSet::from([text[..end].to_lowercase()]))
}

/// What a part spells, when it spells one thing.
fn letter(part: &Hir) -> Option<Vec<u8>> {
    match part.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_vec()),
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            let (one, other) = (bytes.next()?, bytes.next());
            let same = other.is_none_or(|other| other.eq_ignore_ascii_case(&one)) && bytes.next().is_none();
            same.then(|| vec![one.to_ascii_lowercase()])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_becomes_rust() {
        for (go, rust) in [
            (r"\<a\>", "<a>"),
            (r"[[\]]x", r"[\[\]]x"),
            (r"[^]a]", r"[^\]a]"),
            (r"[[:alnum:]_]+[a&&b]", r"[[:alnum:]_]+[a\&\&b]"),
            (r"a--b[\w.-]{0,50}?é\x{41}", r"a--b[\w.-]{0,50}?é\x{41}"),
            (r"\$?{{[^}]+}}|{[ {]+}a{2,}", r"\$?\{\{[^}]+}}|\{[ {]+}a{2,}"),
        ] {
            assert_eq!(from_go(go), rust);
            assert!(parse(rust).is_ok(), "{rust}");
        }
    }

    fn words(pattern: &str) -> Vec<String> {
        keywords(&parse(pattern).expect("a pattern")).into_iter().flatten().collect()
    }

    #[test]
    fn keywords_are_in_every_match() {
        assert_eq!(words("tok_[a-z]{4}"), ["tok_"]);
        assert_eq!(words("(?i)[a-z]{0,9}(?:acme|umbrella)-KEY=[0-9]{3}"), ["-key="]);
        assert_eq!(words("(?i)(?:acme|umbrella)=[0-9]{3}"), ["acme", "umbrella"]);
        assert_eq!(words("(?:abc|[0-9]+)x"), [""; 0]);
        assert_eq!(words("(?:abcd)?[0-9]+"), [""; 0]);
    }

    #[test]
    fn the_secret_is_in_the_first_group_that_is_always_there() {
        let group = |pattern: &str| secret_group(&parse(pattern).expect("a pattern"));
        assert_eq!(group("a([a-z]{9})"), 1);
        assert_eq!(group("(?:(a|b)=)([a-z]{9})"), 2);
        assert_eq!(group("x(?:=([a-z]{9})|:([a-z]{9}))"), 0);
        assert_eq!(group("[a-z]{9}"), 0);
    }
}
