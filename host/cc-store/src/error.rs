//! What can go wrong with state.

use std::{io, path::PathBuf};

use cc_domain::{JobId, Measure, RunId};

/// What happened, to what, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// Such as `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{} refused to {action}: {source}", path.display())]
    Sql {
        /// Such as `list runs`.
        action: &'static str,
        /// The database.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// No home could be found.
    #[error(
        "no home folder is known for this user; set CC_ORCHESTRATOR_HOME to a folder for the product's state"
    )]
    NoHome,
    /// The database belongs to a newer version.
    #[error(
        "{} has version {found}, and this cc-orchestrator knows up to {known}: \
         upgrade this cc-orchestrator, or set CC_ORCHESTRATOR_HOME to another folder", path.display()
    )]
    NewerDatabase {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version this binary knows.
        known: u32,
    },
    /// A run was recorded by a newer version.
    #[error(
        "{} has format {found}, and this cc-orchestrator knows up to {known}: upgrade this cc-orchestrator",
        path.display()
    )]
    NewerRecord {
        /// The record.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format this binary knows.
        known: u32,
    },
    /// A file does not hold what it should.
    #[error("{} cannot be read as {what}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Such as `a run record`.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file is larger than anything the product writes.
    #[error("{} is larger than {limit} bytes; it was not written by cc-orchestrator", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, bytes.
        limit: u64,
    },
    /// No such run in the index.
    #[error("no run {0} is known here; list the runs to see which are")]
    UnknownRun(RunId),
    /// A limit of the cost guard keeps a run from starting.
    #[error("{0}")]
    OverLimit(Box<Measure>),
    /// The run has ended, so nobody may write to it.
    #[error("run {0} has already ended ({1}); start a new run")]
    AlreadyEnded(RunId, &'static str),
    /// No such job in the queue.
    #[error("no job {0} is in the queue")]
    UnknownJob(JobId),
    /// The lease of a claim ended before its run began, or the job was cancelled.
    #[error("the claim on job {0} was lost before its run began; nothing was started")]
    ClaimLost(JobId),
    /// A profile has all the jobs it may have.
    #[error("profile {0} has all the jobs that the queue's policy lets it have at once")]
    ProfileFull(String),
}

impl StoreError {
    /// For `map_err` on a file operation.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
