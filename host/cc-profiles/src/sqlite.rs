//! Opening CC Switch's database without getting in its way.
//!
//! The application uses a rollback journal and no busy timeout worth the name: a read transaction of ours that stays
//! open makes its commit fail. So everything is read in one short step. A journal left by a crash ("hot") cannot be
//! rolled back through a read-only connection, and ignoring it would return torn rows; then a private copy is
//! recovered and read instead.

use std::{
    path::{Path, absolute},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{ProfileError, snapshot};

/// How long a locked database is waited for.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Between two tries to copy a database that changes meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs `read` on a consistent view of the database and closes it.
///
/// # Errors
/// [`ProfileError::Busy`] when it stays locked, else what SQLite or the system said.
pub(crate) fn read<T>(
    path: &Path,
    read: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> Result<T, ProfileError> {
    let start = Instant::now();
    loop {
        let error = match attempt(path, OpenFlags::SQLITE_OPEN_READ_ONLY, &read) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if !is_only_readable_as_copy(&error) {
            return Err(explain(path, error));
        }
        if let Some(copy) = snapshot::copy(path)? {
            return attempt(&copy.database, OpenFlags::SQLITE_OPEN_READ_WRITE, &read)
                .map_err(|error| explain(path, error));
        }
        if start.elapsed() > PATIENCE {
            return Err(busy(path));
        }
        thread::sleep(PAUSE);
    }
}

fn attempt<T>(
    path: &Path,
    access: OpenFlags,
    read: &impl Fn(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    // An absolute path and no URI flag: SQLite takes `file:` names apart, and `?`, `#` and `%` in one would open,
    // and even create, another file. An absolute path never begins that way.
    let path = absolute(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    // The schema is foreign: its views and triggers get no functions with side effects.
    connection.execute_batch("PRAGMA trusted_schema = OFF; BEGIN")?;
    read(&connection)
}

/// A hot journal, or a write-ahead log in a folder where its index cannot be made.
fn is_only_readable_as_copy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen))
}

fn explain(path: &Path, source: rusqlite::Error) -> ProfileError {
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => busy(path),
        _ => ProfileError::Database { path: path.to_owned(), source },
    }
}

fn busy(path: &Path) -> ProfileError {
    ProfileError::Busy {
        path: path.to_owned(),
        waited_ms: u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
    }
}
