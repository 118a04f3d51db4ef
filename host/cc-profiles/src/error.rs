//! What can go wrong, and what to do then.

use std::{io, path::PathBuf};

/// Why CC Switch could not be read, or a profile could not be chosen. Never shows a credential.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Another program holds the database for itself.
    #[error(
        "CC Switch's database {} stayed locked for {waited_ms} ms: try again in a moment, and restart CC Switch if it lasts",
        path.display()
    )]
    Busy {
        /// The database.
        path: PathBuf,
        /// How long it was waited for.
        waited_ms: u64,
    },
    /// SQLite cannot make sense of the database.
    #[error(
        "CC Switch's database {} cannot be read ({source}): open CC Switch to check it, or restore one of its backups",
        path.display()
    )]
    Database {
        /// The database.
        path: PathBuf,
        /// SQLite's own words.
        source: rusqlite::Error,
    },
    /// A file cannot be read.
    #[error("{} cannot be read ({source}): check that it exists and that you may read it", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// A file is larger than any that CC Switch writes.
    #[error("{} is larger than {limit} bytes and was not read: check that it belongs to CC Switch", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes.
        limit: u64,
    },
    /// A `config.json` from before CC Switch kept several applications in it.
    #[error(
        "{} is in CC Switch's first format, which is no longer read: start a current CC Switch once so that it converts it",
        path.display()
    )]
    LegacyVersion {
        /// The file.
        path: PathBuf,
    },
    /// A `config.json` that is no store.
    #[error("{} is not a CC Switch store ({detail}): correct it, or start CC Switch to have it written anew", path.display())]
    LegacyFormat {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// No profile has that id or name.
    #[error("no profile has the id or the name '{query}'; choose one of: {choices}")]
    Unknown {
        /// What was asked for.
        query: String,
        /// Names and ids.
        choices: String,
    },
    /// Several profiles have that name.
    #[error("several profiles are named '{name}'; choose by id, one of: {choices}")]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Names and ids.
        choices: String,
    },
    /// No worker can be started on that profile.
    #[error("profile '{name}' ({id}) cannot run a worker: {reason}")]
    NotUsable {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Why, in a sentence.
        reason: String,
    },
}
