//! What a run of a role usually takes, by what ended runs took.

use cc_domain::{Role, RunMode, RunStatus, Usage};
use rusqlite::Row;

use crate::{Result, Store};

/// Runs that are looked at, newest first.
const RUNS: u32 = 200;

/// The usual run: the median of each figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typical {
    /// Runs it is the median of; at least one.
    pub runs: usize,
    /// Tokens.
    pub usage: Usage,
    /// From the worker's start to its end.
    pub duration_ms: u64,
}

impl Store {
    /// The usual run of a role, or of all roles together; none before one has succeeded. Demo runs do not count.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn typical_run(&self, role: Option<&Role>) -> Result<Option<Typical>> {
        let select = format!(
            "SELECT input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, coalesce(duration_ms, 0)
             FROM runs WHERE status = '{}' AND mode <> '{}' AND (?1 IS NULL OR role = ?1)
                 AND input_tokens + output_tokens > 0
             ORDER BY started_ms DESC, run_id DESC LIMIT {RUNS}",
            RunStatus::Succeeded.as_str(),
            RunMode::Demo.as_str(),
        );
        let rows = self.sql("sum up runs", |db| {
            let rows: rusqlite::Result<Vec<[i64; 5]>> =
                db.prepare(&select)?.query_map([role.map(Role::as_str)], figures)?.collect();
            rows
        })?;
        Ok((!rows.is_empty()).then(|| Typical::of(&rows)))
    }
}

fn figures(row: &Row<'_>) -> rusqlite::Result<[i64; 5]> {
    Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
}

impl Typical {
    fn of(rows: &[[i64; 5]]) -> Self {
        let median = |column: usize| {
            let mut all: Vec<i64> = rows.iter().map(|row| row[column]).collect();
            all.sort_unstable();
            u64::try_from(all[all.len() / 2]).unwrap_or_default()
        };
        Self {
            runs: rows.len(),
            usage: Usage {
                input_tokens: median(0),
                output_tokens: median(1),
                cache_read_tokens: median(2),
                cache_write_tokens: median(3),
            },
            duration_ms: median(4),
        }
    }
}
