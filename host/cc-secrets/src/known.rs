//! Values that are known to be secret: a run's own keys. They vanish in whatever form they turn up.
//! JSON escapes need no form of their own: the views undo them.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use crate::error::RuleError;

/// Shorter ones are stand-ins such as `dummy` or `none`, and would tear holes into ordinary text.
pub(crate) const LEAST_BYTES: usize = 8;
/// Characters of a base64 form that cannot occur by chance.
const LEAST_BASE64: usize = 10;
/// What URL encoders leave as it is beside letters and digits: by RFC 3986, by `encodeURIComponent`, by `encodeURI`.
/// Careful ones leave only letters and digits; none: not even those.
const URL_SAFE: [Option<&[u8]>; 5] =
    [None, Some(b""), Some(b"-._~"), Some(b"-._~!*'()"), Some(b"-._~!*'();,/?:@&=+$#")];

/// Finds the known values.
pub(crate) struct Known {
    search: Option<AhoCorasick>,
    /// For each pattern of the search: it is a piece of base64.
    base64: Vec<bool>,
}

impl Known {
    pub(crate) fn new(values: &[String]) -> Result<Self, RuleError> {
        let mut forms: Vec<(String, bool)> = values.iter().flat_map(|value| forms(value.trim())).collect();
        forms.sort();
        forms.dedup_by(|one, other| one.0 == other.0);
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // Rarely entered: the search skips to bytes that begin a form. A faster kind would take much more memory.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(forms.iter().map(|(form, _)| form))
            .map_err(|e| RuleError::Search { what: "known values", problem: e.to_string() })?;
        let base64: Vec<bool> = forms.into_iter().map(|(_, base64)| base64).collect();
        Ok(Self { search: (!base64.is_empty()).then_some(search), base64 })
    }

    /// Where they are.
    pub(crate) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let Some(search) = &self.search else { return Vec::new() };
        let whole = |found: aho_corasick::Match| {
            let base64 = self.base64[found.pattern().as_usize()];
            if base64 { base64_round(text, found.range()) } else { found.range() }
        };
        search.find_iter(text).map(whole).collect()
    }
}

fn forms(value: &str) -> Vec<(String, bool)> {
    if value.len() < LEAST_BYTES {
        return Vec::new();
    }
    let mut forms = vec![(value.to_owned(), false)];
    for safe in URL_SAFE {
        for upper in [true, false] {
            let encoded = percent_encoded(value, safe, upper);
            forms.push((encoded.replace("%20", "+"), false));
            forms.push((encoded, false));
        }
    }
    for form in (0..3).map(|shift| base64_piece(value.as_bytes(), shift)).filter(|f| f.len() >= LEAST_BASE64)
    {
        forms.push((form.replace('+', "-").replace('/', "_"), true));
        forms.push((form, true));
    }
    forms
}

fn percent_encoded(value: &str, safe: Option<&[u8]>, upper: bool) -> String {
    let stays = |byte: u8| safe.is_some_and(|safe| byte.is_ascii_alphanumeric() || safe.contains(&byte));
    let encode = |byte: u8| match byte {
        _ if stays(byte) => char::from(byte).to_string(),
        _ if upper => format!("%{byte:02X}"),
        _ => format!("%{byte:02x}"),
    };
    value.bytes().map(encode).collect()
}

/// The characters that a value always has in base64 when `shift` more bytes than a multiple of three stand before it.
fn base64_piece(value: &[u8], shift: usize) -> String {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(value);
    let encoded = STANDARD_NO_PAD.encode(&bytes);
    let first = (shift * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    encoded[first..last].to_owned()
}

/// All of the base64 text round a piece of it: the characters at its edges hold bits of the value too.
fn base64_round(text: &[u8], piece: Range<usize>) -> Range<usize> {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let before = text[..piece.start].iter().rev().take_while(part).count();
    let after = text[piece.end..].iter().take_while(part).count();
    let padding = text[piece.end + after..].iter().take(2).take_while(|&&byte| byte == b'=').count();
    piece.start - before..piece.end + after + padding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(known: &Known, text: &str) -> String {
        let mut text = text.to_owned();
        for place in known.find(text.as_bytes()).into_iter().rev() {
            text.replace_range(place, "#");
        }
        text
    }

    #[test]
    fn a_value_is_found_in_base64_wherever_it_stands_in_it() {
        let value = "correct/horse+battery?staple";
        let known = Known::new(&[value.into()]).expect("a search");
        for before in ["", "u:", "user:", "someone:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{before}{value}@host"));
            let text = format!("Basic {encoded}== end");
            assert_eq!(redacted(&known, &text), "Basic # end", "{before}");
        }
    }

    #[test]
    fn a_value_is_found_percent_encoded() {
        let known = Known::new(&["p@ss w/rd:12".into()]).expect("a search");
        for text in ["p%40ss%20w%2Frd%3A12", "p%40ss+w%2frd%3a12", "p@ss%20w/rd:12", "p@ss w/rd:12"] {
            assert_eq!(redacted(&known, text), "#", "{text}");
        }
    }

    #[test]
    fn stand_ins_are_no_secrets() {
        let known = Known::new(&["ollama".into(), " ".into()]).expect("a search");
        assert!(known.find(b"ollama run, none").is_empty());
    }
}
