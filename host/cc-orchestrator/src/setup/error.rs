//! What can go wrong, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why nothing was set up. The client's file is untouched in every case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    #[error("no home folder is known: set HOME, or CODEX_HOME to Codex's folder")]
    NoHome,
    #[error("this program cannot tell where it is ({0}): start it by its full path")]
    NoBinary(#[source] io::Error),
    #[error("the current folder cannot be read ({0}): change into the project first")]
    NoProject(#[source] io::Error),
    #[error("{path} cannot be read: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is larger than {limit} bytes: that is no configuration file; nothing was written")]
    TooLarge { path: PathBuf, limit: u64 },
    #[error(
        "{path} is not UTF-8 text (byte {byte}): save it as UTF-8 and run this again; nothing was written"
    )]
    NotText { path: PathBuf, byte: usize },
    #[error("{path} is a symbolic link to a file that does not exist: create that file or remove the link")]
    DanglingLink { path: PathBuf },
    #[error("{path}: {source}; nothing was written")]
    Edit { path: PathBuf, source: EditError },
    #[error("{path} was changed by someone else meanwhile: nothing was written; run this again")]
    Changed { path: PathBuf },
    #[error("the backup in {folder} cannot be written ({source}), so {path} was left as it is")]
    Backup { path: PathBuf, folder: PathBuf, source: io::Error },
    #[error("{path} cannot be written: {source}; it was left as it is")]
    Write { path: PathBuf, source: io::Error },
}

/// Why a configuration text could not be edited.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum EditError {
    #[error("not valid {language}, so the client cannot read it either: {reason}")]
    Malformed { language: &'static str, reason: String },
    #[error("`{what}` is not a table of servers: correct it by hand first")]
    Shape { what: &'static str },
    #[error(
        "the entry `{0}` is a remote server (it has a `url`), not one of ours: rename or remove it first"
    )]
    Remote(&'static str),
    #[error(
        "the entry could not be changed without touching other settings: paste it from docs/setup.md instead"
    )]
    Entangled,
}

/// Says in which file an edit failed.
pub(super) fn at(path: &Path) -> impl Fn(EditError) -> SetupError {
    move |source| SetupError::Edit { path: path.to_owned(), source }
}
