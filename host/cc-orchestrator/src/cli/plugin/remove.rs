//! `plugin remove`: take a plugin out of the home.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::remove;
use clap::{ArgMatches, Command};

use super::{id, id_arg};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    Command::new("remove").about("Take a plugin of yours out, after a backup").arg(id_arg())
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let removed = remove(setup.home.root(), &id(matches)?)?;
    out.value(&removed, || {
        let backups = removed.backups.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        format!("removed {}; kept in {}", removed.plugin.id, backups.join(", "))
    });
    Ok(ExitCode::SUCCESS)
}
