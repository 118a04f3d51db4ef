//! `plugin why`: who decided, and what each layer said.

use std::process::ExitCode;

use cc_domain::{Role, TaskType};
use cc_ops::{Context, OpError, Setup, why};
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::cli::output::Out;

pub(super) fn command() -> Command {
    Command::new("why")
        .about("Show who decides where a role's job goes, and what each layer said")
        .arg(Arg::new("role").required(true).value_name("ROLE").value_parser(value_parser!(Role)))
        .arg(Arg::new("task-type").long("task-type").value_parser(value_parser!(TaskType)))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let role = matches.get_one::<Role>("role").cloned().unwrap_or_default();
    let found = why(&Context::new(setup.clone()), role, matches.get_one("task-type").cloned())?;
    out.value(&found, || found.text());
    Ok(ExitCode::SUCCESS)
}
