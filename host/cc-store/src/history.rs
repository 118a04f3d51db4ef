//! How the models did so far, as routing asks for it.

use std::collections::BTreeMap;

use cc_domain::{GradeSource, Role, RunMode, RunStatus, Verified, automatic_score};
use rusqlite::{Row, named_params};

use crate::{Result, Store, runs::parsed};

/// Runs that are looked at, newest first: a model is judged by how it does now, and routing must stay quick.
const RUNS: u32 = 1_000;
/// The newest runs of a line, among which failed verifications are counted apart.
const RECENT: u32 = 10;

/// What became of the runs of one model on one profile in one role.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    /// CC Switch's id.
    pub profile_id: String,
    /// The routed model; none for the provider's default.
    pub routed: Option<String>,
    /// The model that answered; none when nobody knows.
    pub answered: Option<String>,
    /// The workers' role.
    pub role: Role,
    /// Runs that succeeded, failed or timed out.
    pub runs: u32,
    /// Those that ended well, and that neither a verification nor the controller found wanting.
    pub successes: u32,
    /// Those that somebody graded.
    pub graded: u32,
    /// Sum of all grades, each 0 to 100; a run that nobody graded has one by how it ended.
    pub score_sum: u32,
    /// Sum of the grades that somebody gave.
    pub graded_sum: u32,
    /// Failed verifications among the newest ten.
    pub recent_failures: u32,
}

impl Store {
    /// What became of the newest runs. Demo runs say nothing of a model, and runs that were stopped or lost only where
    /// the controller itself graded them; a benchmark's have [`Store::benchmark_scores`].
    ///
    /// # Errors
    /// When the database refuses.
    pub fn history(&self) -> Result<Vec<HistoryLine>> {
        let quoted = |names: &[&str]| format!("'{}'", names.join("', '"));
        let ended = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::TimedOut].map(RunStatus::as_str);
        let select = format!(
            "SELECT r.profile_id, r.model, r.actual_model, r.role, r.status, g.score, g.passed, g.verified
             FROM runs r LEFT JOIN grades g ON g.run_id = r.run_id AND g.current = 1
             WHERE (r.status IN ({}) OR g.source = '{manual}') AND r.mode NOT IN ({})
             ORDER BY r.started_ms DESC, r.run_id DESC LIMIT :limit",
            quoted(&ended),
            quoted(&RunMode::APART.map(RunMode::as_str)),
            manual = GradeSource::Manual.as_str(),
        );
        let rows: Vec<Option<PastRun>> = self.sql("sum up runs", |db| {
            db.prepare(&select)?.query_map(named_params! { ":limit": RUNS }, past_run)?.collect()
        })?;
        Ok(sum_up(rows.into_iter().flatten()))
    }
}

/// One run, as far as history goes.
struct PastRun {
    profile_id: String,
    routed: Option<String>,
    answered: Option<String>,
    role: Role,
    status: RunStatus,
    /// Score, and whether it passed.
    grade: Option<(u32, bool)>,
    verified: Option<Verified>,
}

/// None for a role that this version would not accept.
fn past_run(row: &Row<'_>) -> rusqlite::Result<Option<PastRun>> {
    let role: String = row.get("role")?;
    let Ok(role) = role.parse() else { return Ok(None) };
    let score: Option<u32> = row.get("score")?;
    let passed: Option<bool> = row.get("passed")?;
    Ok(Some(PastRun {
        profile_id: row.get("profile_id")?,
        routed: row.get("model")?,
        answered: row.get("actual_model")?,
        role,
        status: parsed(row, "status", RunStatus::parse)?,
        grade: score.zip(passed),
        verified: row.get::<_, Option<String>>("verified")?.as_deref().and_then(Verified::parse),
    }))
}

fn sum_up(newest_first: impl Iterator<Item = PastRun>) -> Vec<HistoryLine> {
    let mut lines = BTreeMap::new();
    for run in newest_first {
        let key = (run.profile_id.clone(), run.routed.clone(), run.answered.clone(), run.role.clone());
        lines.entry(key).or_insert_with(|| HistoryLine::empty(&run)).add(&run);
    }
    lines.into_values().collect()
}

impl HistoryLine {
    fn empty(run: &PastRun) -> Self {
        Self {
            profile_id: run.profile_id.clone(),
            routed: run.routed.clone(),
            answered: run.answered.clone(),
            role: run.role.clone(),
            runs: 0,
            successes: 0,
            graded: 0,
            score_sum: 0,
            graded_sum: 0,
            recent_failures: 0,
        }
    }

    fn add(&mut self, run: &PastRun) {
        let (score, passed) =
            run.grade.unwrap_or((automatic_score(run.status), run.status == RunStatus::Succeeded));
        if self.runs < RECENT && run.verified == Some(Verified::BlockedVerification) {
            self.recent_failures += 1;
        }
        self.runs += 1;
        self.successes += u32::from(passed);
        self.graded += u32::from(run.grade.is_some());
        self.score_sum += score;
        self.graded_sum += run.grade.map_or(0, |(score, _)| score);
    }
}
