//! `plugin trust` and `plugin untrust`: whether a project's plugins load.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use clap::{ArgMatches, Command};
use serde_json::json;

use super::{folder, folder_arg};
use crate::cli::output::Out;

pub(super) fn trust_command() -> Command {
    Command::new("trust").about("Load a project's plugins, as they are now").arg(folder_arg("The project"))
}

pub(super) fn untrust_command() -> Command {
    Command::new("untrust").about("Load a project's plugins no more").arg(folder_arg("The project"))
}

pub(super) fn trust(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let trusted = cc_policy::trust(setup.home.root(), &folder(matches, setup))?;
    out.value(&trusted, || trusted_text(&trusted));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn untrust(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let project = folder(matches, setup);
    let was = cc_policy::untrust(setup.home.root(), &project)?;
    let text = if was { "no longer trusted" } else { "was not trusted" };
    out.value(&json!({ "ok": true, "was_trusted": was }), || format!("{}: {text}", project.display()));
    Ok(ExitCode::SUCCESS)
}

fn trusted_text(trusted: &cc_policy::Trusted) -> String {
    let plugins: Vec<String> =
        trusted.project.plugins.iter().map(|p| format!("{} {}", p.id, p.version)).collect();
    let mut text = format!("{} is trusted with {}", trusted.project.path, plugins.join(", "));
    for (folder, reason) in &trusted.skipped {
        text.push_str(&format!("\nskipped {}: {reason}", folder.display()));
    }
    text
}
