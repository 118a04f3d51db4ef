//! `setup`: the MCP entry in a client's configuration.

use std::process::ExitCode;

use cc_ops::{ErrorKind, OpError, Setup, registry};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::output::Out;
use crate::setup::{Action, Approval, SetupError, SetupOptions, SetupPlan, Target, plan};

pub(crate) fn command() -> Command {
    let switch = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("setup")
        .about("Write the MCP entry into Codex's config.toml or a project's .mcp.json, after a backup")
        .arg(Arg::new("client").required(true).value_parser(value_parser!(Target)))
        .arg(
            Arg::new("approval")
                .long("approval")
                .value_parser(value_parser!(Approval))
                .default_value("workers")
                .help("What Codex may call without asking"),
        )
        .arg(switch("dry-run", "Show the change and write nothing"))
        .arg(switch("remove", "Take the entry out again"))
}

/// Plans the change, shows it, and makes it.
pub(crate) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let Some(&target) = matches.get_one::<Target>("client") else {
        return Err(OpError::invalid("no client was named", "name codex or claude"));
    };
    let mut options = options(setup)?;
    options.approval = matches.get_one::<Approval>("approval").copied().unwrap_or_default();
    options.remove = matches.get_flag("remove");
    let plan = plan(target, &options).map_err(refused)?;
    let dry = matches.get_flag("dry-run");
    let backup = if dry { None } else { plan.apply().map_err(refused)? };
    let report = json!({
        "ok": true,
        "path": plan.path,
        "action": said(plan.action),
        "changed": plan.changes() && !dry,
        "dry_run": dry,
        "backup_path": backup,
        "notes": plan.notes,
        "diff": plan.diff(),
    });
    out.value(&report, || text(&plan, dry, backup.as_deref()));
    Ok(ExitCode::SUCCESS)
}

/// This program, and where clients keep their configuration.
pub(super) fn options(setup: &Setup) -> Result<SetupOptions, OpError> {
    let workers = registry().iter().filter(|e| e.effect.open_world).map(|e| e.name.to_owned()).collect();
    let mut options = SetupOptions::locate(setup.home.backups(), workers).map_err(refused)?;
    options.project.clone_from(&setup.workspace);
    Ok(options)
}

pub(super) fn refused(error: SetupError) -> OpError {
    OpError::new(
        ErrorKind::Unavailable,
        error.to_string(),
        "nothing was changed; --dry-run shows what would be",
    )
}

fn text(plan: &SetupPlan, dry: bool, backup: Option<&std::path::Path>) -> String {
    let mut lines = vec![format!(
        "{}: {}{}",
        plan.path.display(),
        said(plan.action),
        if dry { " (dry run)" } else { "" }
    )];
    if dry {
        lines.push(plan.diff());
    }
    lines.extend(backup.map(|path| format!("- the file as it was: {}", path.display())));
    lines.extend(plan.notes.iter().map(|note| format!("- {note}")));
    lines.join("\n")
}

fn said(action: Action) -> &'static str {
    match action {
        Action::Add => "entry added",
        Action::TakeOver => "the predecessor's entry taken over",
        Action::Update => "entry updated",
        Action::AlreadySetUp => "already set up, nothing to do",
        Action::Remove => "entry removed",
        Action::NothingToRemove => "no entry of ours, nothing to do",
    }
}
