//! `migrate`: from the Python predecessor to this program.

use std::{path::PathBuf, process::ExitCode};

use cc_ops::{Context, MigrateFrom, OpError, migrate};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::output::Out;

pub(crate) fn command() -> Command {
    let folder = |name: &'static str, long: &'static str, help: &'static str| {
        Arg::new(name).long(long).value_name("FOLDER").value_parser(value_parser!(PathBuf)).help(help)
    };
    Command::new("migrate")
        .about("Take over settings, histories and runs from claude-code-orchestrator-skill; shows the plan unless --apply")
        .arg(folder("from", "from", "Where the predecessor is [default: Codex's skills folder]"))
        .arg(
            folder("runs-of", "runs-of", "Project whose runs to take over; repeatable [default: the workspace]")
                .action(ArgAction::Append),
        )
        .arg(Arg::new("apply").long("apply").action(ArgAction::SetTrue).help("Do it"))
}

/// Shows the plan, or does it.
pub(crate) fn run(matches: &ArgMatches, cx: &Context, out: &Out) -> Result<ExitCode, OpError> {
    let setup = cx.setup();
    let named: Vec<PathBuf> = matches.get_many::<PathBuf>("runs-of").into_iter().flatten().cloned().collect();
    let codex_home = std::env::var_os("CODEX_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let from = MigrateFrom {
        installation: matches.get_one::<PathBuf>("from").cloned(),
        codex_home: codex_home.or_else(|| Some(std::env::home_dir()?.join(".codex"))),
        workspaces: if named.is_empty() { vec![setup.workspace.clone()] } else { named },
    };
    let migration = migrate(cx, &from, matches.get_flag("apply"))?;
    out.value(&migration, || {
        format!("{}\nnext: 'cc-orchestrator setup codex' takes over its MCP entry", migration.text())
    });
    Ok(ExitCode::SUCCESS)
}
