//! Opening `state.db` and bringing it to this version.

use std::{
    fs::OpenOptions,
    path::PathBuf,
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

/// Step N brings a database of version N to version N + 1. Published steps never change, and only add: tables, columns,
/// indexes. So a database that was taken back to an earlier version ([`take_back`]) loses nothing.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1-runs-and-decisions.sql"),
    include_str!("schema/2-supervision.sql"),
    include_str!("schema/3-queue.sql"),
    include_str!("schema/4-ledger.sql"),
    include_str!("schema/5-quality.sql"),
    include_str!("schema/6-benchmarks.sql"),
    include_str!("schema/7-plugin-failures.sql"),
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
        match try_open(home) {
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

fn try_open(home: &Home) -> rusqlite::Result<Opened> {
    let mut db = Connection::open(home.state_db())?;
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // The version is looked at first: a newer database is left exactly as it is.
    if stored_version(&db)? > version() {
        return Ok(Opened::Newer(stored_version(&db)?));
    }
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "normal")?;
    db.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut db, home)
        .map(|newer| if newer > version() { Opened::Newer(newer) } else { Opened::Ready(db) })
}

/// All missing steps in one transaction, after a copy of what is there. Gives the version found, once nobody else can
/// change it.
fn migrate(db: &mut Connection, home: &Home) -> rusqlite::Result<u32> {
    if stored_version(db)? == version() {
        return Ok(version());
    }
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = stored_version(&tx)?;
    if found < version() {
        if found > 0 {
            // Nobody can write now, so the copy is what the steps start from.
            back_up(home, found)?;
        }
        take_steps(&tx, found)?;
        tx.pragma_update(None, "user_version", version())?;
    }
    tx.commit()?;
    Ok(found)
}

/// The steps that this database has not seen. Which it has, it says itself: its version may have been taken back.
fn take_steps(db: &Connection, found: u32) -> rusqlite::Result<()> {
    db.execute_batch("CREATE TABLE IF NOT EXISTS schema_steps (step INTEGER PRIMARY KEY NOT NULL) STRICT")?;
    for (step, sql) in (1_u32..).zip(MIGRATIONS) {
        let seen = step <= found
            || db.query_row("SELECT count(*) FROM schema_steps WHERE step = ?1", [step], |row| {
                row.get::<_, u32>(0)
            })? > 0;
        if !seen {
            db.execute_batch(sql)?;
        }
        db.execute("INSERT OR IGNORE INTO schema_steps VALUES (?1)", [step])?;
    }
    Ok(())
}

/// Copies the database into `backups/`, through SQLite: its log counts, and no transaction is torn.
fn back_up(home: &Home, version: u32) -> rusqlite::Result<PathBuf> {
    let target = home.free_backup(&format!("state-{version}.db")).map_err(outside)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    os::private(&mut options).open(&target).map_err(outside)?;
    Connection::open(home.state_db())?.backup("main", &target, None::<fn(rusqlite::backup::Progress)>)?;
    Ok(target)
}

fn outside(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::ToSqlConversionFailure(Box::new(error))
}

/// Lets an earlier binary open the database, which keeps every row and table it does not know. Gives where it was
/// copied to before.
pub(crate) fn take_back(home: &Home, to: u32) -> Result<PathBuf> {
    let path = home.state_db();
    let failed = |source| StoreError::Sql { action: "take back", path: path.clone(), source };
    let mut db = open(home)?;
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let copy = back_up(home, version()).map_err(failed)?;
    tx.pragma_update(None, "user_version", to.clamp(1, version())).map_err(failed)?;
    tx.commit().map_err(failed)?;
    Ok(copy)
}

/// Reads a home's database as it is, of whatever version; none where there is none. Changes nothing.
pub(crate) fn look<T>(
    home: &Home,
    read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let path = home.state_db();
    if !path.is_file() {
        return Ok(None);
    }
    let open = || {
        let db = Connection::open_with_flags(&path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        db.busy_timeout(BUSY)?;
        read(&db)
    };
    open().map(Some).map_err(|source| StoreError::Sql { action: "read", path: path.clone(), source })
}

pub(crate) fn stored_version(db: &Connection) -> rusqlite::Result<u32> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[expect(clippy::cast_possible_truncation, reason = "a handful of steps")]
pub(crate) const fn version() -> u32 {
    MIGRATIONS.len() as u32
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
            self::published(&home, published);
            let db = open(&home).unwrap();
            assert_eq!((stored_version(&db).unwrap(), decisions(&db)), (version(), 1));
        }
    }

    /// A database of a published version, with a row.
    fn published(home: &Home, published: u32) {
        let old = Connection::open(home.state_db()).unwrap();
        MIGRATIONS[..published as usize].iter().for_each(|step| old.execute_batch(step).unwrap());
        old.pragma_update(None, "user_version", published).unwrap();
        old.execute("INSERT INTO decisions VALUES (NULL, 'at', 1, 'route', '{}', '[]', '{}', '[]')", [])
            .unwrap();
    }

    fn decisions(db: &Connection) -> u32 {
        db.query_row("SELECT count(*) FROM decisions", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_is_migrated_was_copied_before() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        published(&home, 1);
        drop(open(&home).unwrap());
        let copies = || -> Vec<PathBuf> {
            let all = std::fs::read_dir(home.backups()).unwrap().map(|entry| entry.unwrap().path());
            all.filter(|path| path.extension().is_some_and(|extension| extension == "db")).collect()
        };
        let copy = Connection::open(&copies()[0]).unwrap();
        assert_eq!((copies().len(), stored_version(&copy).unwrap(), decisions(&copy)), (1, 1, 1));
        drop(open(&home).unwrap());
        assert_eq!(copies().len(), 1, "there was nothing more to migrate");
    }

    #[test]
    fn there_and_back_and_there_again_loses_nothing() {
        for back_to in 1..version() {
            let dir = tempfile::tempdir().unwrap();
            let home = Home::at(dir.path());
            published(&home, back_to);
            let tables = |db: &Connection| -> Vec<String> {
                let mut all = db.prepare("SELECT sql FROM sqlite_schema ORDER BY name").unwrap();
                let all = all.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
                all.map(|sql| sql.unwrap().unwrap_or_default()).collect()
            };
            let before = tables(&open(&home).unwrap());
            let copy = take_back(&home, back_to).unwrap();
            assert!(copy.is_file());
            assert_eq!(look(&home, stored_version).unwrap(), Some(back_to));
            let earlier = Connection::open(home.state_db()).unwrap();
            earlier
                .execute("INSERT INTO decisions VALUES (NULL, 'at', 1, 'route', '{}', '[]', '{}', '[]')", [])
                .unwrap();
            drop(earlier);
            let again = open(&home).unwrap();
            assert_eq!((decisions(&again), tables(&again)), (2, before));
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
