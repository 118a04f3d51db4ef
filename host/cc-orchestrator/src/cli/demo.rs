//! `demo`: the main job with nothing installed.
//!
//! Everything is real but the worker's model: a store in CC Switch's own form, the bundled plugins, the
//! supervisor, the run's record. The built-in worker answers in Claude Code's stream format.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_ops::{Context, ErrorKind, OpError, Reply, Setup, registry};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

use super::output::Out;

const TASK: &str = "Look at this project and say what its code does and what a test should check first.";

pub(crate) fn command() -> Command {
    let real = Arg::new("real").long("real").action(ArgAction::SetTrue);
    Command::new("demo")
        .about("Show the main job: route a task, run a worker, keep the record. Needs nothing installed")
        .arg(real.help("Use your own profiles and Claude Code (spends tokens; read-only)"))
}

/// Runs the demo in a folder of its own, which stays for a look.
pub(crate) fn run(matches: &ArgMatches, mut setup: Setup, out: &Out) -> Result<ExitCode, OpError> {
    let folder = prepare().map_err(|error| {
        OpError::new(
            ErrorKind::State,
            format!("the demo's folder could not be made: {error}"),
            "free space in the temporary folder",
        )
    })?;
    if matches.get_flag("real") {
        setup.workspace = folder.join("project");
    } else {
        setup = cc_ops::demo_setup(&folder, setup.exe);
    }
    let reply = show(&Context::new(setup), &folder, out)?;
    Ok(if reply.succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(cx: &Context, folder: &Path, out: &Out) -> Result<Reply, OpError> {
    let picked = call(cx.clone(), "cc_pick_profile", json!({ "role": "review" }))?;
    if !out.is_json() {
        out.text(&format!("1. Who gets a review? The plugins decide:\n\n{}\n", picked.text));
        out.text(&format!("\n2. The worker runs: \"{TASK}\"\n"));
    }
    let progress = out.progress();
    let ran = call(
        cx.clone().with_progress(progress.sink()),
        "cc_run_agent",
        json!({ "role": "review", "task": TASK }),
    );
    progress.clear();
    let ran = ran?;
    if out.is_json() {
        out.value(
            &json!({ "picked": picked.structured, "run": ran.structured, "folder": folder }),
            String::new,
        );
    } else {
        out.text(&format!(
            "{}\n\n3. Everything of this demo is in {}; delete it when you like.",
            ran.text,
            folder.display()
        ));
    }
    Ok(ran)
}

fn call(cx: Context, tool: &str, arguments: Value) -> Result<Reply, OpError> {
    let Some(entry) = registry().iter().find(|entry| entry.name == tool) else {
        return Err(OpError::invalid(format!("there is no operation '{tool}'"), ""));
    };
    super::runtime()?.block_on(entry.call(cx, arguments))
}

fn prepare() -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("cc-orchestrator-demo-").tempdir()?.keep();
    cc_ops::demo_files(&folder)?;
    Ok(folder)
}
