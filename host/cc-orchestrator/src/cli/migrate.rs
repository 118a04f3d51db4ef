//! `migrate`: from the Python predecessor to this program.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_ops::{Context, MigrateFrom, OpError, migrate};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Value, json};

use super::{output::Out, setup};
use crate::setup::{Action, SetupPlan, Target, plan};

pub(crate) fn command() -> Command {
    let folder = |name: &'static str, long: &'static str, help: &'static str| {
        Arg::new(name).long(long).value_name("FOLDER").value_parser(value_parser!(PathBuf)).help(help)
    };
    Command::new("migrate")
        .about("Take over settings, histories, runs and MCP entries from claude-code-orchestrator-skill; shows the plan unless --apply")
        .arg(folder("from", "from", "Where the predecessor is [default: Codex's skills folder]"))
        .arg(
            folder("runs-of", "runs-of", "Project whose runs to take over; repeatable [default: the workspace]")
                .action(ArgAction::Append),
        )
        .arg(Arg::new("apply").long("apply").action(ArgAction::SetTrue).help("Do it"))
}

/// Shows the plan, or does it.
pub(crate) fn run(matches: &ArgMatches, cx: &Context, out: &Out) -> Result<ExitCode, OpError> {
    let workspace = &cx.setup().workspace;
    let named: Vec<PathBuf> = matches.get_many::<PathBuf>("runs-of").into_iter().flatten().cloned().collect();
    let codex_home = std::env::var_os("CODEX_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let from = MigrateFrom {
        installation: matches.get_one::<PathBuf>("from").cloned(),
        codex_home: codex_home.or_else(|| Some(std::env::home_dir()?.join(".codex"))),
        workspaces: if named.is_empty() { vec![workspace.clone()] } else { named },
    };
    let apply = matches.get_flag("apply");
    let migration = migrate(cx, &from, apply)?;
    let entries = entries(cx, apply)?;
    let mut report = serde_json::to_value(&migration).unwrap_or_default();
    report["mcp_entries"] = entries.iter().map(Entry::json).collect::<Vec<_>>().into();
    out.value(&report, || {
        let lines: Vec<String> = entries.iter().map(|entry| entry.text(apply)).collect();
        [migration.text()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// An MCP entry of the predecessor's.
struct Entry {
    plan: SetupPlan,
    backup: Option<PathBuf>,
}

impl Entry {
    fn json(&self) -> Value {
        json!({ "path": self.plan.path, "diff": self.plan.diff(), "backup_path": self.backup, "notes": self.plan.notes })
    }

    fn text(&self, applied: bool) -> String {
        let path = self.plan.path.display();
        let kept = self.backup.as_deref().map(Path::display).map(|path| format!(" (as it was: {path})"));
        match applied {
            true => format!("MCP entry taken over in {path}{}", kept.unwrap_or_default()),
            false => format!("MCP entry to take over in {path}:\n{}", self.plan.diff()),
        }
    }
}

/// The predecessor's entries of Codex and of this project. Those that are none of its stay as they are.
fn entries(cx: &Context, apply: bool) -> Result<Vec<Entry>, OpError> {
    let options = setup::options(cx.setup())?;
    let mut entries = Vec::new();
    for target in [Target::Codex, Target::Claude] {
        let plan = plan(target, &options).map_err(setup::refused)?;
        if plan.action == Action::TakeOver {
            let backup = if apply { plan.apply().map_err(setup::refused)? } else { None };
            entries.push(Entry { plan, backup });
        }
    }
    Ok(entries)
}
