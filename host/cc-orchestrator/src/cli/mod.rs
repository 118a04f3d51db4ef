//! The command line: one command an operation, and the few that are not operations.

pub(crate) mod args;
mod dashboard;
mod demo;
mod logs;
mod migrate;
mod output;
mod plugin;
mod queue;
mod scan;
mod setup;

use std::process::ExitCode;

use cc_ops::{Context, ErrorKind, OpError, Setup, WorkerKind, registry};
use clap::ArgMatches;

use self::output::Out;
pub(crate) use self::scan::judge as judge_secrets;
use crate::tui;

/// Parses the command line and runs it.
pub(crate) fn main() -> ExitCode {
    let matches = args::command().get_matches();
    let out = Out::new(matches.get_flag("json"));
    match run(&matches, &out) {
        Ok(code) => code,
        Err(error) => out.error(&error),
    }
}

fn run(matches: &ArgMatches, out: &Out) -> Result<ExitCode, OpError> {
    let Some((name, sub)) = matches.subcommand() else {
        return Err(OpError::invalid("no command was given", "see 'cc-orchestrator help'"));
    };
    let setup = args::setup(matches, WorkerKind::Claude)?;
    let cx = Context::new(setup.clone());
    crate::log::start(&setup.home.logs());
    let code = command(name, sub, setup, cx.clone(), out);
    crate::note_version(&cx);
    code
}

fn command(name: &str, sub: &ArgMatches, setup: Setup, cx: Context, out: &Out) -> Result<ExitCode, OpError> {
    match name {
        "mcp" => serve(cx.serving()),
        "demo" => demo::run(sub, setup, out),
        "setup" => setup::run(sub, &setup, out),
        "plugin" => plugin::run(sub, &setup, out),
        "scan" => Ok(scan::run(sub, &cx, out)),
        "queue" => queue::run(sub, &cx, out),
        "migrate" => migrate::run(sub, &cx, out),
        "logs" => logs::run(sub, &cx, out),
        "attach" => tui::attach(args::run_of(sub)?, cx),
        "watch" => tui::watch(cx),
        "dashboard" if !dashboard::wants_file(sub) => dashboard::serve(sub, cx, out),
        "completions" => args::completions(sub, out),
        _ => operation(name, sub, cx, out),
    }
}

fn serve(cx: Context) -> Result<ExitCode, OpError> {
    let served = runtime()?.block_on(crate::mcp::serve(cx));
    served.map(|()| ExitCode::SUCCESS).map_err(|error| {
        OpError::new(
            ErrorKind::InvalidInput,
            format!("the MCP client and this server did not agree: {error}"),
            "'mcp' is started by an MCP client; 'cc-orchestrator setup codex' configures one",
        )
    })
}

fn operation(name: &str, matches: &ArgMatches, cx: Context, out: &Out) -> Result<ExitCode, OpError> {
    let Some(entry) = registry().iter().find(|entry| entry.command_name() == name) else {
        return Err(OpError::invalid(format!("there is no command '{name}'"), "see 'cc-orchestrator help'"));
    };
    let progress = out.progress();
    let cx = cx.with_progress(progress.sink());
    let call = entry.call_matches(cx, matches).map_err(|error| OpError::invalid(error.to_string(), ""))?;
    let reply = runtime()?.block_on(call);
    progress.clear();
    Ok(out.reply(&reply?))
}

/// One thread waits for everything; what blocks has threads of its own, so no call holds up another.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, OpError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        OpError::new(
            ErrorKind::State,
            format!("the runtime could not be started: {error}"),
            "free some resources and try again",
        )
    })
}
