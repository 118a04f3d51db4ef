//! `plugin build`: from a plugin's sources to its package.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_ops::{OpError, Setup};
use cc_policy::{BuildOptions, Built, build_bundled, build_plugin};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::{folder, path};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).long(name).value_parser(value_parser!(PathBuf));
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("build")
        .about("Build a plugin in Rust, JavaScript or Python into a component")
        .arg(
            Arg::new("folder").value_parser(value_parser!(PathBuf)).help("The plugin's sources [default: .]"),
        )
        .arg(path("out").help("Where the package goes [default: FOLDER/dist]"))
        .arg(path("target-dir").help("Cargo's target folder"))
        .arg(switch("locked").help("Cargo.lock must be up to date"))
        .arg(switch("bundled").help("Build this repository's default plugins into plugins/bundled"))
        .arg(switch("check").requires("bundled").help("Write nothing; fail when the committed bytes differ"))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let folder = folder(matches, setup);
    let options = BuildOptions {
        target_dir: path(matches, setup, "target-dir"),
        locked: matches.get_flag("locked"),
        offline: false,
    };
    let built = if matches.get_flag("bundled") {
        if matches.get_flag("check") {
            return check_bundled(&folder, &options, out);
        }
        build_bundled(&folder, &options)?
    } else {
        let package = path(matches, setup, "out").unwrap_or_else(|| folder.join("dist"));
        vec![build_plugin(&folder, &package, &options)?]
    };
    out.value(&built, || built.iter().map(built_text).collect::<Vec<_>>().join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn built_text(built: &Built) -> String {
    let Built { id, version, size, sha256, component, .. } = built;
    format!("{id} {version}: {size} bytes, sha256 {sha256}, {}", component.display())
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
