//! Reading lines of any length with a bounded amount of memory.
//!
//! Claude Code writes lines of megabytes: a large tool result, a long answer. Such a line is shortened
//! while it is read, by its JSON strings: each keeps its beginning, and everything between the strings
//! stays. So a `result` line of 50 MB is still a `result` line, with its figures and the beginning of its
//! text, whatever order its keys come in.

use memchr::memchr;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// What is kept of one string, bytes, while the line is short enough otherwise.
pub(crate) const MAX_STRING: usize = 256 << 10;
/// What is kept of one line, bytes. A line that is longer even with its strings cut is kept as cut text.
pub(crate) const MAX_LINE: usize = 2 << 20;
/// A secret at the place of a cut would be kept in part, which no rule recognises. So a cut string is read
/// this much further, and that is dropped after redaction. Longer than any secret: a PEM key of 4096 bits
/// has 3.3 KB.
pub(crate) const MARGIN: usize = 8 << 10;
/// Stands before the number of bytes left out; JSON text of other people's hardly holds it.
const MARK: char = '\u{0}';

/// Bounded lines of a stream.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    line: Shortener,
    ended: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(16 << 10, reader), line: Shortener::default(), ended: false }
    }

    /// The next line; none after the last. A call that is dropped loses nothing.
    pub(crate) async fn next(&mut self) -> std::io::Result<Option<Line>> {
        while !self.ended {
            let bytes = self.reader.fill_buf().await?;
            let found = memchr(b'\n', bytes);
            self.line.push(&bytes[..found.unwrap_or(bytes.len())]);
            self.ended = bytes.is_empty();
            let used = found.map_or(bytes.len(), |at| at + 1);
            self.reader.consume(used);
            if found.is_some() || (self.ended && !self.line.is_empty()) {
                return Ok(Some(self.line.finish()));
            }
        }
        Ok(None)
    }
}

/// One line of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Without its end, and shortened where it is long.
    pub(crate) text: String,
    /// Bytes that it had, its end among them.
    pub(crate) bytes: u64,
}

/// One line, shortened as it comes.
#[derive(Debug, Default)]
struct Shortener {
    kept: Vec<u8>,
    bytes: u64,
    /// What is kept has gone through the states below. Nearly all lines are short and never need to.
    examined: bool,
    place: Place,
    /// Bytes of the present string that are kept.
    string: usize,
    /// Bytes of the present string that are not.
    dropped: usize,
    /// The last escape was the first half of a surrogate pair.
    half: bool,
    /// Bytes beyond all limits.
    beyond: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Place {
    #[default]
    Outside,
    Text,
    Escape,
    /// In `\uXXXX`: digits to come, and their value so far.
    Unicode(u8, u32),
}

impl Shortener {
    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if !self.examined {
            if self.kept.len() + bytes.len() <= MAX_STRING {
                self.kept.extend_from_slice(bytes);
                return;
            }
            self.examined = true;
            std::mem::take(&mut self.kept).into_iter().for_each(|byte| self.byte(byte));
        }
        bytes.iter().for_each(|byte| self.byte(*byte));
    }

    fn byte(&mut self, byte: u8) {
        match self.place {
            Place::Outside => {
                if byte == b'"' {
                    (self.place, self.string, self.dropped, self.half) = (Place::Text, 0, 0, false);
                }
                self.keep(byte);
            }
            Place::Text if byte == b'"' => {
                self.close_string();
                self.keep(byte);
            }
            _ => self.in_string(byte),
        }
    }

    fn in_string(&mut self, byte: u8) {
        let starts_a_character = self.place == Place::Text && byte & 0xC0 != 0x80 && !self.half;
        if self.dropped > 0 || (starts_a_character && self.string >= self.string_limit()) {
            self.dropped += 1;
        } else {
            self.string += 1;
            self.keep(byte);
        }
        self.place = self.after(byte);
    }

    fn after(&mut self, byte: u8) -> Place {
        match self.place {
            Place::Text if byte == b'\\' => Place::Escape,
            Place::Text => {
                self.half = false;
                Place::Text
            }
            Place::Escape if byte == b'u' => Place::Unicode(4, 0),
            Place::Unicode(left, value) => {
                let value = value << 4 | char::from(byte).to_digit(16).unwrap_or(0);
                if left > 1 {
                    return Place::Unicode(left - 1, value);
                }
                self.half = (0xD800..0xDC00).contains(&value);
                Place::Text
            }
            Place::Escape | Place::Outside => {
                self.half = false;
                Place::Text
            }
        }
    }

    /// Once half the line is full, strings keep little, so that there is room for all the others.
    fn string_limit(&self) -> usize {
        if self.kept.len() - self.string < MAX_LINE / 2 { MAX_STRING } else { MARGIN + 1024 }
    }

    fn close_string(&mut self) {
        if self.dropped > 0 {
            let mark = format!("\\u0000{}", self.dropped);
            mark.bytes().for_each(|byte| self.keep(byte));
        }
        self.place = Place::Outside;
    }

    fn keep(&mut self, byte: u8) {
        if self.kept.len() < MAX_LINE { self.kept.push(byte) } else { self.beyond += 1 }
    }

    /// The line, and room for the next one.
    fn finish(&mut self) -> Line {
        let mut line = std::mem::take(self);
        if line.beyond > 0 || line.place != Place::Outside {
            line.cut_text();
        }
        while line.kept.last() == Some(&b'\r') {
            line.kept.pop();
        }
        let text = String::from_utf8(line.kept)
            .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        Line { text, bytes: line.bytes + 1 }
    }

    /// What is no whole JSON is kept as text, of which far less is worth keeping.
    fn cut_text(&mut self) {
        let missing = self.beyond + self.dropped;
        let long = self.kept.len() > MAX_STRING;
        let cut = self.kept.len().saturating_sub(MAX_STRING);
        if long || missing > 0 {
            self.kept.truncate(MAX_STRING);
            self.kept.extend(format!("{MARK}{}", missing + cut).bytes());
        }
    }
}

/// Puts cut strings into their final form, once they are redacted: without the margin, and saying what is
/// missing.
pub(crate) fn tidy(text: &mut String) {
    let Some((at, missing)) =
        text.rfind(MARK).and_then(|at| Some((at, text[at + 1..].parse::<usize>().ok()?)))
    else {
        return;
    };
    let keep = text.floor_char_boundary(at.saturating_sub(MARGIN));
    let missing = missing + (at - keep);
    text.truncate(keep);
    text.push_str(&format!("… [{missing} more bytes]"));
}

/// [`tidy`] for every string of a value.
pub(crate) fn tidy_value(value: &mut Value) {
    match value {
        Value::String(text) => tidy(text),
        Value::Array(items) => items.iter_mut().for_each(tidy_value),
        Value::Object(map) => map.values_mut().for_each(tidy_value),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut lines = Lines::new(bytes);
            let mut all = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                all.push(line.text);
            }
            all
        })
    }

    fn shortened(json: &str) -> Value {
        let all = lines(json.as_bytes());
        assert_eq!(all.len(), 1);
        assert!(all[0].len() <= MAX_LINE);
        let mut value = serde_json::from_str(&all[0]).unwrap();
        tidy_value(&mut value);
        value
    }

    #[test]
    fn lines_end_at_line_ends_and_at_the_end() {
        assert_eq!(lines(b"one\r\ntwo\n\nlast"), ["one", "two", "", "last"]);
        assert_eq!(lines(b""), [""; 0]);
    }

    #[test]
    fn a_result_of_fifty_megabytes_is_still_a_result() {
        let json = format!(
            r#"{{"usage":{{"output_tokens":7}},"result":"the answer {}","type":"result","is_error":false}}"#,
            "x".repeat(50 << 20)
        );
        let value = shortened(&json);
        assert_eq!((&value["type"], &value["is_error"]), (&"result".into(), &false.into()));
        assert_eq!(value["usage"]["output_tokens"], 7);
        let text = value["result"].as_str().unwrap();
        assert!(
            text.starts_with("the answer xxx") && text.ends_with(" more bytes]"),
            "{}",
            &text[text.len() - 40..]
        );
        assert!(text.len() > 200_000 && text.len() <= MAX_STRING);
    }

    #[test]
    fn many_long_strings_leave_room_for_each_other() {
        let strings = vec![format!("\"{}\"", "y".repeat(300_000)); 60].join(",");
        let value = shortened(&format!(r#"{{"denials":[{strings}],"type":"result"}}"#));
        assert_eq!(value["type"], "result");
        assert_eq!(value["denials"].as_array().unwrap().len(), 60);
    }

    #[test]
    fn what_is_no_json_is_cut_as_text() {
        for garbage in ["z".repeat(3 << 20), format!("\"{}", "z".repeat(3 << 20))] {
            let mut text = lines(garbage.as_bytes()).remove(0);
            tidy(&mut text);
            assert!(text.len() <= MAX_STRING && text.ends_with(" more bytes]"));
        }
    }

    #[test]
    fn a_line_is_counted_as_it_came_however_little_is_kept() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let long = format!("{}\r\nshort", "x".repeat(3 << 20));
        let mut lines = Lines::new(long.as_bytes());
        let bytes = [(); 2].map(|()| runtime.block_on(lines.next()).unwrap().unwrap().bytes);
        // The last line has no end; it is counted as if it had.
        assert_eq!(bytes, [(3 << 20) + 2, 6]);
    }

    #[test]
    fn text_that_is_not_utf8_is_still_read() {
        assert_eq!(lines(b"a\xffb\n"), ["a\u{fffd}b"]);
    }

    proptest! {
        // A few megabytes each.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_cut_string_is_valid_wherever_the_cut_falls(pad in 0_usize..24, unit in prop::sample::select(vec![
            "é", "\\ud83d\\ude00", "😀", "\\n", "\\u00e9", "\\\\", "\\\"", "a",
        ])) {
            let json = format!(r#"{{"a":"{}{}","b":1}}"#, "p".repeat(pad), unit.repeat(MAX_STRING + 1));
            let value = shortened(&json);
            prop_assert_eq!(&value["b"], 1);
            prop_assert!(value["a"].as_str().unwrap().ends_with(" more bytes]"));
        }

        #[test]
        fn a_short_line_is_read_as_it_is(line in "[^\r\n]{0,200}") {
            let expected: Vec<String> = if line.is_empty() { Vec::new() } else { vec![line.clone()] };
            prop_assert_eq!(lines(line.as_bytes()), expected);
        }
    }
}
