//! `plugin replay`: recorded routes through the policy as it is, or as it would be with a plugin.

use std::{path::PathBuf, process::ExitCode};

use cc_ops::{Context, OpError, Setup, replay_recorded};
use clap::{Arg, ArgMatches, Command, value_parser};

use super::{SOURCE, last, last_arg, path};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    Command::new("replay")
        .about("Decide recorded routes again, and show which come out otherwise")
        .arg(
            Arg::new("folder")
                .value_parser(value_parser!(PathBuf))
                .help(format!("{SOURCE}: as if it was added [default: the policy as it is]")),
        )
        .arg(last_arg())
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let candidate = path(matches, setup, "folder");
    let found = replay_recorded(&Context::new(setup.clone()), candidate.as_deref(), last(matches))?;
    out.value(&found, || found.text());
    Ok(ExitCode::SUCCESS)
}
