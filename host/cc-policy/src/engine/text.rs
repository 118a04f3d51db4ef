//! Texts that come from plugins, made fit for a log line or a sentence.

/// One line of at most `most` bytes: control and direction-changing characters become spaces, the rest is cut.
pub(crate) fn tidy(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most));
    for c in text.trim_matches(|c: char| c.is_whitespace() || is_unfit(c)).chars() {
        let c = if is_unfit(c) { ' ' } else { c };
        if line.len() + c.len_utf8() > most {
            line.push('…');
            break;
        }
        line.push(c);
    }
    line
}

/// Characters that could break a line, drive a terminal or show a text in another order than it is written.
fn is_unfit(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_break_its_line_or_drive_a_terminal() {
        assert_eq!(tidy("a\nb\x1b[31mc\u{202E}d\0", 100), "a b [31mc d");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(tidy("äää", 5), "ää…");
        assert_eq!(tidy("äää", 6), "äää");
    }
}
