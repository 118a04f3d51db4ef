//! `plugin pack`: a plugin as one file, to give to others.

use std::{path::PathBuf, process::ExitCode};

use cc_ops::{OpError, Setup};
use cc_policy::pack_plugin;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::{folder, opened, path};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).value_parser(value_parser!(PathBuf));
    Command::new("pack")
        .about("Make one file of a built plugin, its README and its licence; the same bytes every time")
        .arg(path("folder").help("The plugin's sources, built, or its package [default: .]"))
        .arg(path("out").long("out").help("Folder the file goes to [default: the current one]"))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let folder = folder(matches, setup);
    let to = path(matches, setup, "out").unwrap_or_else(|| setup.workspace.clone());
    let packed = pack_plugin(&opened(&folder)?.package, &folder, &to)?;
    out.value(&packed, || {
        format!(
            "packed {} {}: {} bytes, sha256 {}, {}\n- holds {}\n- 'cc-orchestrator plugin add' takes it",
            packed.id,
            packed.version,
            packed.size,
            packed.sha256,
            packed.file.display(),
            packed.contents.join(", "),
        )
    });
    Ok(ExitCode::SUCCESS)
}
