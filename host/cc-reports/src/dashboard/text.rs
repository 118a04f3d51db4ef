//! Foreign text as HTML. Whatever a worker wrote is shown, obeys nothing, and cannot leave its place.

use std::fmt::Write as _;

/// Characters that are shown at once; the rest is one click away.
const SHOWN: usize = 600;
/// Characters of one text that a page holds; the run's record has the rest.
const MOST: usize = 40_000;
/// Characters a page holds of a text that is clipped to one line.
const MOST_LINE: usize = 400;

/// The five characters that mean something in HTML, replaced.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    text.chars().for_each(|c| push_escaped(&mut out, c));
    out
}

/// The same, for an attribute or a title: what would steer a screen becomes a sign without a tag.
pub(super) fn plain(text: &str) -> String {
    let steers = |c: char| (c.is_control() && c != '\n' && c != '\t') || is_invisible(c);
    let shown: String = text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect();
    escape(&shown)
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(c),
    }
}

/// A text on one line of its own direction, cut where it is too long.
pub(super) fn line(text: &str, most: usize) -> String {
    let (most, cut) = (most.min(MOST_LINE), text.chars().nth(most.min(MOST_LINE)).is_some());
    let mut out = String::from("<bdi>");
    text.chars().take(most).for_each(|c| push_visible(&mut out, if c.is_whitespace() { ' ' } else { c }));
    out.push_str(if cut { "…</bdi>" } else { "</bdi>" });
    out
}

/// A text of many lines: its beginning, and the rest behind "show more".
pub(super) fn block(text: &str) -> String {
    let text = text.trim_end();
    let mut rest = text.chars();
    let mut out = String::from("<div class=\"text\" dir=\"auto\">");
    rest.by_ref().take(first_part(text)).for_each(|c| push_visible(&mut out, c));
    let left = rest.clone().count();
    if left > 0 {
        let _ = write!(
            out,
            "<details class=\"more\"><summary>Show {} more characters</summary>",
            grouped(left as u64)
        );
        rest.by_ref().take(MOST - SHOWN).for_each(|c| push_visible(&mut out, c));
        match rest.count() {
            0 => {}
            cut => {
                let cut = grouped(cut as u64);
                let _ = write!(out, "<p class=\"cut\">{cut} more characters are in the run's record.</p>");
            }
        }
        out.push_str("</details>");
    }
    out.push_str("</div>");
    out
}

/// How much is shown at once: all of a text that is little longer.
fn first_part(text: &str) -> usize {
    if text.chars().nth(SHOWN + SHOWN / 4).is_none() { usize::MAX } else { SHOWN }
}

/// A character that would steer a screen is shown as its name; the rest as itself.
pub(super) fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' | '\t' => out.push(c),
        '\r' => {}
        // As terminals write them: `^[` is escape.
        '\0'..='\u{1f}' | '\u{7f}' => {
            let _ = write!(out, "<span class=\"ctl\" title=\"U+{:04X}\">^{}</span>", c as u32, caret(c));
        }
        c if c.is_control() || is_invisible(c) => {
            let _ = write!(out, "<span class=\"ctl\">U+{:04X}</span>", c as u32);
        }
        c => push_escaped(out, c),
    }
}

fn caret(c: char) -> char {
    char::from_u32(c as u32 ^ 0x40).unwrap_or('?')
}

/// Marks that turn the direction of reading, or take no room.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200c}' | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// `12,345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// JSON that cannot end the script element it stands in, and holds no sign that is not seen.
pub(super) fn script_json(value: &serde_json::Value) -> String {
    let json = value.to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '<' || c.is_control() || is_invisible(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| {
                let _ = write!(out, "\\u{unit:04x}");
            });
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_steer_a_screen_is_seen_and_not_obeyed() {
        assert_eq!(
            line("\u{1b}[31mred\u{202e}txt.exe\r\n<b>", 80),
            "<bdi><span class=\"ctl\" title=\"U+001B\">^[</span>[31mred<span class=\"ctl\">U+202E</span>txt.exe  \
             &lt;b&gt;</bdi>"
        );
        assert_eq!(line("größe 汉字 👩‍🚀 שלום", 80), "<bdi>größe 汉字 👩‍🚀 שלום</bdi>");
    }

    #[test]
    fn a_long_text_is_clipped_and_says_what_is_missing() {
        let page = block(&"x".repeat(1 << 20));
        assert!(
            page.contains("Show 1,047,976 more characters") && page.len() < MOST + 400,
            "{} bytes",
            page.len()
        );
        assert!(
            page.contains("1,008,576 more characters are in the run's record"),
            "{}",
            &page[page.len() - 200..]
        );
        assert!(!block(&"y".repeat(SHOWN + 10)).contains("more"), "a little more is no reason to hide it");
        assert_eq!(line(&"z".repeat(500), 5), "<bdi>zzzzz…</bdi>");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    /// What is left of a page's HTML without the tags that this module itself writes.
    fn without_own_tags(html: &str) -> String {
        let mut html = html.to_owned();
        for tag in [
            "<bdi>",
            "</bdi>",
            "<div class=\"text\" dir=\"auto\">",
            "</div>",
            "</span>",
            "</summary>",
            "<details class=\"more\">",
            "</details>",
            "<summary>",
            "<p class=\"cut\">",
            "</p>",
        ] {
            html = html.replace(tag, "");
        }
        while let Some(at) = html.find("<span class=\"ctl\"") {
            let end = at + html[at..].find('>').expect("the tag ends");
            html.replace_range(at..=end, "");
        }
        html
    }

    proptest! {
        #[test]
        fn no_text_breaks_out(text in "[\\PC\u{0}-\u{9f}<>&\"'\u{200b}-\u{202e}]{0,900}", most in 0_usize..500) {
            for html in [line(&text, most), block(&text), format!("<bdi>{}</bdi>", plain(&text))] {
                let bare = without_own_tags(&html);
                prop_assert!(!bare.contains(['<', '>', '"', '\'']), "{bare}");
            }
            for html in [line(&text, most), block(&text)] {
                prop_assert!(html.chars().all(|c| c == '\n' || c == '\t' || (!c.is_control() && !is_invisible(c))));
            }
            let json = script_json(&serde_json::Value::String(text.clone()));
            prop_assert!(!json.contains('<'));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
