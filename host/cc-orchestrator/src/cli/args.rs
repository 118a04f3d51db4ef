//! The command line's form, and what it says about where things are.

use std::{path::PathBuf, process::ExitCode};

use cc_domain::RunId;
use cc_ops::{ErrorKind, OpError, Setup, WorkerKind, registry};
use cc_profiles::Locations;
use cc_store::Home;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use super::{dashboard, demo, logs, migrate, output::Out, plugin, queue, scan, setup};
use crate::tui;

/// Every command.
pub(crate) fn command() -> Command {
    let mut command = Command::new("cc-orchestrator")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Hands coding work to Claude Code workers on the models you keep in CC Switch, and proves what came back")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(global())
        .subcommand(Command::new("mcp").about("Serve the operations as MCP tools on stdin and stdout"))
        .subcommand(demo::command())
        .subcommand(setup::command())
        .subcommand(migrate::command())
        .subcommand(logs::command())
        .subcommand(queue::command())
        .subcommand(tui::attach_command())
        .subcommand(tui::watch_command())
        .subcommand(scan::command())
        .subcommand(plugin::command())
        .subcommand(completions_command());
    for entry in registry() {
        let own = (entry.command)();
        command = command.subcommand(match entry.name {
            "cc_dashboard" => dashboard::command(own),
            _ => own,
        });
    }
    command
}

fn global() -> [Arg; 4] {
    let path = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .global(true)
            .value_name("FOLDER")
            .value_parser(value_parser!(PathBuf))
            .help(help)
    };
    [
        Arg::new("json").long("json").global(true).action(ArgAction::SetTrue).help("Print JSON for machines"),
        path("home", "Where state and plugins live [env: CC_ORCHESTRATOR_HOME]"),
        path("ccswitch-home", "Where CC Switch keeps its store [env: CCSWITCH_HOME]"),
        path("workspace", "Project folder for calls that name none [default: the current folder]"),
    ]
}

/// The run that a command is about.
pub(crate) fn run() -> Arg {
    Arg::new("run").value_name("RUN").required(true).value_parser(value_parser!(RunId)).help("The run's id")
}

/// The run that was named.
pub(crate) fn run_of(matches: &ArgMatches) -> Result<&RunId, OpError> {
    matches.get_one("run").ok_or_else(|| OpError::invalid("no run was named", "name one; 'watch' lists them"))
}

/// What the process decides once: a flag beats the environment, which beats the platform's default.
pub(crate) fn setup(matches: &ArgMatches, worker: WorkerKind) -> Result<Setup, OpError> {
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let home = match path("home") {
        Some(home) => Home::at(home),
        None => Home::locate()?,
    };
    let mut locations = Locations::from_env();
    if let Some(folder) = path("ccswitch-home") {
        locations.ccswitch_home = Some(folder);
    }
    let here = std::env::current_dir().map_err(|error| nowhere("the current folder", &error))?;
    Ok(Setup {
        home,
        locations,
        exe: std::env::current_exe().map_err(|error| nowhere("this program's own file", &error))?,
        workspace: path("workspace").map_or(here.clone(), |folder| here.join(folder)),
        worker,
    })
}

fn nowhere(what: &str, error: &std::io::Error) -> OpError {
    OpError::new(
        ErrorKind::Unavailable,
        format!("{what} cannot be found: {error}"),
        "start it from a folder that exists",
    )
}

fn completions_command() -> Command {
    let shell = Arg::new("shell").required(true).value_parser(value_parser!(Shell));
    Command::new("completions").about("Print shell completions").arg(shell)
}

/// Prints completions for a shell.
pub(crate) fn completions(matches: &ArgMatches, out: &Out) -> Result<ExitCode, OpError> {
    let Some(shell) = matches.get_one::<Shell>("shell") else {
        return Err(OpError::invalid("no shell was named", "name one, such as bash"));
    };
    let mut text = Vec::new();
    clap_complete::generate(*shell, &mut command(), "cc-orchestrator", &mut text);
    out.text(&String::from_utf8_lossy(&text));
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
