//! Foreign text made harmless to whoever shows it.

/// A worker's text for a terminal: on one line, and without what would move the cursor, colour the screen or turn the
/// direction of reading.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_format(c) { ' ' } else { c }).collect()
}

/// The same with its lines and tabs.
#[must_use]
pub(crate) fn plain_lines(text: &str) -> String {
    let keep = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || is_format(c));
    text.replace("\r\n", "\n").chars().map(|c| if keep(c) { c } else { ' ' }).collect()
}

/// Unicode's directional and invisible marks.
fn is_format(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        let hostile = "a\x1b[2Jb\u{202e}c\r\nd\u{9b}31me\u{200f}\u{7}";
        assert_eq!(plain(hostile), "a [2Jb c  d 31me  ");
        assert_eq!(plain_lines(hostile), "a [2Jb c\nd 31me  ");
        assert_eq!(plain("größe 汉字 👩"), "größe 汉字 👩");
    }
}
