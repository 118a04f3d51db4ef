//! The page of spending: limits, the last days, who and what it was spent on, and how sure that is.

use cc_ops::OpError;
use ratatui::{Frame, crossterm::event::KeyCode, layout::Rect, text::Line, widgets::Paragraph};

use super::{
    foot::Foot,
    head::Limit,
    help::Keys,
    sums::{Summed, Sums},
};
use crate::tui::{
    Action,
    asked::Asked,
    host::{Caller, Host},
    list,
    theme::DIM,
};

pub(super) const KEYS: Keys = &[("", "spend"), ("d", "today, the last 7 days, the last 30")];

pub(super) const HINTS: Keys = &[("?", "help"), ("q", "leave"), ("d", "days"), ("↑ ↓", "scroll")];

/// From so many columns on there are two beside each other.
const WIDE: u16 = 110;
const SPANS: [u32; 3] = [7, 30, 1];

/// All that is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spent {
    pub(super) limits: Vec<Limit>,
    /// The last 30, those without runs too, the newest last.
    pub(super) days: Vec<(String, f64)>,
    pub(super) profiles: Summed,
    pub(super) models: Summed,
    pub(super) span: u32,
}

/// The page.
pub(crate) struct Spend {
    asked: Asked<Spent>,
    spent: Option<Spent>,
    span: usize,
    top: usize,
    room: usize,
}

impl Default for Spend {
    fn default() -> Self {
        Self { asked: Asked::every(3_000), spent: None, span: 0, top: 0, room: 1 }
    }
}

impl Spent {
    fn look(caller: &Caller, span: u32) -> Result<Self, OpError> {
        Ok(Self {
            limits: Limit::all(caller)?,
            days: Sums::days(caller)?,
            profiles: Sums::by(caller, "profile", span)?,
            models: Sums::by(caller, "model", span)?,
            span,
        })
    }
}

impl Spend {
    pub(super) fn look(&mut self, host: &Host, foot: &mut Foot) {
        let span = SPANS[self.span];
        if let Some(looked) = self.asked.look(host, move |caller| Spent::look(caller, span))
            && let Some(spent) = foot.looked("spend", looked)
        {
            self.show(spent);
        }
    }

    pub(super) fn show(&mut self, spent: Spent) {
        self.spent = Some(spent);
    }

    pub(super) fn again(&mut self) {
        self.asked.again();
    }

    pub(super) fn shown(&self) -> String {
        match self.spent.as_ref().map(|spent| spent.span) {
            None => String::new(),
            Some(1) => "today (UTC)".to_owned(),
            Some(days) => format!("the last {days} days"),
        }
    }

    pub(super) fn key(&mut self, key: KeyCode) -> Action {
        if key == KeyCode::Char('d') {
            self.span = (self.span + 1) % SPANS.len();
            self.asked.again();
        } else if let Some(top) = list::moved(key, self.top, self.room) {
            self.top = top;
        }
        Action::None
    }

    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect) {
        let Some(spent) = &self.spent else { return };
        let inner = Rect { width: area.width.saturating_sub(1), ..area };
        let columns: Vec<Vec<Line<'_>>> = if area.width >= WIDE {
            let width = inner.width / 2 - 1;
            vec![spent.limits_and_days(width), spent.shares(width)]
        } else {
            vec![
                [spent.limits_and_days(inner.width), vec![Line::default()], spent.shares(inner.width)]
                    .concat(),
            ]
        };
        let rows = columns.iter().map(Vec::len).max().unwrap_or_default();
        self.room = usize::from(area.height).max(1);
        self.top = self.top.min(rows.saturating_sub(self.room));
        let scroll = u16::try_from(self.top).unwrap_or(u16::MAX);
        let width = inner.width / u16::try_from(columns.len()).unwrap_or(1).max(1);
        for (number, lines) in (0..).zip(columns) {
            let place = Rect { x: inner.x + number * width, width: width.saturating_sub(1), ..inner };
            frame.render_widget(Paragraph::new(lines).scroll((scroll, 0)), place);
        }
        list::scrollbar(frame, area, &(self.top..rows.min(self.top + self.room)), rows);
    }
}

impl Spent {
    fn limits_and_days(&self, width: u16) -> Vec<Line<'static>> {
        let mut lines = vec![super::sums::title("limits")];
        if self.limits.is_empty() {
            lines.push(Line::styled("none is set; cc_cost_guard sets some", DIM));
        }
        lines.extend(self.limits.iter().map(|limit| super::sums::limit(limit, width)));
        lines.push(Line::default());
        lines.extend(super::chart::days(&self.days, width));
        lines
    }

    fn shares(&self, width: u16) -> Vec<Line<'static>> {
        let names = self.profiles.names().max(self.models.names());
        let mut lines = self.profiles.table("profile", names, width);
        lines.push(Line::default());
        lines.extend(self.models.table("model", names, width));
        lines.push(Line::default());
        lines.extend(self.models.totals.accuracy());
        lines
    }
}
