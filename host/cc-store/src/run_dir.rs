//! The folder of one run.

use std::path::{Path, PathBuf};

use cc_domain::{RunId, RunRecord};
use serde_json::Value;

use crate::{FileLock, Result, StoreError, create_private_dir, predecessor, read_bounded, write_atomic};

/// `metadata.json` holds the final answer, which is bounded far below this.
const MAX_RECORD: u64 = 16 << 20;

/// The folder of one run, and where in it things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// A run whose folder and row exist and whose worker does not yet.
///
/// While this value lives the run counts as starting; once it is dropped, the run's supervisor has taken
/// over or the run is lost.
#[derive(Debug)]
pub struct CreatedRun {
    /// The folder.
    pub dir: RunDir,
    pub(crate) _launching: FileLock,
}

impl RunDir {
    /// Where the product keeps a project's runs, reports and the like: the folder with `runs` in it.
    #[must_use]
    pub fn artifact_root(workspace_root: &Path) -> PathBuf {
        workspace_root.join(".agent-workspace").join("claude-code-orchestrator")
    }

    /// The folder of a run of that project.
    #[must_use]
    pub fn of(workspace_root: &Path, id: &RunId) -> Self {
        Self { path: Self::artifact_root(workspace_root).join("runs").join(id.as_str()) }
    }

    /// The run's folder, wherever it is.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The record.
    #[must_use]
    pub fn metadata(&self) -> PathBuf {
        self.path.join("metadata.json")
    }

    /// The prompt as it may be kept: redacted.
    #[must_use]
    pub fn prompt(&self) -> PathBuf {
        self.path.join("prompt.txt")
    }

    /// What happened, one event a line.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.path.join("events.ndjson")
    }

    /// The worker's standard output, redacted.
    #[must_use]
    pub fn stdout(&self) -> PathBuf {
        self.path.join("stdout.txt")
    }

    /// The worker's raw stream, redacted and compressed (gzip), for audit.
    #[must_use]
    pub fn stream(&self) -> PathBuf {
        self.path.join("stream.ndjson.gz")
    }

    /// The worker's standard error, redacted.
    #[must_use]
    pub fn stderr(&self) -> PathBuf {
        self.path.join("stderr.txt")
    }

    /// `verification.json`: the last verification of the run.
    #[must_use]
    pub fn verification(&self) -> PathBuf {
        self.path.join("verification.json")
    }

    /// `secrets.json`: what secrets the worker printed, without their values.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.path.join("secrets.json")
    }

    /// Held by the supervisor while it lives.
    #[must_use]
    pub fn supervisor_lock(&self) -> PathBuf {
        self.path.join("supervisor.lock")
    }

    /// Held by the launcher until the supervisor has taken over.
    #[must_use]
    pub fn launch_lock(&self) -> PathBuf {
        self.path.join("launch.lock")
    }

    /// Reads the record as it stands; `Store::run` also notices a lost run.
    ///
    /// # Errors
    /// When it is missing, unreadable or of a newer format.
    pub fn read_record(&self) -> Result<RunRecord> {
        let path = self.metadata();
        let corrupt = |e: serde_json::Error| StoreError::Corrupt {
            path: path.clone(),
            what: "a run record",
            reason: e.to_string(),
        };
        let value: Value = serde_json::from_slice(&read_bounded(&path, MAX_RECORD)?).map_err(corrupt)?;
        match value["format"].as_u64() {
            Some(found) if found > u64::from(RunRecord::FORMAT) => {
                Err(StoreError::NewerRecord { path, found, known: RunRecord::FORMAT })
            }
            None if predecessor::is_its(&value) => {
                predecessor::record(&value, &self.path).ok_or_else(|| StoreError::Corrupt {
                    path: path.clone(),
                    what: "a run record",
                    reason: "it names no run".into(),
                })
            }
            _ => serde_json::from_value(value).map_err(corrupt),
        }
    }

    pub(crate) fn write_record(&self, record: &RunRecord) -> Result<()> {
        let path = self.metadata();
        let json = serde_json::to_vec_pretty(record).map_err(|e| StoreError::Corrupt {
            path: path.clone(),
            what: "a run record",
            reason: e.to_string(),
        })?;
        write_atomic(&path, &json)
    }

    /// Makes the folder, and hides the product's folder from git before anything is in it.
    pub(crate) fn create(&self, workspace_root: &Path) -> Result<()> {
        let hidden = workspace_root.join(".agent-workspace");
        create_private_dir(&hidden)?;
        let ignore = hidden.join(".gitignore");
        if !ignore.exists() {
            write_atomic(&ignore, b"*\n")?;
        }
        if let Some(runs) = self.path.parent() {
            create_private_dir(runs)?;
        }
        if self.path.exists() {
            let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(StoreError::io("create", &self.path)(taken));
        }
        create_private_dir(&self.path)
    }
}
