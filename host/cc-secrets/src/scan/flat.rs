//! The lines of a text that hold escapes, with all layers of escaping undone in one pass.
//!
//! A JSON text inside a JSON text doubles its backslashes: however long a run of them is, the character after it
//! says what the escape stands for, and the run's length says how deep it lies. So one pass finds what lies under
//! any number of layers, and a token is seen as it is whether a log quotes it once or three times.

use std::ops::Range;

use memchr::{memchr, memchr2, memrchr};

const ESCAPE: u8 = 0x1b;
/// Lines nearer than this to a line with escapes are taken along: they may be parts of one secret.
const NEAR: usize = 256;
/// Parameter bytes of a terminal's control sequence at most.
const SEQUENCE: usize = 64;

/// Text with its escapes undone, and the way back.
#[derive(Default)]
pub(crate) struct Flat {
    pub(crate) text: Vec<u8>,
    marks: Vec<Mark>,
}

/// A place from which on text and original run in step again.
#[derive(Clone, Copy)]
struct Mark {
    kind: Kind,
    here: u32,
    there: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A piece of the original begins.
    Piece,
    /// An escape that stands for a character, under so many layers.
    Character(u8),
    /// An escape that stands for nothing.
    Nothing,
}

/// The parts of a text with escapes in them, by whole lines.
pub(crate) fn pieces(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let first = at + memchr2(b'\\', ESCAPE, &text[at..])?;
        let start = memrchr(b'\n', &text[at..first]).map_or(at, |newline| at + newline + 1);
        let mut end = line_end(text, first);
        while let Some(next) = memchr2(b'\\', ESCAPE, &text[end..text.len().min(end + NEAR)]) {
            end = line_end(text, end + next);
        }
        at = end;
        Some(start..end)
    })
}

fn line_end(text: &[u8], at: usize) -> usize {
    memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline + 1)
}

impl Flat {
    /// Forgets what it holds, and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.marks.clear();
    }

    /// Adds a piece of the original.
    pub(crate) fn add(&mut self, original: &[u8], piece: Range<usize>) {
        // So that nothing joins the end of one piece to the start of the next.
        self.text.extend_from_slice(b"\n\n");
        self.mark(Kind::Piece, piece.start);
        let text = &original[..piece.end];
        let mut at = piece.start;
        let mut copied = at;
        while let Some(found) = memchr2(b'\\', ESCAPE, &text[at..]) {
            let start = at + found;
            let Some(escape) = Escape::at(&text[start..]) else {
                at = start + 1;
                continue;
            };
            self.text.extend_from_slice(&text[copied..start]);
            at = start + escape.length;
            copied = at;
            self.undo(&escape, at);
        }
        self.text.extend_from_slice(&text[copied..]);
    }

    fn undo(&mut self, escape: &Escape, end: usize) {
        match escape.character {
            Some(character) => {
                self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                self.mark(Kind::Character(escape.layers), end);
            }
            None => self.mark(Kind::Nothing, end),
        }
    }

    fn mark(&mut self, kind: Kind, there: usize) {
        // Pieces are parts of a chunk, which is far smaller than 4 GiB.
        let (here, there) = (self.text.len() as u32, there as u32);
        self.marks.push(Mark { kind, here, there });
    }

    /// The place in the original of a range that lies in one piece.
    pub(crate) fn original(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let (start, end) = (range.start as u32, range.end as u32);
        let first = self.marks.partition_point(|mark| mark.here <= start).checked_sub(1)?;
        // What stands for nothing after the last character does not belong to the range.
        let inside =
            |mark: &Mark| mark.here < end || (mark.here == end && matches!(mark.kind, Kind::Character(_)));
        let last = self.marks.partition_point(inside).checked_sub(1)?.max(first);
        let one_piece = self.marks[first + 1..=last].iter().all(|mark| mark.kind != Kind::Piece);
        let there = |mark: Mark, at: u32| (mark.there + (at - mark.here)) as usize;
        one_piece.then(|| there(self.marks[first], start)..there(self.marks[last], end))
    }

    /// How many layers of escaping lie over a place: those of the nearest escape before it and after it.
    pub(crate) fn layers(&self, range: &Range<usize>) -> u8 {
        let (start, end) = (range.start as u32, range.end as u32);
        let layers = |mark: &Mark| match mark.kind {
            Kind::Character(layers) => Some(layers),
            Kind::Piece => Some(0),
            Kind::Nothing => None,
        };
        let before = self.marks.partition_point(|mark| mark.here <= start);
        let after = self.marks.partition_point(|mark| mark.here <= end);
        let before = self.marks[..before].iter().rev().find_map(layers).unwrap_or(0);
        before.min(self.marks[after..].iter().find_map(layers).unwrap_or(0))
    }
}

struct Escape {
    character: Option<char>,
    length: usize,
    layers: u8,
}

impl Escape {
    /// The escape at the start of a text.
    fn at(text: &[u8]) -> Option<Self> {
        if text.first() == Some(&ESCAPE) {
            return Self::control_sequence(text, 1);
        }
        let run = text.iter().take_while(|&&byte| byte == b'\\').count();
        let (character, length) = match text.get(run)? {
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            b'b' => ('\u{8}', 1),
            b'f' => ('\u{c}', 1),
            mark @ (b'"' | b'/') => (char::from(*mark), 1),
            b'u' => (code_point(text.get(run + 1..run + 5)?)?, 5),
            _ if run > 1 => ('\\', 0),
            _ => return None,
        };
        if character == char::from(ESCAPE) {
            return Self::control_sequence(text, run + length);
        }
        let layers = (usize::BITS - run.leading_zeros()) as u8;
        Some(Self { character: Some(character), length: run + length, layers })
    }

    /// A terminal's control sequence, `ESC [`, parameters and a letter (ECMA-48, 5.4). `escape` is ESC's own length.
    fn control_sequence(text: &[u8], escape: usize) -> Option<Self> {
        let rest = text.get(escape..)?.strip_prefix(b"[")?;
        let parameters = rest.iter().take(SEQUENCE).take_while(|byte| (0x20..=0x3f).contains(*byte)).count();
        rest.get(parameters).filter(|byte| (0x40..=0x7e).contains(*byte))?;
        Some(Self { character: None, length: escape + parameters + 2, layers: 0 })
    }
}

/// Half a surrogate pair is no character and stays as it is: no secret is made of them.
fn code_point(digits: &[u8]) -> Option<char> {
    let digits = std::str::from_utf8(digits).ok()?;
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    char::from_u32(hex.then(|| u32::from_str_radix(digits, 16).ok())??)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> Flat {
        let mut flat = Flat::default();
        for piece in pieces(text.as_bytes()) {
            flat.add(text.as_bytes(), piece);
        }
        flat
    }

    fn find(flat: &Flat, part: &str) -> Range<usize> {
        let text = String::from_utf8_lossy(&flat.text);
        let at = text.find(part).expect("there");
        at..at + part.len()
    }

    #[test]
    fn every_layer_is_undone_and_leads_back() {
        let text = r#"{\"a\":\"\\\\u0073k-\\\\u2026x\"} end"#;
        let flat = flat(text);
        assert_eq!(flat.text, "\n\n{\"a\":\"sk-\u{2026}x\"} end".as_bytes());
        let back = flat.original(&find(&flat, "sk-\u{2026}x")).expect("a place");
        assert_eq!(&text[back], r"\\\\u0073k-\\\\u2026x");
    }

    #[test]
    fn layers_are_counted_at_the_place() {
        let text = r#"{"a":"one\n","b":"{\"c\":\"{\\\"d\\\":\\\"two\\\"}\"}","e":"three"}"#;
        let flat = flat(text);
        assert_eq!(["one", "two", "three"].map(|part| flat.layers(&find(&flat, part))), [0, 2, 0]);
    }

    #[test]
    fn colours_are_taken_out_in_any_notation() {
        for text in ["\u{1b}[1;32ms\u{1b}[0mk-1\u{1b}[K", r"\u001b[1ms\\u001b[0mk-1\u001b[K"] {
            let flat = flat(text);
            assert_eq!(flat.text, b"\n\nsk-1");
            let back = flat.original(&find(&flat, "sk-1")).expect("a place");
            assert!(text[back.clone()].starts_with('s') && text[back].ends_with("k-1"), "{text}");
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in [r"C:\Users\Public", r"\d+\s", r"\u12", r"\ud83d\ude00", "\\", "é\\é", "\u{1b}]0;title"]
        {
            assert_eq!(flat(text).text, [b"\n\n", text.as_bytes()].concat(), "{text}");
        }
    }

    #[test]
    fn only_lines_with_escapes_and_their_neighbours_are_taken() {
        let far = "plain words\n".repeat(40);
        let text = format!("{far}one\\n\nnear\ntwo\\n\n{far}three\\n");
        let found: Vec<&str> = pieces(text.as_bytes()).map(|piece| &text[piece]).collect();
        assert_eq!(found, ["one\\n\nnear\ntwo\\n\n", "three\\n"]);
        let flat = flat(&text);
        let both = find(&flat, "two").start..find(&flat, "three").end;
        assert_eq!(flat.original(&both), None);
    }
}
