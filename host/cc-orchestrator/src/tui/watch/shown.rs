//! The rows of a reply that are shown, in their order, and which of them is selected.

use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::{Constraint, Layout, Rect},
    widgets::{Table, TableState},
};

use crate::tui::{
    list::{self, Place},
    theme::SELECTED,
};

/// Places of rows in their reply.
#[derive(Default)]
pub(crate) struct Shown {
    order: Vec<usize>,
    place: Place,
    filter: String,
}

impl Shown {
    pub(super) fn filter(&self) -> &str {
        &self.filter
    }

    pub(super) fn set_filter(&mut self, filter: String) {
        self.filter = filter;
    }

    /// What rows must hold, in lower case.
    pub(super) fn words(&self) -> Vec<String> {
        self.filter.split_whitespace().map(str::to_lowercase).collect()
    }

    /// Other rows. The selection stays on the one that `is_selected` knows again, else where it was.
    pub(super) fn set(&mut self, order: Vec<usize>, is_selected: impl Fn(usize) -> bool) {
        self.order = order;
        let found = self.order.iter().position(|at| is_selected(*at));
        self.place.go(found.unwrap_or(self.place.at()), self.order.len());
    }

    /// The selected row's place in the reply.
    pub(super) fn selected(&self) -> Option<usize> {
        self.order.get(self.place.at()).copied()
    }

    /// How far down the selection is.
    pub(super) fn at(&self) -> usize {
        self.place.at()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The keys of every list. False: it was none of them.
    pub(super) fn key(&mut self, key: KeyCode) -> bool {
        self.place.key(key, self.order.len())
    }

    /// The filter and how many rows hold it; nothing without one.
    pub(super) fn filtered(&self) -> String {
        match self.filter.as_str() {
            "" => String::new(),
            filter => format!("/{filter} ({})  ", self.order.len()),
        }
    }

    /// The rows in view as a table, with a scrollbar beside it where not all of them are.
    pub(super) fn draw<'a>(
        &mut self,
        frame: &mut Frame<'_>,
        area: Rect,
        table: impl FnOnce(&[usize], u16) -> Table<'a>,
    ) {
        let [_, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let seen = self.place.window(self.order.len(), usize::from(body.height));
        let selected = self.place.at() - seen.start.min(self.place.at());
        let table = table(&self.order[seen.clone()], area.width).row_highlight_style(SELECTED);
        // The last column is left to the scrollbar.
        let inner = Rect { width: area.width.saturating_sub(1), ..area };
        frame.render_stateful_widget(table, inner, &mut TableState::default().with_selected(Some(selected)));
        list::scrollbar(frame, body, &seen, self.order.len());
    }

    #[cfg(test)]
    pub(super) fn in_view(&mut self) -> usize {
        self.place.window(self.order.len(), self.place.room()).len()
    }
}
