//! `plugin enable` and `plugin disable`: the switch of a plugin.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::set_enabled;
use clap::{ArgMatches, Command};

use super::{id, id_arg};
use crate::cli::output::Out;

pub(super) fn enable_command() -> Command {
    Command::new("enable").about("Ask a plugin of yours again").arg(id_arg())
}

pub(super) fn disable_command() -> Command {
    Command::new("disable").about("Ask a plugin of yours no more").arg(id_arg())
}

pub(super) fn run(
    matches: &ArgMatches,
    setup: &Setup,
    out: &Out,
    enabled: bool,
) -> Result<ExitCode, OpError> {
    let plugin = set_enabled(setup.home.root(), &id(matches)?, enabled)?;
    out.value(&plugin, || format!("{} is {}", plugin.id, if enabled { "enabled" } else { "disabled" }));
    Ok(ExitCode::SUCCESS)
}
