//! From the predecessor's installation to this one. The plan is shown first, and the originals stay where they are.

mod config;
mod find;
mod quality;

use std::{
    fs,
    path::{Path, PathBuf},
};

use cc_policy::{Overrides, merge_overrides};
use cc_store::{create_private_dir, write_atomic};
use serde::Serialize;
use serde_json::{Value, json};

use self::config::Imported;
use crate::{Context, ErrorKind, OpError};

/// The eight files that were the user's.
const FILES: [&str; 8] = [
    "model_calibration.json",
    "cost_guard.json",
    "local_policy.override.json",
    "model_registry.json",
    "model_benchmark_history.json",
    "worker_quality_history.json",
    "queue_policy.json",
    "version_state.json",
];
const MOST_BYTES: u64 = 64 << 20;

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct MigrateFrom {
    /// The predecessor's folder, or one above it; none: below Codex's skills.
    pub installation: Option<PathBuf>,
    /// Codex's folder.
    pub codex_home: Option<PathBuf>,
    /// Folders whose runs are taken over.
    pub workspaces: Vec<PathBuf>,
}

/// What is there, and what becomes of it.
#[derive(Debug, Serialize)]
pub struct Migration {
    /// It was done; otherwise it is a plan.
    pub applied: bool,
    /// The predecessor's configuration folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// Each of the eight files, and what becomes of it.
    pub files: Vec<FileFound>,
    /// What is merged into `overrides.toml`.
    pub overrides: Value,
    /// Runs that are listed from now on.
    pub runs: usize,
    /// Runs that were listed already.
    pub runs_listed: usize,
    /// Grades of these runs that were taken over.
    pub grades: usize,
    /// What could not be taken over, and why.
    pub notes: Vec<String>,
    /// Where copies of the eight files, and of what was replaced here, are.
    pub backups: Vec<PathBuf>,
}

/// One of the eight files.
#[derive(Debug, Serialize)]
pub struct FileFound {
    /// Its name.
    pub name: &'static str,
    /// It is there.
    pub found: bool,
    /// What becomes of it.
    pub becomes: &'static str,
}

/// Takes the predecessor's settings, histories and runs over, or says what it would take.
///
/// # Errors
/// When nothing of the predecessor's is found, or this home cannot be read or written.
pub fn migrate(cx: &Context, from: &MigrateFrom, apply: bool) -> Result<Migration, OpError> {
    let config = find::config(from.installation.as_deref(), from.codex_home.as_deref());
    let folders: Vec<PathBuf> = from.workspaces.iter().flat_map(|workspace| find::runs(workspace)).collect();
    if config.is_none() && folders.is_empty() {
        return Err(nothing(from));
    }
    let home = cx.setup().home.root();
    let mut imported = Imported::default();
    if let Some(config) = &config {
        read_all(cx, config, &mut imported);
    }
    imported.without(&Overrides::as_written(home)?);
    let overrides = Value::Object(imported.overrides);
    let merged = merge_overrides(home, &overrides, apply)?;
    let mut migration = Migration {
        applied: apply,
        files: FILES.map(|name| file(config.as_deref(), name)).into(),
        config,
        overrides,
        runs: 0,
        runs_listed: 0,
        grades: 0,
        notes: imported.notes,
        backups: merged.backup.into_iter().collect(),
    };
    if apply {
        migration.keep_copies(cx)?;
    }
    migration.take_runs(cx, &folders, apply)?;
    if apply {
        migration.take_grades(cx)?;
    }
    Ok(migration)
}

fn read_all(cx: &Context, config: &Path, imported: &mut Imported) {
    let profiles = cc_profiles::load(&cx.setup().locations).ok();
    for name in FILES {
        let its: Value = match read(&config.join(name)) {
            Ok(None) => continue,
            Ok(Some(its)) => its,
            Err(why) => {
                imported.notes.push(format!("{name} cannot be read and is left out: {why}"));
                continue;
            }
        };
        match name {
            "queue_policy.json" => imported.queue(&its),
            "cost_guard.json" => imported.cost_guard(&its),
            "local_policy.override.json" => imported.preferences(&its, profiles.as_ref()),
            "model_calibration.json" => imported.calibration(&its),
            _ => {}
        }
    }
}

fn read(path: &Path) -> Result<Option<Value>, String> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = cc_store::read_bounded(path, MOST_BYTES).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string())
}

fn file(config: Option<&Path>, name: &'static str) -> FileFound {
    let becomes = match name {
        "queue_policy.json" => "[queue] of overrides.toml",
        "cost_guard.json" => "[cost_guard] of overrides.toml",
        "local_policy.override.json" => "preferred_profiles and preferred_models of overrides.toml",
        "model_calibration.json" => "notes of overrides.toml",
        "worker_quality_history.json" => "grades of the runs that are taken over",
        "model_registry.json" => "nothing: it is made from what it was made from",
        "model_benchmark_history.json" => "nothing: it counted every run that ended as a right answer",
        _ => "nothing: it was about that program's own version",
    };
    FileFound { name, found: config.is_some_and(|config| config.join(name).is_file()), becomes }
}

impl Migration {
    /// Copies of the eight files, as they are.
    fn keep_copies(&mut self, cx: &Context) -> Result<(), OpError> {
        let Some(config) = &self.config else { return Ok(()) };
        let folder = cx.setup().home.free_backup("predecessor")?;
        create_private_dir(&folder)?;
        for file in self.files.iter().filter(|file| file.found) {
            let bytes = fs::read(config.join(file.name)).map_err(|error| {
                OpError::new(
                    ErrorKind::State,
                    format!("{} cannot be copied: {error}", file.name),
                    "check its permissions, then call again",
                )
            })?;
            write_atomic(&folder.join(file.name), &bytes)?;
        }
        self.backups.push(folder);
        Ok(())
    }

    fn take_runs(&mut self, cx: &Context, folders: &[PathBuf], apply: bool) -> Result<(), OpError> {
        if !apply {
            self.runs = folders.len();
            return Ok(());
        }
        let store = cx.store()?;
        for folder in folders {
            match store.adopt_run(folder) {
                Ok(true) => self.runs += 1,
                Ok(false) => self.runs_listed += 1,
                Err(error) => self.notes.push(format!("a run is left out: {error}")),
            }
        }
        Ok(())
    }

    /// After the runs: a grade without its run says nothing.
    fn take_grades(&mut self, cx: &Context) -> Result<(), OpError> {
        let Some(config) = &self.config else { return Ok(()) };
        // One that cannot be read was told of already.
        if let Ok(Some(its)) = read(&config.join("worker_quality_history.json")) {
            self.grades = quality::take(&*cx.store()?, &its)?;
        }
        Ok(())
    }

    /// As people read it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![match (&self.config, self.applied) {
            (Some(config), true) => format!("taken over from {}", config.display()),
            (Some(config), false) => {
                format!("plan for {} (nothing was written; --apply does it)", config.display())
            }
            (None, _) => "no configuration of the predecessor was found; its runs are taken over".to_owned(),
        }];
        for file in self.files.iter().filter(|file| file.found) {
            lines.push(format!("- {}: becomes {}", file.name, file.becomes));
        }
        if self.overrides != json!({}) {
            lines.push(format!("overrides: {}", self.overrides));
        }
        lines.push(format!(
            "runs: {} to list, {} listed already; grades: {}",
            self.runs, self.runs_listed, self.grades
        ));
        lines.extend(self.notes.iter().map(|note| format!("note: {note}")));
        lines.extend(self.backups.iter().map(|path| format!("backup: {}", path.display())));
        lines.join("\n")
    }
}

fn nothing(from: &MigrateFrom) -> OpError {
    let places = from.installation.iter().chain(&from.codex_home).chain(&from.workspaces);
    let places: Vec<String> = places.map(|path| path.display().to_string()).collect();
    OpError::new(
        ErrorKind::NotFound,
        format!("nothing of claude-code-orchestrator-skill was found in {}", places.join(", ")),
        "name its folder with --from, and the projects it worked on with --runs-of",
    )
}
