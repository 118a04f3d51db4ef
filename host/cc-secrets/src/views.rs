//! A text as it is, and with its escapes undone, layer by layer: an escape must never hide a secret.
//! JSON's are replaced by what they stand for; a terminal's, which set colours and the like, by nothing.

use std::{borrow::Cow, ops::Range};

use memchr::memchr2;

use crate::limits::DEPTH;

const ESCAPE: u8 = 0x1b;
/// Parameter bytes of a terminal's control sequence at most.
const SEQUENCE: usize = 64;

/// An escape that was undone.
#[derive(Clone, Copy, Default)]
struct Mark {
    /// It stands for no character.
    empty: bool,
    /// Where it ends here.
    here: usize,
    /// Where it ends in the layer above.
    there: usize,
}

/// One layer of a text and the way back to the text itself.
pub(crate) struct View<'a> {
    pub(crate) text: Cow<'a, str>,
    /// One list a layer, innermost layer last.
    marks: Vec<Vec<Mark>>,
}

impl View<'_> {
    /// The range of the original text that a range of this view stands for, grown to whole characters.
    pub(crate) fn original(&self, range: Range<usize>) -> Range<usize> {
        let mut start = self.text.floor_char_boundary(range.start);
        let mut end = self.text.ceil_char_boundary(range.end);
        for marks in self.marks.iter().rev() {
            start = above(marks, start, |mark| mark.here <= start);
            // What stands for nothing after the last character does not belong to the range.
            end = above(marks, end, |mark| mark.here < end || (mark.here == end && !mark.empty));
        }
        start..end
    }
}

/// The place in the layer above, reckoned from the last escape before it.
fn above(marks: &[Mark], position: usize, before: impl Fn(&Mark) -> bool) -> usize {
    let last = marks.partition_point(before).checked_sub(1).map_or_else(Mark::default, |at| marks[at]);
    last.there + (position - last.here)
}

/// The text, then every layer under it that differs.
pub(crate) fn views(text: &str) -> Vec<View<'_>> {
    let mut all = vec![View { text: Cow::Borrowed(text), marks: Vec::new() }];
    while all.len() <= DEPTH {
        let Some(last) = all.last() else { break };
        let Some((text, marks)) = unescape(&last.text) else { break };
        let marks = last.marks.iter().cloned().chain([marks]).collect();
        all.push(View { text: Cow::Owned(text), marks });
    }
    all
}

/// The text with its escapes undone, and the escapes. None when there are none.
fn unescape(text: &str) -> Option<(String, Vec<Mark>)> {
    let mut plain = String::new();
    let mut marks = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = memchr2(b'\\', ESCAPE, &text.as_bytes()[at..]) {
        let start = at + found;
        let Some((character, length)) = escape(&text[start..]) else {
            at = start + 1;
            continue;
        };
        plain.push_str(&text[copied..start]);
        plain.extend(character);
        at = start + length;
        copied = at;
        marks.push(Mark { empty: character.is_none(), here: plain.len(), there: at });
    }
    if marks.is_empty() {
        return None;
    }
    plain.push_str(&text[copied..]);
    Some((plain, marks))
}

/// The character an escape at the start of the text stands for, if any, and the escape's length.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    if text.as_bytes().first() == Some(&ESCAPE) {
        return control_sequence(text).map(|length| (None, length));
    }
    let plain = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        mark @ (b'"' | b'\\' | b'/') => char::from(*mark),
        // Half a surrogate pair is no character and stays as it is: no secret is made of them.
        b'u' => return Some((Some(char::from_u32(hex(text.get(2..6)?)?)?), 6)),
        _ => return None,
    };
    Some((Some(plain), 2))
}

/// The length of a terminal's control sequence, `ESC [`, parameters and a letter (ECMA-48, 5.4).
fn control_sequence(text: &str) -> Option<usize> {
    let rest = text.as_bytes().get(1..)?.strip_prefix(b"[")?;
    let parameters = rest.iter().take(SEQUENCE).take_while(|byte| (0x20..=0x3f).contains(*byte)).count();
    rest.get(parameters).filter(|byte| (0x40..=0x7e).contains(*byte)).map(|_| parameters + 3)
}

fn hex(digits: &str) -> Option<u32> {
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_leads_back_to_the_text() {
        let text = r#"{\"a\":\"\\u0073k-\\u2026x\"} end"#;
        let all = views(text);
        assert_eq!(all.len(), 3);
        assert_eq!(all[2].text, "{\"a\":\"sk-\u{2026}x\"} end");
        let place = all[2].text.find("sk-\u{2026}x").expect("there");
        let back = all[2].original(place..place + "sk-\u{2026}x".len());
        assert_eq!(&text[back], r"\\u0073k-\\u2026x");
    }

    #[test]
    fn colours_are_taken_out() {
        let text = "\u{1b}[1;32ms\u{1b}[0mk-1\u{1b}[K";
        let all = views(text);
        assert_eq!(all[1].text, "sk-1");
        assert_eq!(&text[all[1].original(0..4)], "s\u{1b}[0mk-1");
        assert_eq!(views("\u{1b}]0;title").len(), 1);
    }

    #[test]
    fn text_without_escapes_has_one_view() {
        for text in ["plain", r"C:\Users\Public", r"\d+\s", r"\u12", r"\ud83d\ude00", "\\", "é\\é"] {
            assert_eq!(views(text).len(), 1, "{text}");
        }
    }
}
