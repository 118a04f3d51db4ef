//! What runs were worth.

use cc_domain::{GradeSource, RunGrade, RunId, RunMode, Verified, WorkVerdict};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use crate::{Result, Store, runs::parsed};

/// What is read with one run only.
#[derive(Default, Serialize, Deserialize)]
struct Detail {
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    verdict: WorkVerdict,
    #[serde(default)]
    comment: Option<String>,
}

impl Store {
    /// Keeps a grade as its run's current one; the one before stays in its history.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn put_grade(&self, grade: &RunGrade) -> Result<()> {
        self.sql("keep a grade", |db| {
            let tx = db.unchecked_transaction()?;
            tx.execute("UPDATE grades SET current = 0 WHERE run_id = ?1", [grade.run_id.as_str()])?;
            insert(&tx, grade)?;
            tx.commit()
        })
    }

    /// A run's current grade; none when nobody looked at it.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn grade(&self, run: &RunId) -> Result<Option<RunGrade>> {
        let select = format!("SELECT {COLUMNS} FROM grades WHERE run_id = ?1 AND current = 1");
        self.sql("find a grade", |db| db.query_row(&select, [run.as_str()], grade).optional())
    }

    /// All grades a run was ever given, the newest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn grades(&self, run: &RunId) -> Result<Vec<RunGrade>> {
        let select =
            format!("SELECT {COLUMNS} FROM grades WHERE run_id = ?1 ORDER BY at_ms DESC, rowid DESC");
        self.sql("list grades", |db| db.prepare(&select)?.query_map([run.as_str()], grade)?.collect())
    }
}

const COLUMNS: &str = "run_id, at, source, score, passed, verified, mode, role, profile_id, model, detail";

fn insert(db: &Connection, grade: &RunGrade) -> rusqlite::Result<()> {
    let detail =
        Detail { notes: grade.notes.clone(), verdict: grade.verdict, comment: grade.comment.clone() };
    db.prepare(
        "INSERT INTO grades (run_id, at, at_ms, current, source, score, passed, verified, mode, role, profile_id,
             model, detail) VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        grade.run_id.as_str(),
        grade.at,
        grade.at.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond),
        grade.source.as_str(),
        grade.score,
        grade.passed,
        grade.verified.map(Verified::as_str),
        grade.mode.as_str(),
        grade.role.as_str(),
        grade.profile_id,
        grade.model,
        serde_json::to_string(&detail).unwrap_or_default(),
    ])
    .map(drop)
}

fn grade(row: &Row<'_>) -> rusqlite::Result<RunGrade> {
    let detail: Detail = serde_json::from_str(&row.get::<_, String>("detail")?).unwrap_or_default();
    Ok(RunGrade {
        run_id: parsed(row, "run_id", |t| t.parse().ok())?,
        at: row.get("at")?,
        source: parsed(row, "source", GradeSource::parse)?,
        score: row.get("score")?,
        notes: detail.notes,
        passed: row.get("passed")?,
        verified: row.get::<_, Option<String>>("verified")?.as_deref().and_then(Verified::parse),
        verdict: detail.verdict,
        comment: detail.comment,
        mode: parsed(row, "mode", RunMode::parse)?,
        role: parsed(row, "role", |t| t.parse().ok())?,
        profile_id: row.get("profile_id")?,
        model: row.get("model")?,
    })
}
