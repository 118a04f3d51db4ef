//! How things look: colours of the terminal's own sixteen, marks that say the same without colour, short figures.

use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
    text::{Line, Span},
};

/// The least important words.
pub(crate) const DIM: Style = Style::new().fg(Color::DarkGray);
pub(crate) const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
pub(crate) const GOOD: Style = Style::new().fg(Color::Green);
pub(crate) const BUSY: Style = Style::new().fg(Color::Cyan);
pub(crate) const CAREFUL: Style = Style::new().fg(Color::Yellow);
pub(crate) const BAD: Style = Style::new().fg(Color::Red);
/// Somebody waits for the user.
pub(crate) const CALLS: Style = Style::new().fg(Color::Black).bg(Color::Yellow).add_modifier(Modifier::BOLD);
/// The selected row: one look, whatever colours its cells have.
pub(crate) const SELECTED: Style =
    Style::new().fg(Color::Reset).bg(Color::Reset).add_modifier(Modifier::REVERSED);

/// A state as a mark, a word and a colour. Runs and jobs share their states' names.
pub(crate) fn state(name: &str) -> (&'static str, &str, Style) {
    match name {
        "waiting" => ("?", "asks you", CALLS),
        "starting" => ("○", name, BUSY),
        "running" => ("●", name, BUSY),
        "queued" => ("○", name, Style::new()),
        "parked" => ("‖", name, CAREFUL),
        "stop_requested" => ("■", "stopping", CAREFUL),
        "stopped" | "cancelled" => ("■", name, CAREFUL),
        "succeeded" | "done" => ("✓", name, GOOD),
        "timed_out" => ("✗", "timed out", BAD),
        "failed" | "lost" => ("✗", name, BAD),
        _ => ("·", name, Style::new()),
    }
}

/// The colour of something that is used up so far; 1 is all of it.
pub(crate) fn used(share: f64) -> Style {
    match share {
        share if share >= 1.0 => BAD,
        share if share >= 0.75 => CAREFUL,
        _ => GOOD,
    }
}

/// A bar of that many cells.
pub(crate) fn bar(share: f64, cells: usize, style: Style) -> [Span<'static>; 2] {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
    let full = ((share * cells as f64).round() as usize).min(cells);
    // What is not nothing is seen.
    let full = if share > 0.0 { full.max(1).min(cells) } else { full };
    [Span::styled("━".repeat(full), style), Span::styled("─".repeat(cells - full), DIM)]
}

/// `0.0123`, `4.21`, `1234`.
pub(crate) fn usd(amount: f64) -> String {
    match amount {
        amount if amount >= 1_000.0 => format!("{amount:.0}"),
        amount if (0.000_05..1.0).contains(&amount) => format!("{amount:.4}"),
        _ => format!("{amount:.2}"),
    }
}

/// `812`, `12.3k`, `4.5M`.
pub(crate) fn count(number: u64) -> String {
    let short = |by: f64, unit: &str| {
        let number = number as f64 / by;
        if number < 99.95 { format!("{number:.1}{unit}") } else { format!("{number:.0}{unit}") }
    };
    match number {
        0..1_000 => number.to_string(),
        1_000..999_500 => short(1e3, "k"),
        999_500..999_500_000 => short(1e6, "M"),
        _ => short(1e9, "G"),
    }
}

/// `12s`, `3m`, `2h`, `4d`.
pub(crate) fn age(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// `12s`, `3m05s`, `2h07m`.
pub(crate) fn span(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// As many pairs of key and word as fit; the first ones matter most.
pub(crate) fn hints(keys: &[(&'static str, &'static str)], width: u16) -> Line<'static> {
    let (mut line, mut room) = (Line::default(), usize::from(width));
    for (key, word) in keys {
        let needs = key.chars().count() + word.chars().count() + 3;
        if needs > room + 2 {
            break;
        }
        room = room.saturating_sub(needs);
        line.extend([Span::styled(*key, BOLD), Span::styled(format!(" {word}  "), DIM)]);
    }
    line
}

/// Takes all colours out again, for whoever set `NO_COLOR`. What colours say is said by marks and words, too.
pub(crate) fn without_colours(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        // A coloured ground is what calls for attention.
        if cell.bg != Color::Reset {
            cell.modifier.insert(Modifier::REVERSED);
        }
        (cell.fg, cell.bg) = (Color::Reset, Color::Reset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0, 999, 1_000, 12_345, 999_600, 45_600_000, u64::MAX].map(count),
            ["0", "999", "1.0k", "12.3k", "1.0M", "45.6M", "18446744074G"]
        );
        assert_eq!(
            [0.0, 0.00001, 0.01234, 4.2, 12_345.6].map(usd),
            ["0.00", "0.00", "0.0123", "4.20", "12346"]
        );
        assert_eq!([-5, 59, 61, 7_300, 200_000].map(age), ["0s", "59s", "1m", "2h", "2d"]);
        assert_eq!([5, 65, 7_500, 90_000].map(span), ["5s", "1m05s", "2h05m", "25h00m"]);
    }

    #[test]
    fn a_bar_has_its_length_and_shows_the_least() {
        for share in [f64::NAN, -1.0, 0.0, 0.001, 0.5, 7.0] {
            let [full, empty] = bar(share, 10, GOOD);
            assert_eq!(full.width() + empty.width(), 10, "{share}");
        }
        assert_eq!(bar(0.001, 10, GOOD)[0].width(), 1);
        assert_eq!(bar(0.0, 10, GOOD)[0].width(), 0);
        assert_eq!(bar(0.5, 0, GOOD)[0].width(), 0);
    }

    #[test]
    fn hints_are_whole_or_left_out() {
        let keys = [("q", "leave"), ("Enter", "attach")];
        assert_eq!(hints(&keys, 80).to_string(), "q leave  Enter attach  ");
        assert_eq!(hints(&keys, 20).to_string(), "q leave  ");
        assert_eq!(hints(&keys, 1).to_string(), "");
    }

    #[test]
    fn without_colours_a_coloured_ground_still_shows() {
        let mut buffer = Buffer::with_lines([Line::styled("?", CALLS), Line::styled("x", BAD)]);
        without_colours(&mut buffer);
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
        assert!(buffer.content[0].modifier.contains(Modifier::REVERSED));
        assert!(!buffer.content[1].modifier.contains(Modifier::REVERSED));
    }
}
