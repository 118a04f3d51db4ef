//! Decisions, kept so that they can be replayed against another version of a plugin.

use cc_domain::{PluginRef, RunId};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::{Result, Store};

/// One decision: what was asked, what there was to choose from, what came out and which plugins spoke.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The run it was made for, when there was one.
    pub run_id: Option<RunId>,
    /// RFC 3339, UTC.
    pub at: String,
    /// `route`, `score`, `review` and so on.
    pub kind: String,
    /// As it was asked.
    pub request: Value,
    /// What could be chosen; null when the kind has none.
    pub candidates: Value,
    /// What came out.
    pub outcome: Value,
    /// The plugins that spoke, with their digests.
    pub plugins: Vec<PluginRef>,
}

impl Store {
    /// Keeps a decision.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn record_decision(&self, decision: &Decision) -> Result<()> {
        let plugins = serde_json::to_string(&decision.plugins).unwrap_or_default();
        let at_ms = decision.at.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond);
        self.sql("record a decision", |db| {
            db.prepare(
                "INSERT INTO decisions (run_id, at, at_ms, kind, request, candidates, outcome, plugins)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                decision.run_id.as_ref().map(RunId::as_str),
                decision.at,
                at_ms,
                decision.kind,
                decision.request.to_string(),
                decision.candidates.to_string(),
                decision.outcome.to_string(),
                plugins,
            ])
        })
        .map(drop)
    }

    /// The newest decisions first: those of one run, or all.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn decisions(&self, run: Option<&RunId>, limit: u32) -> Result<Vec<Decision>> {
        let of_run = if run.is_some() { "run_id = ?1" } else { "?1 IS NULL" };
        let select = format!(
            "SELECT run_id, at, kind, request, candidates, outcome, plugins FROM decisions
             WHERE {of_run} ORDER BY at_ms DESC, rowid DESC LIMIT ?2"
        );
        self.sql("list decisions", |db| {
            db.prepare(&select)?.query_map(params![run.map(RunId::as_str), limit], decision)?.collect()
        })
    }
}

/// The newest decisions of a kind first, whatever the database's version: this table has been there from the first.
pub(crate) fn newest_of(db: &Connection, kind: &str, limit: u32) -> rusqlite::Result<Vec<Decision>> {
    db.prepare(
        "SELECT run_id, at, kind, request, candidates, outcome, plugins FROM decisions
         WHERE kind = ?1 ORDER BY at_ms DESC, rowid DESC LIMIT ?2",
    )?
    .query_map(params![kind, limit], decision)?
    .collect()
}

fn decision(row: &Row<'_>) -> rusqlite::Result<Decision> {
    let json = |i: usize| -> rusqlite::Result<Value> {
        Ok(serde_json::from_str(&row.get::<_, String>(i)?).unwrap_or_default())
    };
    Ok(Decision {
        run_id: row.get::<_, Option<String>>(0)?.and_then(|id| id.parse().ok()),
        at: row.get(1)?,
        kind: row.get(2)?,
        request: json(3)?,
        candidates: json(4)?,
        outcome: json(5)?,
        plugins: serde_json::from_value(json(6)?).unwrap_or_default(),
    })
}
