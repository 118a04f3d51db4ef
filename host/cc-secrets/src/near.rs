//! Where in a match its keyword can be. When that is known, a rule does not search a window round each keyword but
//! looks at the one place, which is many times as fast in text that is full of words such as `token`.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Bytes before a keyword at which the start of a match is looked for, at most.
const LEAD: usize = 64;
/// Texts that a part of a pattern stands for, at most.
const TEXTS: usize = 256;
/// Bytes of a class that count as so many texts.
const CLASS: usize = 8;

/// How many bytes of a match stand before the first keyword in it, at most. None when it is not known, or too many.
pub(crate) fn lead(pattern: &Hir, keywords: &[String]) -> Option<usize> {
    in_parts(&[pattern], keywords).filter(|&lead| lead <= LEAD)
}

/// A pattern that finds another in group 1, when that begins at most `lead` bytes after the second byte of a text.
/// The first byte is there for the pattern's boundaries.
pub(crate) fn near(pattern: &str, lead: usize) -> String {
    format!(r"\A(?s-u:.){{1,{}}}?({pattern})", lead + 1)
}

/// The first place in a sequence from which on every text has a keyword.
fn in_parts(parts: &[&Hir], keywords: &[String]) -> Option<usize> {
    let mut before = 0;
    for (at, part) in parts.iter().enumerate() {
        if let Some(lead) = in_texts(&[Vec::new()], &parts[at..], keywords) {
            return Some(before + lead);
        }
        before += part.properties().maximum_len()?;
    }
    None
}

/// The same for texts that begin with one of the heads.
fn in_texts(heads: &[Vec<u8>], parts: &[&Hir], keywords: &[String]) -> Option<usize> {
    let lead = |text: &Vec<u8>| keywords.iter().filter_map(|word| position(text, word.as_bytes())).min();
    let leads: Option<Vec<usize>> = heads.iter().map(lead).collect();
    if let Some(leads) = leads {
        return leads.into_iter().max();
    }
    let (part, rest) = parts.split_first()?;
    if let Some(longer) = texts(part).and_then(|tails| product(heads, &tails)) {
        return in_texts(&longer, rest, keywords);
    }
    let nothing_yet = heads.iter().all(Vec::is_empty);
    let inside = |inner: &[Hir], rest: &[&Hir]| {
        let parts: Vec<&Hir> = inner.iter().chain(rest.iter().copied()).collect();
        if nothing_yet { in_parts(&parts, keywords) } else { in_texts(heads, &parts, keywords) }
    };
    match part.kind() {
        HirKind::Capture(group) => inside(std::slice::from_ref(&group.sub), rest),
        HirKind::Concat(inner) => inside(inner, rest),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            inside(std::slice::from_ref(&repetition.sub), &[])
        }
        HirKind::Alternation(branches) => {
            let all: Option<Vec<usize>> =
                branches.iter().map(|branch| inside(std::slice::from_ref(branch), rest)).collect();
            all?.into_iter().max()
        }
        _ => None,
    }
}

fn position(text: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, word)
}

/// All texts, in lower case, that a small part stands for.
fn texts(part: &Hir) -> Option<Vec<Vec<u8>>> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(Class::Bytes(class)) => {
            let bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            let mut bytes: Vec<u8> =
                bytes.take(2 * CLASS + 1).map(|byte| byte.to_ascii_lowercase()).collect();
            bytes.sort_unstable();
            bytes.dedup();
            (bytes.len() <= CLASS).then(|| bytes.into_iter().map(|byte| vec![byte]).collect())
        }
        HirKind::Class(Class::Unicode(_)) => None,
        HirKind::Capture(group) => texts(&group.sub),
        HirKind::Repetition(repetition) => {
            let once = texts(&repetition.sub).filter(|_| repetition.max == Some(1))?;
            let none = (repetition.min == 0).then(Vec::new);
            Some(none.into_iter().chain(once).collect())
        }
        HirKind::Concat(parts) => {
            parts.iter().try_fold(vec![Vec::new()], |all, part| product(&all, &texts(part)?))
        }
        HirKind::Alternation(branches) => {
            let all: Option<Vec<_>> = branches.iter().map(texts).collect();
            Some(all?.concat()).filter(|all| all.len() <= TEXTS)
        }
    }
}

fn product(heads: &[Vec<u8>], tails: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let few = heads.len() * tails.len() <= TEXTS;
    let joined = heads.iter().flat_map(|head| tails.iter().map(move |tail| [head.as_slice(), tail].concat()));
    few.then(|| joined.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead_of(pattern: &str, keywords: &[&str]) -> Option<usize> {
        let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
        lead(&hir.expect("a pattern"), &keywords.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_keywords_place_is_read_off_the_pattern() {
        assert_eq!(lead_of(r"\bghp_[a-z]{9}", &["ghp_"]), Some(0));
        assert_eq!(lead_of(r"gh[pous]_[a-z]{9}", &["ghp_", "gho_", "ghu_", "ghs_"]), Some(0));
        assert_eq!(
            lead_of(
                r"(?i)(?:next[_\-]?)?(?:api[_\-]?key|token)=[a-z]+",
                &["api_key", "api-key", "apikey", "token"]
            ),
            Some(5)
        );
        assert_eq!(lead_of(r"(?:ab|[0-9]{3})\.key\.", &["key"]), Some(4));
        assert_eq!(lead_of(r"[a-z]{14}\.atlasv1\.", &[".atlasv1."]), Some(14));
    }

    #[test]
    fn what_is_not_sure_is_not_told() {
        assert_eq!(lead_of(r"(?:token)?[a-z]{9}", &["token"]), None);
        assert_eq!(lead_of(r"api[_.]key=", &["api_key"]), None);
        assert_eq!(lead_of(r"[a-z]+token", &["token"]), None);
        assert_eq!(lead_of(r"[a-z]{90}token", &["token"]), None);
        assert_eq!(lead_of(r"(?:abc|token)=", &["token"]), None);
    }
}
