//! `plugin enable` and `plugin disable`: the switch of a plugin.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::{forgive, set_enabled};
use clap::{ArgMatches, Command};
use serde_json::json;

use super::{id, id_arg};
use crate::cli::output::Out;

pub(super) fn enable_command() -> Command {
    Command::new("enable")
        .about("Ask a plugin again that you switched off, or that was set aside")
        .arg(id_arg())
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
    let (home, id) = (setup.home.root(), id(matches)?);
    let forgiven = enabled && forgive(home, &id)?;
    let plugin = match set_enabled(home, &id, enabled) {
        // A project's plugin is in no lock of the user's, and may have been set aside all the same.
        Err(_) if forgiven => {
            out.value(&json!({ "ok": true, "id": id }), || format!("{id} is asked again"));
            return Ok(ExitCode::SUCCESS);
        }
        switched => switched?,
    };
    out.value(&plugin, || format!("{} is {}", plugin.id, if enabled { "enabled" } else { "disabled" }));
    Ok(ExitCode::SUCCESS)
}
