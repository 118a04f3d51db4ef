//! Opening `state.db` and bringing it to this version.

use std::{
    fs::OpenOptions,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, Error, ErrorCode, TransactionBehavior};

use crate::{Home, Result, StoreError, os};

/// How long one statement waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(10);
/// How long opening goes on trying: some locks of a first opening are refused without waiting.
const PATIENCE: Duration = Duration::from_secs(20);
/// Statements that are kept prepared: about as many as there are.
const STATEMENTS: usize = 64;

/// Step N brings a database of version N to version N + 1. Published steps never change.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1-runs-and-decisions.sql"),
    include_str!("schema/2-supervision.sql"),
    include_str!("schema/3-queue.sql"),
    include_str!("schema/4-ledger.sql"),
    include_str!("schema/5-quality.sql"),
];

/// A connection to the home's database, at this binary's version.
pub(crate) fn open(home: &Home) -> Result<Connection> {
    let path = home.state_db();
    home.create()?;
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    os::private(&mut options).open(&path).map_err(StoreError::io("open", &path))?;

    let give_up = Instant::now() + PATIENCE;
    loop {
        match try_open(&path) {
            Ok(Opened::Ready(connection)) => return Ok(connection),
            Ok(Opened::Newer(found)) => {
                return Err(StoreError::NewerDatabase { path, found, known: version() });
            }
            Err(e) if is_busy(&e) && Instant::now() < give_up => thread::sleep(Duration::from_millis(10)),
            Err(source) => return Err(StoreError::Sql { action: "open", path, source }),
        }
    }
}

enum Opened {
    Ready(Connection),
    Newer(u32),
}

fn try_open(path: &Path) -> rusqlite::Result<Opened> {
    let mut db = Connection::open(path)?;
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // The version is looked at first: a newer database is left exactly as it is.
    if stored_version(&db)? > version() {
        return Ok(Opened::Newer(stored_version(&db)?));
    }
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "normal")?;
    db.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut db).map(|newer| if newer > version() { Opened::Newer(newer) } else { Opened::Ready(db) })
}

/// All missing steps in one transaction. Gives the version found, once nobody else can change it.
fn migrate(db: &mut Connection) -> rusqlite::Result<u32> {
    if stored_version(db)? == version() {
        return Ok(version());
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = stored_version(&tx)?;
    for step in MIGRATIONS.iter().skip(found as usize) {
        tx.execute_batch(step)?;
    }
    if found < version() {
        tx.pragma_update(None, "user_version", version())?;
    }
    tx.commit()?;
    Ok(found)
}

#[expect(clippy::cast_possible_truncation, reason = "a handful of steps")]
const fn version() -> u32 {
    MIGRATIONS.len() as u32
}

fn stored_version(db: &Connection) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_first_openings_at_once_all_work() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().join("home"));
        let gate = std::sync::Barrier::new(20);
        thread::scope(|scope| {
            let all: Vec<_> = (0..20)
                .map(|_| {
                    scope.spawn(|| {
                        gate.wait();
                        open(&home).map(|db| stored_version(&db).unwrap())
                    })
                })
                .collect();
            for one in all {
                assert_eq!(one.join().unwrap().unwrap(), version());
            }
        });
    }

    #[test]
    fn every_published_version_is_brought_to_this_one_with_its_rows() {
        for published in 1..version() {
            let dir = tempfile::tempdir().unwrap();
            let home = Home::at(dir.path());
            let old = Connection::open(home.state_db()).unwrap();
            MIGRATIONS[..published as usize].iter().for_each(|step| old.execute_batch(step).unwrap());
            old.pragma_update(None, "user_version", published).unwrap();
            old.execute("INSERT INTO decisions VALUES (NULL, 'at', 1, 'route', '{}', '[]', '{}', '[]')", [])
                .unwrap();
            drop(old);
            let db = open(&home).unwrap();
            let rows: u32 = db.query_row("SELECT count(*) FROM decisions", [], |row| row.get(0)).unwrap();
            assert_eq!((stored_version(&db).unwrap(), rows), (version(), 1));
        }
    }

    #[test]
    fn a_newer_database_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let other = Connection::open(home.state_db()).unwrap();
        other.pragma_update(None, "user_version", 99).unwrap();
        drop(other);
        let before = std::fs::read(home.state_db()).unwrap();
        let error = open(&home).unwrap_err();
        assert!(error.to_string().contains("has version 99"), "{error}");
        assert!(error.to_string().contains("upgrade this cc-orchestrator"), "{error}");
        assert_eq!(std::fs::read(home.state_db()).unwrap(), before);
    }

    #[test]
    fn the_connection_is_set_up_for_many_processes() {
        let dir = tempfile::tempdir().unwrap();
        let db = open(&Home::at(dir.path())).unwrap();
        let mode: String = db.pragma_query_value(None, "journal_mode", |r| r.get(0)).unwrap();
        let keys: bool = db.pragma_query_value(None, "foreign_keys", |r| r.get(0)).unwrap();
        assert_eq!((mode.as_str(), keys), ("wal", true));
    }
}
