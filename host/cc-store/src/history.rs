//! How the models did so far, as routing asks for it.

use cc_domain::{Role, RunMode, RunStatus};
use rusqlite::Row;

use crate::{Result, Store, runs::mode_name};

/// Runs that are looked at, newest first: a model is judged by how it does now, and routing must stay quick.
const RUNS: u32 = 1_000;

/// What became of the runs of one model on one profile in one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// CC Switch's id.
    pub profile_id: String,
    /// The routed model; none for the provider's default.
    pub model: Option<String>,
    /// The workers' role.
    pub role: Role,
    /// Runs that succeeded, failed or timed out.
    pub runs: u32,
    /// Those that succeeded.
    pub successes: u32,
}

impl Store {
    /// What became of the newest runs. Demo runs, and runs that were stopped or lost, say nothing of a model;
    /// a benchmark's have [`Store::benchmark_scores`].
    ///
    /// # Errors
    /// When the database refuses.
    pub fn history(&self) -> Result<Vec<HistoryLine>> {
        let ended = |status: RunStatus| format!("'{}'", status.as_str());
        let select = format!(
            "SELECT profile_id, model, role, count(*), sum(status = {good}) FROM (
                 SELECT profile_id, model, role, status FROM runs
                 WHERE status IN ({good}, {bad}, {late}) AND mode NOT IN ('{demo}', '{benchmark}')
                 ORDER BY started_ms DESC, run_id DESC LIMIT {RUNS})
             GROUP BY profile_id, model, role ORDER BY profile_id, model, role",
            good = ended(RunStatus::Succeeded),
            bad = ended(RunStatus::Failed),
            late = ended(RunStatus::TimedOut),
            demo = mode_name(RunMode::Demo),
            benchmark = mode_name(RunMode::Benchmark),
        );
        let rows = self.sql("sum up runs", |db| {
            db.prepare(&select)?.query_map([], line)?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        Ok(rows.into_iter().flatten().collect())
    }
}

/// None for a role that this version would not accept.
fn line(row: &Row<'_>) -> rusqlite::Result<Option<HistoryLine>> {
    let role: String = row.get(2)?;
    let Ok(role) = role.parse() else { return Ok(None) };
    let line = HistoryLine {
        profile_id: row.get(0)?,
        model: row.get(1)?,
        role,
        runs: row.get(3)?,
        successes: row.get(4)?,
    };
    Ok(Some(line))
}
