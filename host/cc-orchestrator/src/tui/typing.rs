//! A line that is typed.

use ratatui::crossterm::event::KeyCode;

/// What a key did to it.
pub(crate) enum Edit {
    On,
    Done,
    Dropped,
}

pub(crate) fn edit(typed: &mut String, key: KeyCode) -> Edit {
    match key {
        KeyCode::Enter => return Edit::Done,
        KeyCode::Esc => return Edit::Dropped,
        KeyCode::Backspace => drop(typed.pop()),
        KeyCode::Char(c) => typed.push(c),
        _ => {}
    }
    Edit::On
}
