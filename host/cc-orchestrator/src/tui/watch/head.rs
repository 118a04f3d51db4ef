//! The first lines: what goes on, what needs the user, what today cost; and the pages.

use cc_ops::{OpError, plain};
use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};
use serde::Deserialize;
use serde_json::json;

use super::Page;
use crate::tui::{
    host::Caller,
    theme::{self, BAD, BOLD, BUSY, CALLS, CAREFUL, DIM},
};

/// A look older than this is said to be old, seconds.
const OLD: i64 = 5;

/// How many runs there are of what matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    pub(crate) parked: usize,
    /// Ended lately, and their work was refused by a gate.
    pub(crate) refused: usize,
}

/// Today's spending, and the limit of the day that is nearest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Today {
    pub(crate) usd: f64,
    pub(crate) limit: Option<Limit>,
}

/// One limit of the cost guard, and how far it is used.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Limit {
    pub(crate) limit: String,
    #[serde(default)]
    pub(crate) of: Option<String>,
    pub(crate) unit: String,
    pub(crate) spent: f64,
    pub(crate) most: f64,
}

impl Limit {
    pub(crate) fn share(&self) -> f64 {
        if self.most > 0.0 { self.spent / self.most } else { 1.0 }
    }

    /// A figure in its unit.
    pub(crate) fn figure(&self, figure: f64) -> String {
        match self.unit.as_str() {
            "usd" => theme::usd(figure),
            _ => theme::count(figure.max(0.0) as u64),
        }
    }

    /// All limits, the most used first.
    pub(crate) fn all(caller: &Caller) -> Result<Vec<Self>, OpError> {
        #[derive(Deserialize)]
        struct Guard {
            standing: Vec<Limit>,
        }
        let guard: Guard = caller.call("cc_cost_guard", json!({}))?;
        let clean = |limit: Self| Self { of: limit.of.map(|of| plain(&of)), ..limit };
        Ok(guard.standing.into_iter().map(clean).collect())
    }
}

impl Today {
    pub(crate) fn look(caller: &Caller) -> Result<Self, OpError> {
        #[derive(Deserialize)]
        struct Summary {
            totals: Totals,
        }
        #[derive(Deserialize)]
        struct Totals {
            cost_usd: f64,
        }
        let summary: Summary = caller.call("cc_usage_summary", json!({ "days": 1 }))?;
        let spending = |limit: &Limit| {
            limit.unit == "usd" && (limit.limit.ends_with("day") || limit.limit.ends_with("fleet"))
        };
        let limit = Limit::all(caller)?.into_iter().find(spending);
        Ok(Self { usd: summary.totals.cost_usd, limit })
    }
}

/// All that the head shows.
pub(crate) struct Head<'a> {
    pub(crate) counts: Counts,
    pub(crate) today: Option<&'a Today>,
    pub(crate) looked: Option<Timestamp>,
    pub(crate) now: Timestamp,
    pub(crate) page: Page,
    /// Runs and jobs, behind the pages' names.
    pub(crate) rows: [String; 2],
    /// What the page's rows are cut down to, and how they are sorted.
    pub(crate) shown: String,
}

impl Head<'_> {
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        let [first, second] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
        halves(frame, first, self.counts(area.width), self.money());
        halves(frame, second, self.pages(area.width), vec![Line::styled(self.shown.clone(), DIM)]);
    }

    fn counts(&self, width: u16) -> Line<'static> {
        let Counts { running, waiting, parked, refused } = self.counts;
        let mut line = Line::default();
        if width >= 120 {
            line.push_span(Span::styled("cc-orchestrator  ", BOLD));
        }
        // A mark and a figure are enough where there is little room.
        let words = match width {
            110.. => ["running", "waiting for you", "parked", "refused by gates"],
            60..110 => ["running", "asking", "parked", "refused"],
            _ => [""; 4],
        };
        line.extend(count("●", running, words[0], BUSY));
        line.extend(count("?", waiting, words[1], CALLS));
        let rare = [("‖", parked, words[2], CAREFUL), ("✗", refused, words[3], BAD)];
        for (mark, number, word, style) in rare.into_iter().filter(|(_, number, ..)| *number > 0) {
            line.extend(count(mark, number, word, style));
        }
        line
    }

    /// From the longest to the shortest.
    fn money(&self) -> Vec<Line<'static>> {
        let forms = self.today.map(Today::forms).unwrap_or_default();
        let forms = forms.into_iter().chain([Line::default()]);
        forms
            .map(|mut line| {
                line.push_span(self.clock());
                line
            })
            .collect()
    }

    /// When it was looked last; with a warning when that is long ago.
    fn clock(&self) -> Span<'static> {
        let Some(looked) = self.looked else { return Span::styled("looking…", DIM) };
        let ago = self.now.duration_since(looked).as_secs();
        if ago > OLD {
            return Span::styled(format!("looked {} ago", theme::span(ago)), CAREFUL);
        }
        Span::styled(looked.strftime("%H:%M:%S").to_string(), DIM)
    }

    fn pages(&self, width: u16) -> Line<'static> {
        let mut line = Line::default();
        for (number, page) in (1..).zip(Page::ALL) {
            let rows = self.rows.get(number - 1).filter(|rows| width >= 60 && !rows.is_empty());
            let rows = rows.map(|rows| format!(" {rows}")).unwrap_or_default();
            let style = if page == self.page { theme::SELECTED.patch(BOLD) } else { Style::new() };
            line.push_span(Span::styled(format!(" {number} {}{rows} ", page.name()), style));
        }
        line
    }
}

impl Today {
    /// With a bar, without it, without a word.
    fn forms(&self) -> Vec<Line<'static>> {
        let Some(limit) = &self.limit else {
            return vec![Line::raw(format!("today {} USD  ", theme::usd(self.usd)))];
        };
        let style = theme::used(limit.share());
        let figures = format!("{} of {}", limit.figure(limit.spent), limit.figure(limit.most));
        let figures = || Span::styled(format!("{figures} USD  "), style);
        let [full, empty] = theme::bar(limit.share(), 10, style);
        vec![
            Line::from(vec![Span::raw("today "), full, empty, Span::raw(" "), figures()]),
            Line::from(vec![Span::raw("today "), figures()]),
            Line::from(figures()),
        ]
    }
}

/// Dim when it is none.
fn count(mark: &'static str, number: usize, word: &str, style: Style) -> [Span<'static>; 2] {
    let style = if number == 0 { DIM } else { style };
    let space = if word.is_empty() { "" } else { " " };
    [Span::styled(format!("{mark} {number}{space}{word}"), style), Span::raw("  ")]
}

/// The right half gives way to the left one: its first form that fits is shown.
fn halves(frame: &mut Frame<'_>, area: Rect, left: Line<'static>, right: Vec<Line<'static>>) {
    let cells = |line: &Line<'_>| u16::try_from(line.width()).unwrap_or(u16::MAX);
    let room = area.width.saturating_sub(cells(&left));
    frame.render_widget(left, area);
    if let Some(line) = right.into_iter().find(|line| cells(line) <= room) {
        let [_, at] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(cells(&line))]).areas(area);
        frame.render_widget(line, at);
    }
}
