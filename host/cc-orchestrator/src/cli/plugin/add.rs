//! `plugin add`: keep a plugin in the home.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::{Added, add_package};
use clap::{ArgMatches, Command};

use super::{SOURCE, folder, folder_arg, opened};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    Command::new("add").about("Keep a plugin in your home, named by plugins.lock").arg(folder_arg(SOURCE))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let source = opened(&folder(matches, setup))?;
    let added = add_package(setup.home.root(), &source.package)?;
    out.value(&added, || text(&added, &source.notices));
    Ok(ExitCode::SUCCESS)
}

fn text(added: &Added, notices: &[String]) -> String {
    let plugin = &added.plugin;
    let mut text = format!("added {} {} in {}", plugin.id, plugin.version, added.folder.display());
    notices.iter().for_each(|notice| text.push_str(&format!("\n- {notice}")));
    text
}
