//! Full-screen views: the fleet, and one run. Each is a state that keys change and a picture of it; what they do goes
//! through the same operations that controllers call.

mod attached;
mod fleet;
mod host;

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use cc_domain::RunId;
use cc_ops::{Context, ErrorKind, OpError};
use clap::Command;
use ratatui::{
    DefaultTerminal, Frame,
    crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
};
use serde_json::Value;

use self::{attached::Attached, fleet::Fleet, host::Host};
use crate::cli::args;

/// How often a view looks for news.
const LOOK_EVERY: Duration = Duration::from_millis(400);
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
}

/// One full-screen view.
pub(crate) trait View {
    /// The picture.
    fn draw(&self, frame: &mut Frame<'_>);
    /// A key's effect.
    fn key(&mut self, key: KeyCode) -> Action;
    /// Takes in what is new.
    fn look(&mut self, host: &Host) -> Result<(), OpError>;
    /// Shows what became of a call.
    fn tell(&mut self, note: String);
}

pub(crate) fn attach_command() -> Command {
    Command::new("attach")
        .about("Look at one run as it goes on: events, questions; steer, answer or stop it")
        .arg(args::run())
}

pub(crate) fn watch_command() -> Command {
    Command::new("watch").about("Look at all runs as they go on; attach to one or stop it")
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
        show(terminal, &Host::new(cx), Box::new(Fleet::default()))
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

/// Views lie on each other: leaving one shows the one below.
fn show(terminal: &mut DefaultTerminal, host: &Host, first: Box<dyn View>) -> Result<(), OpError> {
    let mut views = vec![first];
    let mut looked: Option<Instant> = None;
    while let Some(view) = views.last_mut() {
        if looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            view.look(host)?;
            looked = Some(Instant::now());
        }
        host.notes().for_each(|note| view.tell(note));
        terminal.draw(|frame| view.draw(frame)).map_err(|error| broken(&error))?;
        let Some(key) = next_key().map_err(|error| broken(&error))? else { continue };
        let action = if is_interrupt(key) { Action::Leave } else { view.key(key.code) };
        match action {
            Action::None => continue,
            Action::Leave => drop(views.pop()),
            Action::Attach(run) => views.push(Box::new(Attached::new(host.context(), &run)?)),
            Action::Call(tool, arguments) => host.call_aside(tool, arguments),
        }
        looked = None;
    }
    Ok(())
}

fn next_key() -> io::Result<Option<KeyEvent>> {
    if !event::poll(KEY_WAIT)? {
        return Ok(None);
    }
    match event::read()? {
        Event::Key(key) if key.kind == KeyEventKind::Press => Ok(Some(key)),
        _ => Ok(None),
    }
}

fn is_interrupt(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn broken(error: &io::Error) -> OpError {
    OpError::new(
        ErrorKind::Unavailable,
        format!("the terminal cannot be used: {error}"),
        "use 'cc-orchestrator logs -f RUN'",
    )
}
