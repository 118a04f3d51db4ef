//! `plugin`: build, look at and keep plugins. One file a command.

mod add;
mod bench;
mod build;
mod enable;
mod inspect;
mod key;
mod list;
mod new;
mod order;
mod pack;
mod remove;
mod replay;
mod shadow;
mod test;
mod trust;
mod why;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_ops::{OpError, Setup, rules_package};
use cc_policy::PackageSource;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::output::Out;

/// What the argument is for the commands that take a package.
const SOURCE: &str =
    "A plugin's folder or packed file, a prompt pack's folder (pack.toml), or a file of secret rules";

pub(crate) fn command() -> Command {
    Command::new("plugin")
        .about("Build, inspect and keep the plugins that decide for you")
        .subcommand_required(true)
        .subcommand(new::command())
        .subcommand(build::command())
        .subcommand(test::command())
        .subcommand(bench::command())
        .subcommand(pack::command())
        .subcommand(list::command())
        .subcommand(inspect::inspect_command())
        .subcommand(inspect::validate_command())
        .subcommand(add::command())
        .subcommand(remove::command())
        .subcommand(enable::enable_command())
        .subcommand(enable::disable_command())
        .subcommand(order::command())
        .subcommand(key::command())
        .subcommand(why::command())
        .subcommand(replay::command())
        .subcommand(shadow::compare_command())
        .subcommand(shadow::promote_command())
        .subcommand(trust::trust_command())
        .subcommand(trust::untrust_command())
}

/// Runs one of them.
pub(crate) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    match matches.subcommand() {
        Some(("new", sub)) => new::run(sub, setup, out),
        Some(("build", sub)) => build::run(sub, setup, out),
        Some(("test", sub)) => test::run(sub, setup, out),
        Some(("bench", sub)) => bench::run(sub, setup, out),
        Some(("pack", sub)) => pack::run(sub, setup, out),
        Some(("list", _)) => Ok(list::run(setup, out)),
        Some(("inspect", sub)) => inspect::inspect(sub, setup, out),
        Some(("validate", sub)) => inspect::validate(sub, setup, out),
        Some(("add", sub)) => add::run(sub, setup, out),
        Some(("remove", sub)) => remove::run(sub, setup, out),
        Some(("enable", sub)) => enable::run(sub, setup, out, true),
        Some(("disable", sub)) => enable::run(sub, setup, out, false),
        Some(("order", sub)) => order::run(sub, setup, out),
        Some(("key", sub)) => key::run(sub, setup, out),
        Some(("why", sub)) => why::run(sub, setup, out),
        Some(("replay", sub)) => replay::run(sub, setup, out),
        Some(("compare", sub)) => shadow::compare(sub, setup, out),
        Some(("promote", sub)) => shadow::promote_it(sub, setup, out),
        Some(("trust", sub)) => trust::trust(sub, setup, out),
        Some(("untrust", sub)) => trust::untrust(sub, setup, out),
        _ => Err(OpError::invalid("no plugin command was given", "see 'cc-orchestrator plugin help'")),
    }
}

fn folder_arg(help: &'static str) -> Arg {
    Arg::new("folder").required(true).value_parser(value_parser!(PathBuf)).help(help)
}

fn id_arg() -> Arg {
    Arg::new("id").required(true).help("The plugin's id, as 'plugin list' shows it")
}

/// How many records a command looks at.
fn last_arg() -> Arg {
    Arg::new("last")
        .long("last")
        .value_name("COUNT")
        .value_parser(value_parser!(u32).range(1..))
        .help("So many of the newest decisions [default: 1000]")
}

fn last(matches: &ArgMatches) -> u32 {
    matches.get_one("last").copied().unwrap_or(1000)
}

/// A package of whatever form, and what its user should know of how it was read.
struct Source {
    package: PackageSource,
    notices: Vec<String>,
}

fn opened(path: &Path) -> Result<Source, OpError> {
    if let Some(rules) = rules_package(path)? {
        return Ok(Source { package: rules.package, notices: rules.notices });
    }
    Ok(Source { package: PackageSource::open(path)?, notices: Vec::new() })
}

/// A path argument, from the workspace on.
fn path(matches: &ArgMatches, setup: &Setup, name: &str) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(name).map(|path| setup.workspace.join(path))
}

/// The folder argument; the workspace when there is none.
fn folder(matches: &ArgMatches, setup: &Setup) -> PathBuf {
    path(matches, setup, "folder").unwrap_or_else(|| setup.workspace.clone())
}

fn id(matches: &ArgMatches) -> Result<cc_policy::PluginId, OpError> {
    let text = matches.get_one::<String>("id").cloned().unwrap_or_default();
    text.parse().map_err(|error: cc_policy::IdError| {
        OpError::invalid(error.to_string(), "see 'cc-orchestrator plugin list'")
    })
}
