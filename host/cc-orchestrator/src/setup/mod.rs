//! Writes this program's MCP entry into a client's configuration, and takes it out again.
//!
//! [`plan`] reads and decides, [`SetupPlan::diff`] shows, [`SetupPlan::apply`] writes. The file is the user's: what is
//! not our entry comes out byte for byte as it went in, a backup is made first, and nothing is written when the file
//! cannot be understood or was changed in between.

mod claude;
mod codex;
mod diff;
mod error;
mod file;
mod lines;
mod predecessor;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub(crate) use error::SetupError;
use error::{EditError, at};
use file::ConfigFile;

/// The name our entry has in every client.
///
/// It is the predecessor's, so that prompts and notes written for it go on working, and its hyphens matter: Codex's
/// `tool_search` splits the name into the words "claude", "code" and "orchestrator", while `cc_orchestrator` is one word
/// that nobody types.
pub(crate) const ENTRY: &str = "claude-code-orchestrator";

/// The arguments that make this program an MCP server.
const SERVER_ARGS: &[&str] = &["mcp"];

/// The client whose configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// Codex: `config.toml` in `$CODEX_HOME`.
    Codex,
    /// Claude Code: `.mcp.json` in the project.
    Claude,
}

/// Which of our tools Codex may call without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Approval {
    /// The tools that start workers; Codex judges the others by what they say about themselves.
    #[default]
    Workers,
    /// Every tool of this server.
    All,
    /// None by us: Codex asks, and refuses where nobody can be asked.
    Ask,
}

/// Where to write and what.
#[derive(Clone, Debug)]
pub(crate) struct SetupOptions {
    /// The program the client will start: an absolute path.
    pub(crate) binary: PathBuf,
    /// Codex's folder.
    pub(crate) codex_home: PathBuf,
    /// The project that gets `.mcp.json`.
    pub(crate) project: PathBuf,
    /// Where the file as it was is kept.
    pub(crate) backups: PathBuf,
    /// The tools that start workers, by name.
    pub(crate) worker_tools: Vec<String>,
    /// What Codex may call without asking.
    pub(crate) approval: Approval,
    /// Take the entry out instead of putting it in.
    pub(crate) remove: bool,
}

impl SetupOptions {
    /// This program, `$CODEX_HOME` (else `~/.codex`) and the current folder.
    pub(crate) fn locate(backups: PathBuf, worker_tools: Vec<String>) -> Result<Self, SetupError> {
        let codex_home = match std::env::var_os("CODEX_HOME").filter(|v| !v.is_empty()) {
            Some(home) => PathBuf::from(home),
            None => std::env::home_dir().ok_or(SetupError::NoHome)?.join(".codex"),
        };
        Ok(Self {
            binary: std::env::current_exe().map_err(SetupError::NoBinary)?,
            codex_home,
            project: std::env::current_dir().map_err(SetupError::NoProject)?,
            backups,
            worker_tools,
            approval: Approval::default(),
            remove: false,
        })
    }
}

/// What a plan does to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The entry is new.
    Add,
    /// The predecessor's entry becomes ours.
    TakeOver,
    /// Our entry was there and something in it was missing or old.
    Update,
    /// Our entry is there and needs nothing.
    AlreadySetUp,
    /// Our entry goes.
    Remove,
    /// There was no entry of ours to remove.
    NothingToRemove,
}

/// A configuration text and what was done to get it.
struct Edit {
    text: String,
    action: Action,
    notes: Vec<String>,
}

/// A decided change of one file, not yet made.
#[derive(Debug)]
pub(crate) struct SetupPlan {
    /// The file as the user names it; a symbolic link there is followed, and stays.
    pub(crate) path: PathBuf,
    /// What applying does.
    pub(crate) action: Action,
    /// What the user should know, one sentence each: what is replaced, what is kept, what to do next.
    pub(crate) notes: Vec<String>,
    file: ConfigFile,
    after: String,
    backups: PathBuf,
}

/// Reads the client's configuration and decides what to change. Writes nothing.
pub(crate) fn plan(target: Target, options: &SetupOptions) -> Result<SetupPlan, SetupError> {
    let path = config_path(target, options);
    let file = ConfigFile::read(&path)?;
    let edit = edited(target, file.text(), options).map_err(at(&path))?;
    let mut notes = edit.notes;
    notes.extend(advice(target, edit.action, options));
    Ok(SetupPlan {
        path,
        action: edit.action,
        notes,
        file,
        after: edit.text,
        backups: options.backups.clone(),
    })
}

impl SetupPlan {
    /// Whether applying writes anything.
    pub(crate) fn changes(&self) -> bool {
        self.file.text() != self.after
    }

    /// The change as a unified diff; empty when there is none.
    pub(crate) fn diff(&self) -> String {
        diff::unified(&self.path, self.file.text(), &self.after)
    }

    /// Makes the change. Returns the backup of the file as it was, if there was a file and something changed.
    ///
    /// Fails without writing when the file is no longer what [`plan`] read.
    pub(crate) fn apply(&self) -> Result<Option<PathBuf>, SetupError> {
        if self.changes() { self.file.replace(&self.after, &self.backups) } else { Ok(None) }
    }
}

fn config_path(target: Target, options: &SetupOptions) -> PathBuf {
    match target {
        Target::Codex => options.codex_home.join("config.toml"),
        Target::Claude => options.project.join(".mcp.json"),
    }
}

fn edited(target: Target, before: &str, options: &SetupOptions) -> Result<Edit, EditError> {
    match (target, options.remove) {
        (Target::Codex, false) => codex::set_up(before, options),
        (Target::Codex, true) => codex::remove(before),
        (Target::Claude, false) => claude::set_up(before, options),
        (Target::Claude, true) => claude::remove(before),
    }
}

fn advice(target: Target, action: Action, options: &SetupOptions) -> Vec<String> {
    if matches!(action, Action::AlreadySetUp | Action::NothingToRemove) {
        return Vec::new();
    }
    let mut notes = Vec::new();
    if !options.remove && in_build_folder(&options.binary) {
        notes.push(format!(
            "{} is in a build folder: install the program somewhere lasting and run setup again from there",
            options.binary.display()
        ));
    }
    notes.push(match (target, options.remove) {
        (Target::Codex, _) => {
            "takes effect in the next Codex session; `codex mcp list` shows the entry".into()
        }
        (Target::Claude, true) => "takes effect in the next Claude Code session".into(),
        (Target::Claude, false) => format!(
            "Claude Code asks once whether to use this project's servers; for all your projects instead: \
             claude mcp add --scope user {ENTRY} -- \"{}\" mcp",
            options.binary.display()
        ),
    });
    notes
}

/// Cargo's own folders: what lies there is gone with the next `cargo clean`.
fn in_build_folder(binary: &Path) -> bool {
    let folder = binary.parent();
    folder.is_some_and(|f| f.ends_with("target/debug") || f.ends_with("target/release"))
}
