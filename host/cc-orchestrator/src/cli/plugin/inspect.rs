//! `plugin inspect` and `plugin validate`: what a package is, without and with running it.

use std::process::ExitCode;

use cc_ops::Setup;
use cc_policy::{PackageReport, inspect_package, validate_package};
use clap::{ArgMatches, Command};

use super::{PACKAGE, folder, folder_arg};
use crate::cli::output::Out;

pub(super) fn inspect_command() -> Command {
    Command::new("inspect").about("Show what a plugin is and what it may do").arg(folder_arg(PACKAGE))
}

pub(super) fn validate_command() -> Command {
    Command::new("validate").about("Load a plugin and try it; changes nothing").arg(folder_arg(PACKAGE))
}

pub(super) fn inspect(matches: &ArgMatches, setup: &Setup, out: &Out) -> ExitCode {
    report(&inspect_package(&folder(matches, setup)), out)
}

pub(super) fn validate(matches: &ArgMatches, setup: &Setup, out: &Out) -> ExitCode {
    report(&validate_package(&folder(matches, setup), Some(&setup.home.cache())), out)
}

fn report(report: &PackageReport, out: &Out) -> ExitCode {
    out.value(report, || report_text(report));
    ExitCode::from(u8::from(!report.ok))
}

fn report_text(report: &PackageReport) -> String {
    let or = |value: Option<String>| value.unwrap_or_else(|| "unknown".into());
    let mut lines =
        vec![format!("{}: {}", report.folder.display(), if report.ok { "fine" } else { "not usable" })];
    if let Some(manifest) = &report.manifest {
        lines.push(format!("- {} {}, for cc-orchestrator {}", manifest.id, manifest.version, manifest.host));
    }
    lines.push(format!(
        "- world {}, policy {}",
        or(report.world.map(|w| w.to_string())),
        or(report.policy.clone())
    ));
    lines.push(format!(
        "- imports {}",
        if report.imports.is_empty() { "nothing".into() } else { report.imports.join(", ") }
    ));
    lines.push(format!(
        "- {} bytes, sha256 {}",
        or(report.size.map(|s| s.to_string())),
        or(report.sha256.clone())
    ));
    lines.extend(report.problems.iter().map(|problem| format!("- PROBLEM: {problem}")));
    lines.join("\n")
}
