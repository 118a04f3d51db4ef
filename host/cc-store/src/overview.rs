//! What many runs come to: counts and sums, from the index alone.

use cc_domain::TeamId;
use rusqlite::{Connection, Row, ToSql};
use serde_json::Value;

use crate::{Result, RunFilter, Store, runs};

/// How many runs there are, how they ended and what they used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunSums {
    /// All of them.
    pub runs: u64,
    /// Not ended yet.
    pub active: u64,
    /// Ended well.
    pub succeeded: u64,
    /// Failed, timed out or lost.
    pub failed: u64,
    /// Known USD.
    pub usd: f64,
    /// Tokens of all kinds.
    pub tokens: u64,
}

/// What occurs in the index, for filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Roles.
    pub roles: Vec<String>,
    /// Routed models.
    pub models: Vec<String>,
    /// CC Switch's id and name.
    pub profiles: Vec<(String, String)>,
    /// Projects' folders.
    pub projects: Vec<String>,
}

const TOKENS: &str = "input_tokens + output_tokens + cache_read_tokens + cache_write_tokens";
/// Names of each kind that filters offer.
const MOST_NAMES: u32 = 200;

impl Store {
    /// The sums of every run that passes the filter; its limit and offset do not count.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn run_sums(&self, filter: &RunFilter) -> Result<RunSums> {
        let (conditions, values) = runs::conditions(filter);
        let select = format!(
            "SELECT count(*), coalesce(sum(active), 0), coalesce(sum(status = 'succeeded'), 0),
                    coalesce(sum(status IN ('failed', 'timed_out', 'lost')), 0),
                    coalesce(sum(cost_usd), 0.0), coalesce(sum({TOKENS}), 0)
             FROM runs {conditions}"
        );
        let values: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
        self.sql("sum up runs", |db| db.prepare(&select)?.query_row(values.as_slice(), sums))
    }

    /// What occurs in the index.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn names(&self) -> Result<Names> {
        self.sql("list what runs are of", |db| {
            Ok(Names {
                roles: distinct(db, "role")?,
                models: distinct(db, "model")?,
                projects: distinct(db, "workspace_root")?,
                profiles: db
                    .prepare("SELECT profile_id, max(profile_name) FROM runs GROUP BY profile_id ORDER BY 2 LIMIT 200")?
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<rusqlite::Result<_>>()?,
            })
        })
    }

    /// The newest teams' manifests.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn teams(&self, limit: u32) -> Result<Vec<(TeamId, Value)>> {
        let select = "SELECT team_id, manifest FROM teams ORDER BY created_ms DESC, team_id DESC LIMIT ?1";
        let rows: Vec<(String, String)> = self.sql("list teams", |db| {
            db.prepare(select)?.query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        let read = |(id, manifest): (String, String)| {
            Some((id.parse().ok()?, serde_json::from_str(&manifest).unwrap_or_default()))
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// A number that changes when another connection has written to the database. Cheap: nothing is read.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn data_version(&self) -> Result<i64> {
        self.sql("look for changes", |db| db.query_row("PRAGMA data_version", [], |row| row.get(0)))
    }
}

fn sums(row: &Row<'_>) -> rusqlite::Result<RunSums> {
    Ok(RunSums {
        runs: count(row, 0)?,
        active: count(row, 1)?,
        succeeded: count(row, 2)?,
        failed: count(row, 3)?,
        usd: row.get(4)?,
        tokens: count(row, 5)?,
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or_default())
}

/// `column` is one of ours.
fn distinct(db: &Connection, column: &str) -> rusqlite::Result<Vec<String>> {
    let select = format!(
        "SELECT DISTINCT {column} FROM runs WHERE {column} IS NOT NULL ORDER BY {column} LIMIT {MOST_NAMES}"
    );
    db.prepare(&select)?.query_map([], |row| row.get(0))?.collect()
}
