//! Room for one row in detail: beside the list or below it, where there is enough.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Span, Text},
    widgets::{Block, BorderType, Padding, Paragraph, Wrap},
};

use crate::tui::theme::{BOLD, DIM};

/// From so many columns on it is beside, else from so many rows on below.
const WIDE: u16 = 150;
const HIGH: u16 = 17;
const MOST_ROWS: u16 = 14;

/// Whether it is there.
#[derive(Default)]
pub(crate) struct Pane {
    hidden: bool,
    in_view: bool,
}

impl Pane {
    pub(super) fn toggle(&mut self) {
        self.hidden = !self.hidden;
    }

    /// It was there when the list was drawn last.
    pub(super) fn is_in_view(&self) -> bool {
        self.in_view
    }

    /// Where the list is, and where the pane.
    pub(super) fn places(&mut self, area: Rect) -> (Rect, Option<Rect>) {
        let beside = area.width >= WIDE;
        self.in_view = !self.hidden && (beside || area.height >= HIGH);
        if !self.in_view {
            return (area, None);
        }
        let [list, pane] = if beside {
            Layout::horizontal([Constraint::Fill(5), Constraint::Fill(3)]).areas(area)
        } else {
            let rows = (area.height * 2 / 5).min(MOST_ROWS);
            Layout::vertical([Constraint::Min(1), Constraint::Length(rows)]).areas(area)
        };
        (list, Some(pane))
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, title: &str, text: Text<'static>) {
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(DIM)
        .title(Span::styled(format!(" {title} "), BOLD))
        .padding(Padding::horizontal(1));
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }).block(block), area);
}
