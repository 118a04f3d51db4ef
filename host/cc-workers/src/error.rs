//! What can go wrong with workers.

use std::{io, path::PathBuf};

use cc_store::StoreError;

/// What happened, to what, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// Claude Code is not installed where we look.
    #[error(
        "Claude Code was not found ({tried}): install it from https://claude.com/claude-code, \
         or set CLAUDE_CODE_BIN to its program file"
    )]
    NoClaude {
        /// Where we looked.
        tried: String,
    },
    /// `CLAUDE_CODE_BIN` names no program.
    #[error("CLAUDE_CODE_BIN names {}, which is no program file: correct it or unset it", .0.display())]
    BadClaude(PathBuf),
    /// Claude Code does not say its version.
    #[error("{} --version {reason}: run it by hand to see why", path.display())]
    NoVersion {
        /// The program.
        path: PathBuf,
        /// What it did instead.
        reason: String,
    },
    /// The folder for short-lived secrets is not safe to use.
    #[error("{} cannot hold secrets: {reason}; remove it, or set XDG_RUNTIME_DIR to a folder of your own", path.display())]
    UnsafeFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The system refused a file or process operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// Such as `start`.
        action: &'static str,
        /// The file or program.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The supervisor did not take the run over.
    #[error("the supervisor did not take over the run: {0}")]
    NotTakenOver(String),
    /// A file or message of ours is not what it should be.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// Such as `the launch specification`.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// State could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WorkerError {
    /// For `map_err` on a file or process operation.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
