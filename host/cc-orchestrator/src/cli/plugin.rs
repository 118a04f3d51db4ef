//! `plugin`: build, look at and keep plugins.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_ops::{OpError, Setup};
use cc_policy::{
    BuildOptions, PackageReport, PluginStatus, Policy, PolicyConfig, add_local, build_bundled, build_plugin,
    inspect_package, remove, set_enabled, trust, untrust, validate_package,
};
use cc_reports::Table;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::output::Out;

pub(crate) fn command() -> Command {
    let folder = |help: &'static str| {
        Arg::new("folder").required(true).value_parser(value_parser!(PathBuf)).help(help)
    };
    let id = || Arg::new("id").required(true).help("The plugin's id, as 'plugin list' shows it");
    let package = "Folder with plugin.toml and plugin.wasm";
    Command::new("plugin")
        .about("Build, inspect and keep the plugins that decide for you")
        .subcommand_required(true)
        .subcommand(build_command())
        .subcommand(Command::new("list").about("List every plugin of every layer, and what is wrong with it"))
        .subcommand(
            Command::new("inspect").about("Show what a plugin is and what it may do").arg(folder(package)),
        )
        .subcommand(
            Command::new("validate").about("Load a plugin and try it; changes nothing").arg(folder(package)),
        )
        .subcommand(
            Command::new("add")
                .about("Keep a plugin in your home, named by plugins.lock")
                .arg(folder(package)),
        )
        .subcommand(Command::new("remove").about("Take a plugin of yours out, after a backup").arg(id()))
        .subcommand(Command::new("enable").about("Ask a plugin of yours again").arg(id()))
        .subcommand(Command::new("disable").about("Ask a plugin of yours no more").arg(id()))
        .subcommand(
            Command::new("trust")
                .about("Load a project's plugins, as they are now")
                .arg(folder("The project")),
        )
        .subcommand(
            Command::new("untrust").about("Load a project's plugins no more").arg(folder("The project")),
        )
}

fn build_command() -> Command {
    let path = |name: &'static str| Arg::new(name).long(name).value_parser(value_parser!(PathBuf));
    Command::new("build")
        .about("Build a plugin crate into a component; needs the wasm32-unknown-unknown target")
        .arg(Arg::new("folder").value_parser(value_parser!(PathBuf)).help("The plugin's crate [default: .]"))
        .arg(path("out").help("Where the package goes [default: FOLDER/dist]"))
        .arg(path("target-dir").help("Cargo's target folder"))
        .arg(
            Arg::new("locked")
                .long("locked")
                .action(ArgAction::SetTrue)
                .help("Cargo.lock must be up to date"),
        )
        .arg(
            Arg::new("bundled")
                .long("bundled")
                .action(ArgAction::SetTrue)
                .help("Build this repository's default plugins into plugins/bundled"),
        )
        .arg(
            Arg::new("check")
                .long("check")
                .requires("bundled")
                .action(ArgAction::SetTrue)
                .help("Write nothing; fail when the committed bytes differ"),
        )
}

/// Runs one of them.
pub(crate) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let Some((name, sub)) = matches.subcommand() else {
        return Err(OpError::invalid("no plugin command was given", "see 'cc-orchestrator plugin help'"));
    };
    let home = setup.home.root();
    let at = |name: &str| sub.get_one::<PathBuf>(name).map(|path| setup.workspace.join(path));
    let folder = || at("folder").unwrap_or_else(|| setup.workspace.clone());
    match name {
        "build" => return build(sub, &folder(), at("out"), at("target-dir"), out),
        "list" => list(setup, out),
        "inspect" => return report(&inspect_package(&folder()), out),
        "validate" => return report(&validate_package(&folder(), Some(&setup.home.cache())), out),
        "add" => {
            let added = add_local(home, &folder())?;
            out.value(&added, || {
                format!("added {} {} in {}", added.plugin.id, added.plugin.version, added.folder.display())
            });
        }
        "remove" => {
            let removed = remove(home, &id(sub)?)?;
            out.value(&removed, || {
                format!("removed {}; kept in {}", removed.plugin.id, paths(&removed.backups))
            });
        }
        "enable" | "disable" => {
            let plugin = set_enabled(home, &id(sub)?, name == "enable")?;
            out.value(&plugin, || format!("{} is {}d", plugin.id, name));
        }
        "trust" => {
            let trusted = trust(home, &folder())?;
            out.value(&trusted, || trusted_text(&trusted));
        }
        _ => {
            let project = folder();
            let was = untrust(home, &project)?;
            let text = if was { "no longer trusted" } else { "was not trusted" };
            out.value(&json!({ "ok": true, "was_trusted": was }), || {
                format!("{}: {text}", project.display())
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn id(matches: &ArgMatches) -> Result<cc_policy::PluginId, OpError> {
    let text = matches.get_one::<String>("id").cloned().unwrap_or_default();
    text.parse().map_err(|error: cc_policy::IdError| {
        OpError::invalid(error.to_string(), "see 'cc-orchestrator plugin list'")
    })
}

fn paths(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
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

fn build(
    matches: &ArgMatches,
    folder: &Path,
    out_folder: Option<PathBuf>,
    target_dir: Option<PathBuf>,
    out: &Out,
) -> Result<ExitCode, OpError> {
    let options = BuildOptions { target_dir, locked: matches.get_flag("locked"), offline: false };
    let built = if matches.get_flag("bundled") {
        if matches.get_flag("check") {
            return check_bundled(folder, &options, out);
        }
        build_bundled(folder, &options)?
    } else {
        vec![build_plugin(folder, &out_folder.unwrap_or_else(|| folder.join("dist")), &options)?]
    };
    out.value(&built, || {
        let lines = built.iter().map(|b| {
            format!(
                "{} {}: {} bytes, sha256 {}, {}",
                b.id,
                b.version,
                b.size,
                b.sha256,
                b.component.display()
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// Builds the default plugins anew, elsewhere, and compares them byte for byte with the committed ones.
fn check_bundled(root: &Path, options: &BuildOptions, out: &Out) -> Result<ExitCode, OpError> {
    let differing = cc_policy::check_bundled(root, options)?;
    let ok = differing.is_empty();
    out.value(&json!({ "ok": ok, "differing": differing }), || {
        if ok {
            "the committed components are what the sources build".into()
        } else {
            format!(
                "these differ from what their sources build: {}; run 'plugin build --bundled'",
                differing.join(", ")
            )
        }
    });
    Ok(ExitCode::from(u8::from(!ok)))
}

fn report(report: &PackageReport, out: &Out) -> Result<ExitCode, OpError> {
    out.value(report, || report_text(report));
    Ok(ExitCode::from(u8::from(!report.ok)))
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

fn list(setup: &Setup, out: &Out) {
    let policy = Policy::new(PolicyConfig { home: setup.home.root().to_owned(), project: project(setup) });
    let plugins = policy.plugins();
    out.value(&plugins, || list_text(&plugins));
}

fn project(setup: &Setup) -> Option<PathBuf> {
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
