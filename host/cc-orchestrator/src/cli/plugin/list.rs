//! `plugin list`: every plugin of every layer.

use std::{path::PathBuf, process::ExitCode};

use cc_ops::Setup;
use cc_policy::{PluginStatus, Policy, PolicyConfig};
use cc_reports::Table;
use clap::Command;

use crate::cli::output::Out;

pub(super) fn command() -> Command {
    Command::new("list").about("List every plugin of every layer, and what is wrong with it")
}

pub(super) fn run(setup: &Setup, out: &Out) -> ExitCode {
    let policy = Policy::new(PolicyConfig { home: setup.home.root().to_owned(), project: project(setup) });
    let plugins = policy.plugins();
    out.value(&plugins, || list_text(&plugins));
    ExitCode::SUCCESS
}

pub(super) fn project(setup: &Setup) -> Option<PathBuf> {
    cc_repo::Project::at(&setup.workspace).ok().map(|project| project.root)
}

fn list_text(plugins: &[PluginStatus]) -> String {
    let mut table = Table::new(["plugin", "version", "world", "layer", "status", "note"]);
    for plugin in plugins {
        let note = plugin.reason.clone().or_else(|| plugin.description.clone()).unwrap_or_default();
        table.row([
            plugin.id.clone(),
            plugin.version.clone(),
            plugin.world.map(|world| world.to_string()).unwrap_or_default(),
            plugin.layer.as_str().to_owned(),
            plugin.status.to_string(),
            note,
        ]);
    }
    table.to_string()
}
