//! Where one is in a list: the selected row, and what of it is in view.

use std::ops::Range;

use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::Rect,
    widgets::{Scrollbar, ScrollbarOrientation, ScrollbarState},
};

/// A place in a list of any length.
#[derive(Debug, Default)]
pub(crate) struct Place {
    at: usize,
    top: usize,
    room: usize,
}

impl Place {
    /// The selected row.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Rows that were in view.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Goes to a row; the last one when there are fewer.
    pub(crate) fn go(&mut self, at: usize, rows: usize) {
        self.at = at.min(rows.saturating_sub(1));
    }

    /// The keys of every list. False: it was none of them.
    pub(crate) fn key(&mut self, key: KeyCode, rows: usize) -> bool {
        let Some(to) = moved(key, self.at, self.room) else { return false };
        self.go(to, rows);
        true
    }

    /// The rows in view, with the selected one among them.
    pub(crate) fn window(&mut self, rows: usize, room: usize) -> Range<usize> {
        self.room = room;
        self.go(self.at, rows);
        let first = (self.at + 1).saturating_sub(room);
        // No empty rows below the last one.
        let last = self.at.min(rows.saturating_sub(room));
        self.top = self.top.clamp(first, last.max(first));
        self.top..rows.min(self.top + room)
    }
}

/// Where a key leads from a row, however many there are; none: it leads nowhere.
pub(crate) fn moved(key: KeyCode, at: usize, room: usize) -> Option<usize> {
    let page = room.max(1);
    Some(match key {
        KeyCode::Up | KeyCode::Char('k') => at.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => at.saturating_add(1),
        KeyCode::PageUp => at.saturating_sub(page),
        KeyCode::PageDown => at.saturating_add(page),
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => usize::MAX,
        _ => return None,
    })
}

/// A bar at the right edge, when not everything is in view.
pub(crate) fn scrollbar(frame: &mut Frame<'_>, area: Rect, seen: &Range<usize>, rows: usize) {
    if seen.len() >= rows || area.width == 0 {
        return;
    }
    let last = rows - seen.len();
    let mut state = ScrollbarState::new(last).position(seen.start).viewport_content_length(seen.len());
    let bar = Scrollbar::new(ScrollbarOrientation::VerticalRight).begin_symbol(None).end_symbol(None);
    frame.render_stateful_widget(bar, area, &mut state);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_selected_row_is_in_view(steps in prop::collection::vec((0_usize..9, 0_usize..40, 0_usize..20), 1..60)) {
            let keys = [
                KeyCode::Up, KeyCode::Down, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End,
                KeyCode::Char('j'), KeyCode::Char('G'), KeyCode::Char('g'),
            ];
            let mut place = Place::default();
            for (key, rows, room) in steps {
                prop_assert!(place.key(keys[key], rows));
                let seen = place.window(rows, room);
                prop_assert!(seen.end <= rows && seen.len() <= room);
                prop_assert!(rows == 0 || room == 0 || seen.contains(&place.at()), "{seen:?} {place:?}");
                prop_assert!(seen.len() == rows.min(room), "no row is left empty: {seen:?} of {rows} in {room}");
            }
        }
    }

    #[test]
    fn a_page_is_what_was_in_view() {
        let mut place = Place::default();
        place.window(100, 10);
        place.key(KeyCode::PageDown, 100);
        assert_eq!((place.at(), place.window(100, 10)), (10, 1..11));
        assert!(!place.key(KeyCode::Enter, 100));
        place.key(KeyCode::Up, 100);
        assert_eq!((place.at(), place.window(100, 10)), (9, 1..11), "what is in view stays while it can");
    }
}
