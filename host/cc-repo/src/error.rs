//! What can go wrong with a project's history.

use std::{io, path::PathBuf};

/// What every fallible call of this crate gives.
pub type Result<T, E = RepoError> = std::result::Result<T, E>;

/// What happened, to what, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// There is no git.
    #[error("git cannot be started ({0}); install git 2.40 or newer, or put it on the PATH")]
    GitMissing(io::Error),
    /// It lacks what is needed.
    #[error("git {0} is too old; install git 2.40 or newer")]
    GitTooOld(String),
    /// A git command failed.
    #[error("git {command} failed in {}: {reason}", place.display())]
    Git {
        /// Its subcommand.
        command: String,
        /// The repository.
        place: PathBuf,
        /// What git said.
        reason: String,
    },
    /// A git command took too long and was ended.
    #[error(
        "git {command} did not end within {seconds} s in {}; check whether the disk answers, then try again",
        place.display()
    )]
    TimedOut {
        /// Its subcommand.
        command: String,
        /// The repository.
        place: PathBuf,
        /// The limit.
        seconds: u64,
    },
    /// A git command said more than anything of ours needs.
    #[error("git {command} printed more than {limit} bytes in {}; the project is too large", place.display())]
    TooMuch {
        /// Its subcommand.
        command: String,
        /// The repository.
        place: PathBuf,
        /// The limit.
        limit: usize,
    },
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
    /// There is too much to keep.
    #[error(
        "{} is too large to be kept as it is: it has more than {most}; work in a folder of its own, or in a repository",
        root.display()
    )]
    TooLarge {
        /// The project.
        root: PathBuf,
        /// How many of what.
        most: String,
    },
    /// What git or a file of ours says cannot be read.
    #[error("{what} cannot be read: {reason}; take a new snapshot")]
    Corrupt {
        /// Such as `the manifest of a snapshot`.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// No such snapshot.
    #[error("there is no snapshot '{name}' in {}; nothing can be compared or rolled back", root.display())]
    NoSnapshot {
        /// Which.
        name: String,
        /// The project.
        root: PathBuf,
    },
    /// Somebody changed the same things since; nothing was done.
    #[error("nothing was changed, because somebody changed since: {}", places.join(", "))]
    Conflict {
        /// What, and how.
        places: Vec<String>,
    },
    /// A rollback that stopped half way.
    #[error("the rollback stopped half way: {source}; undo it to get back what was there")]
    HalfWay {
        /// Why.
        source: Box<RepoError>,
    },
    /// A pattern of a write scope.
    #[error("'{pattern}' is not a pattern: {reason}; patterns are written as in .gitignore")]
    Pattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl RepoError {
    /// For `map_err` on a file operation.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
