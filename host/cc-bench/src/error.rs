//! What can be wrong with a suite.

use std::{io, path::PathBuf};

/// What happened, to which file, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// Such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file of the suite is not as it should be.
    #[error("{file} of the suite: {reason}")]
    Malformed {
        /// Relative to the suite's folder.
        file: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// More than a suite may hold.
    #[error("{} holds {what}; a suite is small: move the rest elsewhere", path.display())]
    TooMuch {
        /// The folder.
        path: PathBuf,
        /// Such as `more than 2000 files`.
        what: String,
    },
}

impl SuiteError {
    pub(crate) fn malformed(file: impl Into<String>, reason: impl ToString) -> Self {
        Self::Malformed { file: file.into(), reason: reason.to_string() }
    }

    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
