//! `logs`: what happened in a run, for people or as NDJSON.

use std::{
    io::{self, Write as _},
    process::ExitCode,
    thread,
    time::Duration,
};

use cc_domain::{Event, RunId};
use cc_ops::{Context, Follower, OpError, event_line};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::output::Out;

/// How often a followed run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) fn command() -> Command {
    let follow = Arg::new("follow").short('f').long("follow").action(ArgAction::SetTrue);
    Command::new("logs")
        .about("Print what happened in a run; with --json the events as they are kept")
        .arg(super::args::run())
        .arg(follow.help("Go on until the run ends"))
}

/// Prints until there is no more. A run that failed makes no failure of the command.
pub(crate) fn run(matches: &ArgMatches, cx: &Context, out: &Out) -> Result<ExitCode, OpError> {
    let run: &RunId = super::args::run_of(matches)?;
    let mut follower = Follower::new(cx, run)?;
    loop {
        let ended = !follower.record()?.status.is_active();
        let events = follower.read()?;
        if print(&events, out.is_json()).is_err() {
            // A reader that closed the pipe has seen enough.
            return Ok(ExitCode::SUCCESS);
        }
        if events.is_empty() && (ended || !matches.get_flag("follow")) {
            return Ok(ExitCode::SUCCESS);
        }
        if events.is_empty() {
            thread::sleep(LOOK_EVERY);
        }
    }
}

fn print(events: &[Event], json: bool) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for event in events {
        if json {
            writeln!(stdout, "{}", serde_json::to_string(event)?)?;
        } else {
            writeln!(stdout, "{}", event_line(event))?;
        }
    }
    stdout.flush()
}
