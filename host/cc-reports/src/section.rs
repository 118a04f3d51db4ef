//! One section of ours in a file that is the user's: every byte outside it stays as it is.

use std::ops::Range;

const BEGIN: &str = "<!-- claude-code-orchestrator:begin -->";
const END: &str = "<!-- claude-code-orchestrator:end -->";
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Markers that do not enclose one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SectionError {
    /// A begin marker on this line, and no end marker after it.
    NoEnd(usize),
    /// An end marker on this line, and no begin marker before it.
    NoBegin(usize),
    /// A second begin marker on this line.
    Twice(usize),
}

impl std::fmt::Display for SectionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoEnd(line) => write!(f, "line {line} has '{BEGIN}' and no line after it has '{END}'"),
            Self::NoBegin(line) => write!(f, "line {line} has '{END}' and no line before it has '{BEGIN}'"),
            Self::Twice(line) => write!(f, "line {line} has '{BEGIN}' for the second time"),
        }
    }
}

impl std::error::Error for SectionError {}

/// Where the section is in a file, its marker lines included and the newline behind it not; none: it has none.
///
/// A marker counts where it has a line to itself.
///
/// # Errors
/// A marker without its counterpart, or a second section.
pub fn find_section(file: &[u8]) -> Result<Option<Range<usize>>, SectionError> {
    let (mut begun, mut found, mut at) = (None, None, 0);
    for (number, line) in (1..).zip(file.split_inclusive(|byte| *byte == b'\n')) {
        let text = line.strip_prefix(BOM).filter(|_| at == 0).unwrap_or(line);
        let from = at + line.len() - text.trim_ascii_start().len();
        at += line.len();
        if is(text, BEGIN) {
            if begun.is_some() || found.is_some() {
                return Err(SectionError::Twice(number));
            }
            begun = Some((from, number));
        } else if is(text, END) {
            let (from, _) = begun.take().ok_or(SectionError::NoBegin(number))?;
            found = Some(from..at - (text.len() - text.trim_ascii_end().len()));
        }
    }
    begun.map_or(Ok(found), |(_, line)| Err(SectionError::NoEnd(line)))
}

fn is(line: &[u8], marker: &str) -> bool {
    line.trim_ascii() == marker.as_bytes()
}

/// The file with `body` as its section: in the place of the one it has, else at its end.
///
/// The section takes the file's kind of line ends. A marker line in `body` is left out.
///
/// # Errors
/// A marker without its counterpart, or a second section.
pub fn with_section(file: &[u8], body: &str) -> Result<Vec<u8>, SectionError> {
    let newline = if ends_in_crlf(file) { "\r\n" } else { "\n" };
    let section = section(body).replace('\n', newline);
    let Some(at) = find_section(file)? else { return Ok(appended(file, &section, newline)) };
    Ok([&file[..at.start], section.as_bytes(), &file[at.end..]].concat())
}

/// A file that is nothing but the section.
#[must_use]
pub fn only_section(body: &str) -> String {
    section(body) + "\n"
}

fn section(body: &str) -> String {
    let lines = body.trim().lines().filter(|line| ![BEGIN, END].contains(&line.trim()));
    let lines: Vec<&str> = lines.collect();
    format!("{BEGIN}\n{}\n{END}", lines.join("\n"))
}

/// As most files: the first line decides. One that is all there is and ends in `\r` will have been such a line, once
/// something follows it.
fn ends_in_crlf(file: &[u8]) -> bool {
    let first = file.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    first.ends_with(b"\r\n") || first.ends_with(b"\r")
}

fn appended(file: &[u8], section: &str, newline: &str) -> Vec<u8> {
    let gap = match file {
        _ if file.is_empty() || file == BOM => "",
        _ if file.ends_with(b"\n") => newline,
        _ => &newline.repeat(2),
    };
    [file, gap.as_bytes(), section.as_bytes(), newline.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    fn text(file: &[u8], body: &str) -> String {
        String::from_utf8(with_section(file, body).unwrap()).unwrap()
    }

    #[test]
    fn the_section_is_put_where_it_was_and_else_at_the_end() {
        let managed = format!("# Mine\n{BEGIN}\nold\n{END}\nmore\n");
        assert_eq!(text(managed.as_bytes(), "new"), format!("# Mine\n{BEGIN}\nnew\n{END}\nmore\n"));
        assert_eq!(text(b"# Mine\n", "new"), format!("# Mine\n\n{BEGIN}\nnew\n{END}\n"));
        assert_eq!(text(b"# Mine", "new"), format!("# Mine\n\n{BEGIN}\nnew\n{END}\n"));
        assert_eq!(text(b"", "new"), only_section("new"));
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_stay() {
        assert_eq!(text(b"# Mine\r\n", "a\nb"), format!("# Mine\r\n\r\n{BEGIN}\r\na\r\nb\r\n{END}\r\n"));
        let marked = format!("\u{feff}{BEGIN}\r\nold\r\n{END}");
        assert_eq!(text(marked.as_bytes(), "new"), format!("\u{feff}{BEGIN}\r\nnew\r\n{END}"));
        let once = text(b"\r", "new");
        assert_eq!(text(once.as_bytes(), "new"), once);
    }

    #[test]
    fn half_a_pair_and_two_pairs_are_refused_with_their_line() {
        let error = |file: &str| with_section(file.as_bytes(), "new").unwrap_err();
        assert_eq!(error(&format!("a\n{BEGIN}\nb\n")), SectionError::NoEnd(2));
        assert_eq!(error(&format!("a\n\n{END}\n")), SectionError::NoBegin(3));
        assert_eq!(error(&format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n")), SectionError::Twice(3));
        assert_eq!(error(&format!("{BEGIN}\n{BEGIN}\n{END}\n")), SectionError::Twice(2));
    }

    #[test]
    fn a_marker_inside_a_sentence_is_text_and_one_in_the_body_is_left_out() {
        assert_eq!(find_section(format!("see `{BEGIN}` for it\n").as_bytes()), Ok(None));
        let made = text(b"", &format!("a\n{END}\nb"));
        assert_eq!(find_section(made.as_bytes()), Ok(Some(0..made.len() - 1)));
    }

    /// Lines as files have them, some without UTF-8 and the last one perhaps without its end.
    fn foreign() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            select(vec![
                "# Title",
                "",
                " \t",
                "ü `code`",
                "<!-- other:begin -->",
                "\r\n",
                "\n",
                "\n\n",
                "\u{feff}"
            ])
            .prop_map(|piece| piece.as_bytes().to_vec()),
            vec(any::<u8>(), 0..6),
        ];
        vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_byte_outside_the_section_stays(
            before in foreign(), after in foreign(), old in "[a-z\n]{0,20}", new in "\\PC{0,40}", crlf: bool
        ) {
            let newline = if crlf { "\r\n" } else { "\n" };
            let head: Vec<u8> = if before.is_empty() { before } else { [&before, newline.as_bytes()].concat() };
            let tail = [newline.as_bytes(), &after].concat();
            let file = [&head, section(&old).as_bytes(), &tail].concat();
            let first = with_section(&file, &new).unwrap();
            prop_assert!(first.starts_with(&head) && first.ends_with(&tail));
            let at = find_section(&first).unwrap().unwrap();
            prop_assert_eq!((at.start, first.len() - at.end), (head.len(), tail.len()));
            prop_assert_eq!(with_section(&first, &new).unwrap(), first);
        }

        #[test]
        fn a_file_without_a_section_is_kept_whole_in_front_of_it(file in foreign(), new in "\\PC{0,40}") {
            let first = with_section(&file, &new).unwrap();
            prop_assert!(first.starts_with(&file));
            prop_assert_eq!(with_section(&first, &new).unwrap(), first);
        }
    }
}
