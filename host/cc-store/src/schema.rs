//! The database's form: which version it has, how much is in it, and the way back to an earlier version.

use std::{collections::BTreeMap, path::PathBuf};

use rusqlite::Connection;

use crate::{Decision, Home, Result, db, decisions};

/// A home's database as it is found, of whatever version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its version.
    pub version: u32,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// The version that this binary writes.
#[must_use]
pub fn known_version() -> u32 {
    db::version()
}

/// What a home's database holds; none where there is none. Changes nothing.
///
/// # Errors
/// When it cannot be read.
pub fn found(home: &Home) -> Result<Option<Found>> {
    db::look(home, |db| Ok(Found { version: db::stored_version(db)?, rows: rows(db)? }))
}

/// The newest decisions, read from a database of whatever version. Changes nothing.
///
/// # Errors
/// When it cannot be read.
pub fn decisions_of(home: &Home, kind: &str, limit: u32) -> Result<Vec<Decision>> {
    Ok(db::look(home, |db| decisions::newest_of(db, kind, limit))?.unwrap_or_default())
}

/// Lets an earlier binary open the database again. Every row and table stays, also those that it does not know. Gives
/// the copy that was made before.
///
/// # Errors
/// When it cannot be copied or written.
pub fn take_back(home: &Home, to: u32) -> Result<PathBuf> {
    db::take_back(home, to)
}

fn rows(db: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let names: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let count = |name: String| {
        // A name from the database itself, quoted.
        let select = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let rows: i64 = db.query_row(&select, [], |row| row.get(0))?;
        Ok((name, u64::try_from(rows).unwrap_or_default()))
    };
    names.into_iter().map(count).collect()
}
