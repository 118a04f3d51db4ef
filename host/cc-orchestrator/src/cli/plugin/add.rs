//! `plugin add`: keep a plugin in the home.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::add_local;
use clap::{ArgMatches, Command};

use super::{PACKAGE, folder, folder_arg};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    Command::new("add").about("Keep a plugin in your home, named by plugins.lock").arg(folder_arg(PACKAGE))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let added = add_local(setup.home.root(), &folder(matches, setup))?;
    out.value(&added, || {
        format!("added {} {} in {}", added.plugin.id, added.plugin.version, added.folder.display())
    });
    Ok(ExitCode::SUCCESS)
}
