//! A part of a growing text file, by byte offset.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use schemars::JsonSchema;
use serde::Serialize;

/// A longer line is cut, between two characters, and the slice says so.
const MAX_LINE: u64 = 200_000;

/// Whole lines of a file, from `offset` to before `next_offset`.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Slice {
    pub(crate) text: String,
    pub(crate) offset: u64,
    pub(crate) next_offset: u64,
    pub(crate) size: u64,
    /// More is there.
    pub(crate) truncated: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) line_cut: bool,
}

/// About `max` bytes of whole lines. A file that is `complete` may end without a newline. A missing file is empty.
pub(crate) fn read(path: &Path, offset: u64, max: u64, complete: bool) -> std::io::Result<Slice> {
    let Ok(mut file) = File::open(path) else {
        return Ok(Slice { offset, next_offset: offset, ..Slice::default() });
    };
    let size = file.metadata()?.len();
    let offset = offset.min(size);
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(max.max(MAX_LINE)).read_to_end(&mut bytes)?;
    let at_end = offset + bytes.len() as u64 >= size;
    let (length, line_cut) = whole(&bytes, usize::try_from(max).unwrap_or(usize::MAX), at_end, complete);
    bytes.truncate(length);
    let next_offset = offset + length as u64;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Slice { text, offset, next_offset, size, truncated: next_offset < size, line_cut })
}

/// How much of the bytes is whole lines, at most `max` but for one line that is longer; and whether that is cut.
fn whole(bytes: &[u8], max: usize, at_end: bool, complete: bool) -> (usize, bool) {
    if at_end && complete && bytes.len() <= max {
        return (bytes.len(), false);
    }
    let within = &bytes[..bytes.len().min(max)];
    if let Some(last) = within.iter().rposition(|byte| *byte == b'\n') {
        return (last + 1, false);
    }
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (end + 1, false),
        None if at_end => (if complete { bytes.len() } else { 0 }, false),
        None => (characters(bytes), true),
    }
}

/// The bytes without a character at their end that is not all there.
fn characters(bytes: &[u8]) -> usize {
    let begins = |byte: &u8| byte & 0xc0 != 0x80;
    let last = bytes.len() - bytes.len().min(4);
    match bytes[last..].iter().rposition(begins) {
        Some(at) if std::str::from_utf8(&bytes[last + at..]).is_err() && last + at > 0 => last + at,
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_the_file_again_and_cut_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout.txt");
        let whole: String = (0..300).map(|n| format!("{}\n", "é汉".repeat(n))).collect();
        std::fs::write(&path, &whole).unwrap();
        for max in [1, 7, 1_000, 20_000, 1 << 20] {
            let (mut text, mut at) = (String::new(), 0);
            loop {
                let slice = read(&path, at, max, false).unwrap();
                assert!(slice.text.ends_with('\n') && !slice.line_cut);
                text.push_str(&slice.text);
                at = slice.next_offset;
                if !slice.truncated {
                    break;
                }
            }
            assert!(text == whole, "max {max}");
        }
    }

    #[test]
    fn a_line_under_way_waits_for_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout.txt");
        std::fs::write(&path, "one\ntw").unwrap();
        assert_eq!(read(&path, 0, 1_000, false).unwrap().text, "one\n");
        assert_eq!(read(&path, 4, 1_000, false).unwrap().text, "");
        assert_eq!(read(&path, 4, 1_000, true).unwrap().text, "tw");
    }

    #[test]
    fn a_monstrous_line_is_cut_between_characters() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout.txt");
        let monster = format!("x{}\n", "汉".repeat(200_000));
        std::fs::write(&path, &monster).unwrap();
        let (mut text, mut at) = (String::new(), 0);
        while at < monster.len() as u64 {
            let slice = read(&path, at, 1_000, true).unwrap();
            assert!(slice.next_offset > at);
            text.push_str(&slice.text);
            at = slice.next_offset;
        }
        assert!(text == monster);
    }
}
