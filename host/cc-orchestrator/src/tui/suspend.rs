//! Ctrl-Z: the terminal is given back, the process stops, and the view comes back with it.

use std::io;

use ratatui::{
    DefaultTerminal,
    crossterm::{
        execute,
        terminal::{EnterAlternateScreen, enable_raw_mode},
    },
    layout::{Position, Rect},
};

/// Stops until the shell says to go on.
pub(crate) fn suspend(terminal: &mut DefaultTerminal) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    ratatui::try_restore()?;
    stop()?;
    enable_raw_mode()?;
    execute!(terminal.backend_mut(), EnterAlternateScreen)?;
    redraw(terminal)
}

/// Draws everything anew. Not by `clear`, which asks the terminal where its cursor is, and fails without an answer.
pub(crate) fn redraw(terminal: &mut DefaultTerminal) -> io::Result<()> {
    let size = terminal.size()?;
    terminal.resize(Rect::from((Position::ORIGIN, size)))
}

/// The whole job, as the shell that started it would.
#[cfg(unix)]
fn stop() -> io::Result<()> {
    Ok(rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?)
}

#[cfg(not(unix))]
fn stop() -> io::Result<()> {
    Ok(())
}
