//! Line surgery that leaves every other byte alone.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

/// `text` followed by a blank line and `block` (which ends in `\n`), in the text's own line ending.
pub(super) fn append(text: &str, block: &str) -> String {
    let newline = newline_of(text);
    let mut out = text.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        out.push_str(newline);
    }
    if !text.is_empty() {
        out.push_str(newline);
    }
    out.push_str(&block.replace('\n', newline));
    out
}

/// `text` without the lines that `ranges` touch, and without the one blank line before each table header among them.
pub(super) fn cut(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|r| r.start);
    let mut out = String::with_capacity(text.len());
    let mut position = 0;
    for range in ranges {
        let mut start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        if text[range.start..].starts_with('[') {
            start -= blank_line_before(&text[..start]);
        }
        let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
        out.push_str(text.get(position..start).unwrap_or_default());
        position = position.max(end);
    }
    out.push_str(&text[position..]);
    out
}

/// `edited` with the bytes of `original` in every line that was not edited. `reprinted` is what the editor makes of
/// `original` with nothing changed: it writes `\n` only, and may spell a table's header in another way.
pub(super) fn keep_bytes(original: &str, reprinted: &str, edited: &str) -> String {
    let newline = newline_of(original);
    let raw: Vec<&str> = original.split_inclusive('\n').collect();
    let (mut old, new) = (content_of_lines(reprinted), content_of_lines(edited));
    if old.len() != raw.len() {
        old = content_of_lines(original);
    }
    let mut out = String::with_capacity(original.len().max(edited.len()));
    for change in TextDiff::from_slices(&old, &new).iter_all_changes() {
        if change.tag() == ChangeTag::Delete {
            continue;
        }
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(newline);
        }
        match (change.tag(), change.old_index()) {
            (ChangeTag::Equal, Some(index)) => out.push_str(raw[index]),
            _ => {
                out.push_str(change.value());
                out.push_str(newline);
            }
        }
    }
    out
}

/// The line ending a text uses; that of its first line.
fn newline_of(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn content_of_lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').map(|line| line.trim_end_matches(['\r', '\n'])).collect()
}

/// The length of the blank line that ends `text`, which itself ends at a line's end; 0 when there is none.
fn blank_line_before(text: &str) -> usize {
    let last = text.split_inclusive('\n').next_back().unwrap_or_default();
    if last.trim().is_empty() { last.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn append_speaks_the_files_line_ending() {
        assert_eq!(append("", "[x]\n"), "[x]\n");
        assert_eq!(append("a = 1", "[x]\n"), "a = 1\n\n[x]\n");
        assert_eq!(append("a = 1\r\n", "[x]\nb = 2\n"), "a = 1\r\n\r\n[x]\r\nb = 2\r\n");
    }

    #[test]
    fn cut_takes_whole_lines_and_the_blank_one_before() {
        let text = "a = 1\n\n[x] # note\nb = 2\n\n[y]\n";
        let header = text.find("[x]").unwrap();
        let value = text.find("2").unwrap();
        assert_eq!(cut(text, vec![header..header + 3, value..value + 1]), "a = 1\n\n[y]\n");
        let all = 0..3;
        assert_eq!(cut("[x]", vec![all]), "");
    }

    #[test]
    fn keep_bytes_changes_only_what_differs() {
        let original = "a = 1\r\nb = 2\nc = 3";
        let keep = |edited| keep_bytes(original, "a = 1\nb = 2\nc = 3\n", edited);
        assert_eq!(keep("a = 1\nb = 5\nc = 3\n"), "a = 1\r\nb = 5\r\nc = 3");
        assert_eq!(keep("a = 1\nb = 2\nc = 3\nd = 4\n"), "a = 1\r\nb = 2\nc = 3\r\nd = 4\r\n");
    }

    #[test]
    fn keep_bytes_undoes_what_the_editor_respells() {
        let (original, reprinted) = ("['a'.b]\n[ a ]\n", "[a.b]\n[ a ]\n");
        assert_eq!(keep_bytes(original, reprinted, "[a.b]\n[ a ]\nc = 1\n"), "['a'.b]\n[ a ]\nc = 1\n");
    }
}
