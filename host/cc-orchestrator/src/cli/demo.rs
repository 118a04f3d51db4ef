//! `demo`: the main job with nothing installed.
//!
//! Everything is real but the worker's model: a store in CC Switch's own form, the bundled plugins, the
//! supervisor, the run's record. The built-in worker answers in Claude Code's stream format.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_ops::{Context, ErrorKind, OpError, Reply, Setup, WorkerKind, registry};
use cc_profiles::Locations;
use cc_store::Home;
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
    setup.workspace = folder.join("project");
    if !matches.get_flag("real") {
        setup.worker = WorkerKind::Demo;
        setup.home = Home::at(folder.join("home"));
        setup.locations =
            Locations { ccswitch_home: Some(folder.join("cc-switch")), user_home: folder.join("user") };
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

/// A small project, and a store with three profiles that no request is ever sent to.
fn prepare() -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("cc-orchestrator-demo-").tempdir()?.keep();
    for part in ["project/src", "home", "cc-switch", "user"] {
        fs::create_dir_all(folder.join(part))?;
    }
    fs::write(folder.join("project/README.md"), "# Prices\n\nAdds up prices and takes a discount off.\n")?;
    fs::write(
        folder.join("project/src/prices.py"),
        "def total(prices, discount):\n    return sum(prices) * (1 - discount / 100)\n",
    )?;
    fs::write(folder.join("cc-switch/config.json"), store().to_string())?;
    Ok(folder)
}

/// CC Switch's `config.json`, version 2.
fn store() -> Value {
    let provider = |id: &str, name: &str, models: [&str; 2]| {
        json!({ "id": id, "name": name, "category": "third_party", "settingsConfig": { "env": {
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
            "ANTHROPIC_AUTH_TOKEN": "no-key-is-needed-for-the-demo",
            "ANTHROPIC_MODEL": models[0],
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": models[1],
        }}})
    };
    json!({ "version": 2, "claude": { "current": "demo-glm", "providers": {
        "demo-deepseek": provider("demo-deepseek", "DeepSeek (demo)", ["deepseek-v4-pro", "deepseek-v4-flash"]),
        "demo-glm": provider("demo-glm", "Zhipu GLM (demo)", ["glm-5.2", "glm-5.2"]),
        "demo-kimi": provider("demo-kimi", "Kimi (demo)", ["kimi-k2.7-code", "kimi-k2.7-code"]),
    }}})
}
