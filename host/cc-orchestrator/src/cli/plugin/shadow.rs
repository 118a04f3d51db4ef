//! `plugin compare` and `plugin promote`: a plugin in shadow, beside what was done, and then acting.

use std::process::ExitCode;

use cc_ops::{Context, OpError, Setup, compare_shadow};
use cc_policy::promote;
use clap::{ArgMatches, Command};

use super::{id, id_arg, last, last_arg};
use crate::cli::output::Out;

pub(super) fn compare_command() -> Command {
    Command::new("compare")
        .visible_alias("shadow-report")
        .about("Show what a plugin in shadow would have changed")
        .arg(id_arg())
        .arg(last_arg())
}

pub(super) fn promote_command() -> Command {
    Command::new("promote").about("Let a plugin that was in shadow act from now on").arg(id_arg())
}

pub(super) fn compare(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let found = compare_shadow(&Context::new(setup.clone()), id(matches)?.as_str(), last(matches))?;
    out.value(&found, || found.text());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn promote_it(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let plugin = promote(setup.home.root(), &id(matches)?)?;
    out.value(&plugin, || format!("{} {} acts from now on", plugin.id, plugin.version));
    Ok(ExitCode::SUCCESS)
}
