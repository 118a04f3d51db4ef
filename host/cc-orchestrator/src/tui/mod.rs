//! Full-screen views: all runs, and one run. Each is a state that keys change and a picture of it; what they do goes
//! through the same operations that controllers call.

mod asked;
mod attached;
mod host;
mod list;
mod steer;
mod suspend;
mod theme;
mod typing;
mod watch;

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cc_domain::RunId;
use cc_ops::{Context, ErrorKind, OpError};
use clap::Command;
use ratatui::{
    DefaultTerminal, Frame,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use serde_json::Value;

use self::{
    attached::Attached,
    host::{Host, Note},
    watch::Watch,
};
use crate::cli::args;

/// How long a key is waited for at once.
const KEY_WAIT: Duration = Duration::from_millis(100);

/// What a key asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Nothing beyond the view's own change.
    None,
    /// Leave the view. Runs go on.
    Leave,
    /// Look at one run.
    Attach(RunId),
    /// Call an operation.
    Call(&'static str, Value),
    /// Put a text on the terminal's clipboard.
    Copy(String),
}

/// One full-screen view.
pub(crate) trait View {
    /// The picture.
    fn draw(&mut self, frame: &mut Frame<'_>);
    /// A key's effect.
    fn key(&mut self, key: KeyCode) -> Action;
    /// Takes in what is new; asked often, it sees itself to when it looks.
    fn look(&mut self, host: &Host) -> Result<(), OpError>;
    /// Shows what became of a call.
    fn tell(&mut self, note: Note);
}

pub(crate) fn attach_command() -> Command {
    Command::new("attach")
        .about("Look at one run as it goes on: events, questions; steer, answer or stop it")
        .arg(args::run())
}

pub(crate) fn watch_command() -> Command {
    Command::new("watch").about(
        "Look at runs, queue and spending as they go on; attach to a run, answer, steer, verify or stop it",
    )
}

/// Shows one run.
pub(crate) fn attach(run: &RunId, cx: Context) -> Result<ExitCode, OpError> {
    let view = Attached::new(&cx, run)?;
    on_terminal("attach", &format!("cc-orchestrator logs -f {run}"), |terminal| {
        show(terminal, &Host::new(cx), Box::new(view))
    })
}

/// Shows all runs.
pub(crate) fn watch(cx: Context) -> Result<ExitCode, OpError> {
    on_terminal("watch", "cc-orchestrator run-status", |terminal| {
        show(terminal, &Host::new(cx), Box::new(Watch::default()))
    })
}

/// The terminal is given back as it was, also after a panic.
fn on_terminal(
    command: &str,
    instead: &str,
    body: impl FnOnce(&mut DefaultTerminal) -> Result<(), OpError>,
) -> Result<ExitCode, OpError> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let hint = format!("use '{instead}' here");
        return Err(OpError::new(ErrorKind::Unavailable, format!("'{command}' needs a terminal"), hint));
    }
    let mut terminal = ratatui::try_init().map_err(|error| broken(&error))?;
    let shown = body(&mut terminal);
    ratatui::restore();
    shown.map(|()| ExitCode::SUCCESS)
}

/// What came from the keyboard.
enum Pressed {
    Key(KeyCode),
    Interrupt,
    Suspend,
    Redraw,
}

/// Views lie on each other: leaving one shows the one below.
fn show(terminal: &mut DefaultTerminal, host: &Host, first: Box<dyn View>) -> Result<(), OpError> {
    let mut views = vec![first];
    while let Some(view) = views.last_mut() {
        host.notes().for_each(|note| view.tell(note));
        if let Err(error) = view.look(host) {
            view.tell(Note::failed(&error));
        }
        draw(terminal, view.as_mut()).map_err(|error| broken(&error))?;
        let action = match next_key().map_err(|error| broken(&error))? {
            None => continue,
            Some(Pressed::Key(key)) => view.key(key),
            Some(Pressed::Interrupt) => Action::Leave,
            Some(Pressed::Suspend) => {
                suspend::suspend(terminal).map(|()| Action::None).map_err(|e| broken(&e))?
            }
            Some(Pressed::Redraw) => {
                suspend::redraw(terminal).map(|()| Action::None).map_err(|e| broken(&e))?
            }
        };
        match action {
            Action::None => {}
            Action::Leave => drop(views.pop()),
            Action::Attach(run) => match Attached::new(host.context(), &run) {
                Ok(attached) => views.push(Box::new(attached)),
                Err(error) => view.tell(Note::failed(&error)),
            },
            Action::Call(tool, arguments) => host.call_aside(tool, arguments),
            Action::Copy(text) => copy(terminal, &text).map_err(|error| broken(&error))?,
        }
    }
    Ok(())
}

fn draw(terminal: &mut DefaultTerminal, view: &mut dyn View) -> io::Result<()> {
    let colours = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    terminal.draw(|frame| {
        view.draw(frame);
        if !colours {
            theme::without_colours(frame.buffer_mut());
        }
    })?;
    Ok(())
}

fn next_key() -> io::Result<Option<Pressed>> {
    if !event::poll(KEY_WAIT)? {
        return Ok(None);
    }
    match event::read()? {
        Event::Key(key) if key.kind != KeyEventKind::Release => Ok(pressed(key)),
        _ => Ok(None),
    }
}

/// A letter with Ctrl or Alt is not that letter: nothing is stopped or denied by it.
fn pressed(key: KeyEvent) -> Option<Pressed> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if control => Some(Pressed::Interrupt),
        KeyCode::Char('z') if control => Some(Pressed::Suspend),
        KeyCode::Char('l') if control => Some(Pressed::Redraw),
        KeyCode::Char('f') if control => Some(Pressed::Key(KeyCode::PageDown)),
        KeyCode::Char('b') if control => Some(Pressed::Key(KeyCode::PageUp)),
        KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => None,
        code => Some(Pressed::Key(code)),
    }
}

/// By the terminal itself (OSC 52), so that it works through SSH, too.
fn copy(terminal: &mut DefaultTerminal, text: &str) -> io::Result<()> {
    let backend = terminal.backend_mut();
    write!(backend, "\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text))?;
    io::Write::flush(backend)
}

fn broken(error: &io::Error) -> OpError {
    OpError::new(
        ErrorKind::Unavailable,
        format!("the terminal cannot be used: {error}"),
        "use 'cc-orchestrator logs -f RUN'",
    )
}
