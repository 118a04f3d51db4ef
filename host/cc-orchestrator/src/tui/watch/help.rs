//! Every key, over the view.

use ratatui::{
    Frame,
    crossterm::event::KeyCode,
    layout::{Constraint, Rect},
    text::{Line, Span},
    widgets::{Block, BorderType, Clear, Padding, Paragraph},
};

use crate::tui::theme::{BOLD, DIM};

/// Keys with what they do; one without a key begins a part.
pub(crate) type Keys = &'static [(&'static str, &'static str)];

/// Those of every page.
const EVERYWHERE: Keys = &[
    ("", "everywhere"),
    ("1 2 3", "runs, queue, spend"),
    ("Tab Shift-Tab", "next page, the one before"),
    ("↑ ↓ j k", "up, down"),
    ("PgUp PgDn", "a page up, down (also Ctrl-B, Ctrl-F)"),
    ("g G Home End", "to the first, to the last"),
    ("/", "only rows that hold what you type; Esc clears it"),
    ("r", "look now"),
    ("Ctrl-L", "draw the screen anew"),
    ("Ctrl-Z", "back to the shell; fg comes back"),
    ("?", "these keys"),
    ("q Esc Ctrl-C", "leave; runs go on"),
];

/// How far one has scrolled in it.
#[derive(Default)]
pub(crate) struct Help {
    top: u16,
}

impl Help {
    /// False: it is closed.
    pub(crate) fn key(&mut self, key: KeyCode) -> bool {
        match key {
            KeyCode::Down | KeyCode::Char('j') | KeyCode::PageDown => self.top = self.top.saturating_add(1),
            KeyCode::Up | KeyCode::Char('k') | KeyCode::PageUp => self.top = self.top.saturating_sub(1),
            _ => return false,
        }
        true
    }

    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>, page: Keys) {
        let lines: Vec<Line<'_>> = page.iter().chain(EVERYWHERE).map(line).collect();
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let area = middle(frame.area(), 64, rows.saturating_add(2));
        self.top = self.top.min(rows.saturating_sub(area.height.saturating_sub(2)));
        let title = if area.height < rows + 2 { " keys, ↓ for more " } else { " keys " };
        let block =
            Block::bordered().border_type(BorderType::Rounded).title(title).padding(Padding::horizontal(1));
        frame.render_widget(Clear, area);
        frame.render_widget(Paragraph::new(lines).scroll((self.top, 0)).block(block), area);
    }
}

fn line((key, does): &(&'static str, &'static str)) -> Line<'static> {
    if key.is_empty() {
        return Line::styled(*does, DIM);
    }
    Line::from(vec![Span::styled(format!("{key:<14}"), BOLD), Span::raw(*does)])
}

fn middle(area: Rect, width: u16, height: u16) -> Rect {
    area.centered(Constraint::Max(width.min(area.width)), Constraint::Max(height.min(area.height)))
}
