//! Days as columns, in eighths of a row.

use ratatui::text::{Line, Span};

use crate::tui::theme::{self, BUSY, DIM};

const ROWS: usize = 6;
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// As many of the last days as there is room for.
pub(super) fn days(days: &[(String, f64)], width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let a_day = if width >= 3 * days.len() { 3 } else { 2 };
    let shown = &days[days.len().saturating_sub(width / a_day)..];
    let Some((first, _)) = shown.first() else { return Vec::new() };
    let most = shown.iter().map(|(_, usd)| *usd).fold(0.0, f64::max);
    let title = format!(
        " a day at most, {} USD in {} days",
        theme::usd(shown.iter().map(|(_, usd)| usd).sum()),
        shown.len()
    );
    let head = Line::from(vec![Span::raw(theme::usd(most) + " USD"), Span::styled(title, DIM)]);
    let mut lines = vec![head];
    lines.extend((0..ROWS).rev().map(|row| {
        let cells = shown.iter().map(|(_, usd)| cell(*usd, most, row, a_day));
        Line::styled(cells.collect::<String>(), BUSY)
    }));
    let (from, to) = (month_day(first), month_day(&shown[shown.len() - 1].0));
    let gap = (shown.len() * a_day).saturating_sub(from.len() + to.len() + 1);
    lines.push(Line::styled(format!("{from}{}{to}", " ".repeat(gap)), DIM));
    lines
}

/// What of a day's column is in that row; a day that cost something is seen.
fn cell(usd: f64, most: f64, row: usize, width: usize) -> String {
    let eighths = if usd > 0.0 { ((usd / most * (ROWS * 8) as f64).round() as usize).max(1) } else { 0 };
    let here = eighths.saturating_sub(row * 8).min(8);
    let empty = if row == 0 && eighths == 0 { "·" } else { EIGHTHS[here] };
    format!("{} ", empty.repeat(width - 1))
}

fn month_day(day: &str) -> String {
    day.get(5..).unwrap_or(day).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(costs: &[f64]) -> Vec<(String, f64)> {
        (1..).zip(costs).map(|(day, usd)| (format!("2026-11-{day:02}"), *usd)).collect()
    }

    #[test]
    fn the_dearest_day_fills_its_column_and_a_cheap_one_is_seen() {
        let lines: Vec<String> =
            days(&some(&[0.0, 8.0, 0.001, 4.0]), 40).iter().map(Line::to_string).collect();
        insta::assert_snapshot!("days", lines.join("\n"));
    }

    #[test]
    fn the_last_days_are_shown_where_there_is_no_room_for_all() {
        let month = some(&[1.0; 30]);
        for width in 0..100 {
            let lines = days(&month, width);
            assert!(lines.iter().skip(1).all(|line| line.width() <= usize::from(width).max(11)), "{width}");
        }
        assert!(days(&month, 20).last().unwrap().to_string().ends_with("11-30"));
        assert!(days(&[], 80).is_empty());
    }
}
