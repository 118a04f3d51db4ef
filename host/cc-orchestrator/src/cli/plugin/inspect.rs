//! `plugin inspect` and `plugin validate`: what a plugin is, without and with running it.

use std::{path::Path, process::ExitCode};

use cc_ops::{OpError, Setup};
use cc_policy::{
    PackageReport, PluginStatus, Policy, PolicyConfig, engine::Limits, inspect_bundled, inspect_package,
    validate_package,
};
use clap::{ArgMatches, Command};

use super::{SOURCE, folder, folder_arg, list::project, opened};
use crate::cli::output::Out;

pub(super) fn inspect_command() -> Command {
    Command::new("inspect")
        .about("Show what a plugin is and what it may do; runs nothing of it")
        .arg(folder_arg("The id of a plugin that 'plugin list' shows, or a plugin's folder or packed file"))
}

pub(super) fn validate_command() -> Command {
    Command::new("validate").about("Load a plugin and try it; changes nothing").arg(folder_arg(SOURCE))
}

pub(super) fn inspect(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let path = folder(matches, setup);
    if !path.exists()
        && let Some(status) = installed(&path, setup)
    {
        return Ok(report(&of_installed(&status), Some(&status), out));
    }
    let source = opened(&path)?;
    Ok(report(&inspect_package(source.package.folder()), None, out))
}

pub(super) fn validate(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let source = opened(&folder(matches, setup))?;
    Ok(report(&validate_package(source.package.folder(), Some(&setup.home.cache())), None, out))
}

/// The highest plugin of that id.
fn installed(path: &Path, setup: &Setup) -> Option<PluginStatus> {
    let id = path.file_name()?.to_str()?;
    let policy = Policy::new(PolicyConfig { home: setup.home.root().to_owned(), project: project(setup) });
    policy.plugins().into_iter().rfind(|plugin| plugin.id == id)
}

fn of_installed(status: &PluginStatus) -> PackageReport {
    match status.folder.as_deref() {
        Some(folder) => inspect_package(folder),
        None => inspect_bundled(&status.id),
    }
}

fn report(report: &PackageReport, status: Option<&PluginStatus>, out: &Out) -> ExitCode {
    out.value(report, || report_text(report, status));
    ExitCode::from(u8::from(!report.ok))
}

fn report_text(report: &PackageReport, status: Option<&PluginStatus>) -> String {
    let or = |value: Option<String>| value.unwrap_or_else(|| "unknown".into());
    let mut lines =
        vec![format!("{}: {}", report.folder.display(), if report.ok { "fine" } else { "not usable" })];
    if let Some(status) = status {
        lines.push(format!(
            "- {} in the {} layer, from {}",
            status.status,
            status.layer.as_str(),
            status.source
        ));
    }
    if let Some(manifest) = &report.manifest {
        lines.push(format!("- {} {}, for cc-orchestrator {}", manifest.id, manifest.version, manifest.host));
        lines.extend(manifest.description.iter().map(|description| format!("- {description}")));
        lines.extend(manifest.config.iter().map(|(key, value)| format!("- setting {key} = {}", value.0)));
    }
    let runs = if report.is_data { ", data for the default component" } else { "" };
    let world = or(report.world.map(|world| world.to_string()));
    lines.push(format!("- world {world}, policy {}{runs}", or(report.policy.clone())));
    lines.push(format!("- exports {}", list(&report.exports)));
    lines.push(format!("- imports {}", list(&report.imports)));
    let size = or(report.size.map(|size| size.to_string()));
    lines.push(format!("- {size} bytes, sha256 {}", or(report.sha256.clone())));
    lines.extend(report.limits.as_ref().map(limits));
    lines.extend(report.problems.iter().map(|problem| format!("- PROBLEM: {problem}")));
    lines.join("\n")
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

/// What it may do: nothing but compute, within these.
fn limits(limits: &Limits) -> String {
    format!(
        "- may log {} lines a call and read its settings; no files, network, clock or randomness\n\
         - may use {} MiB of memory, {} ms and {} KiB of answer a call",
        limits.log_lines,
        limits.memory_bytes >> 20,
        limits.deadline.as_millis(),
        limits.output_bytes >> 10
    )
}
