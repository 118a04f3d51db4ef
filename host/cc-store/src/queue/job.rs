//! A job as it is read.

use std::{path::PathBuf, time::Duration};

use cc_domain::{Footprint, JobId, JobSpec, JobStage, JobState, RunId};
use rusqlite::{Connection, OptionalExtension as _, Row, types::Type};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// The job.
    pub job_id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// What is being done with it, while it runs.
    pub stage: Option<JobStage>,
    /// Why it stands there.
    pub reason: Option<String>,
    /// The project's folder.
    pub project: PathBuf,
    /// The worker's folder.
    pub cwd: PathBuf,
    /// Greater runs first.
    pub priority: i32,
    /// Milliseconds since 1970.
    pub submitted_ms: i64,
    /// Its last change.
    pub changed_ms: i64,
    /// Its first claim.
    pub started_ms: Option<i64>,
    /// Its end.
    pub ended_ms: Option<i64>,
    /// Not before then, while it waits for its next attempt.
    pub not_before_ms: Option<i64>,
    /// Jobs that it still waits for.
    pub waits_for: u32,
    /// Attempts begun.
    pub attempts: u32,
    /// How often it is tried again, as the policy was at its last claim.
    pub retries: u32,
    /// Its last run.
    pub run_id: Option<RunId>,
    /// The profile it runs on; or it would have, and that was full.
    pub profile_id: Option<String>,
    /// It is to be cancelled once its run has ended.
    pub cancelling: bool,
    /// What its tests came to: `verified`, `unverified` or `blocked_verification`.
    pub verification: Option<String>,
    /// Work on it that failed its verification.
    pub failures: Vec<Failure>,
    /// What the last such verification said, redacted.
    pub last_failure: Option<String>,
    /// A worker of it was found writing where it may not.
    pub scope_warning: Option<String>,
    /// What it touches.
    pub footprint: Footprint,
    /// The caller's name for it.
    pub idempotency_key: Option<String>,
    /// How its runs are started and judged.
    pub spec: JobSpec,
    /// The task as it may be kept.
    pub shown: String,
    /// What its worker gets, byte for byte; gone once the job has ended.
    #[serde(skip)]
    pub task: Option<String>,
    /// The same of its context.
    #[serde(skip)]
    pub context: Option<String>,
}

/// Who failed a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The profile.
    pub profile_id: String,
    /// The routed model; none: the profile's default.
    pub model: Option<String>,
}

/// The attempt of a job that a run was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptOfRun {
    /// The job.
    pub job_id: JobId,
    /// 1 is its first.
    pub number: u32,
    /// How long the job had waited for it: since it was submitted, or went back to the queue.
    pub waited: Duration,
}

/// One change of a job's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobEvent {
    /// Counts up over all jobs.
    pub seq: i64,
    /// The job.
    pub job_id: JobId,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// None: it is new.
    pub from: Option<JobState>,
    /// From now on.
    pub to: JobState,
    /// Why.
    pub reason: Option<String>,
    /// The run it has to do with.
    pub run_id: Option<RunId>,
}

const COLUMNS: &str = "job_id, state, stage, reason, project, cwd, priority, submitted_ms, changed_ms, started_ms, \
     ended_ms, not_before_ms, waits_for, attempts, retries, run_id, lane, cancel, verification, failures, \
     last_failure, scope_warning, footprint, idempotency_key, spec, shown, task, context";

impl Job {
    /// The jobs that a condition picks, in its order.
    pub(super) fn select(
        db: &Connection,
        rest: &str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<Self>> {
        let mut select = db.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs {rest}"))?;
        select.query_map(values, Self::read)?.collect()
    }

    /// The job of that id.
    pub(super) fn get(db: &Connection, id: &str) -> rusqlite::Result<Option<Self>> {
        let select = format!("SELECT {COLUMNS} FROM jobs WHERE job_id = ?1");
        db.prepare_cached(&select)?.query_row([id], Self::read).optional()
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let path = |name| row.get::<_, String>(name).map(PathBuf::from);
        Ok(Self {
            job_id: parsed(row, "job_id", |text| text.parse().ok())?,
            state: parsed(row, "state", JobState::parse)?,
            stage: maybe(row, "stage", JobStage::parse)?,
            reason: row.get("reason")?,
            project: path("project")?,
            cwd: path("cwd")?,
            priority: row.get("priority")?,
            submitted_ms: row.get("submitted_ms")?,
            changed_ms: row.get("changed_ms")?,
            started_ms: row.get("started_ms")?,
            ended_ms: row.get("ended_ms")?,
            not_before_ms: row.get("not_before_ms")?,
            waits_for: row.get("waits_for")?,
            attempts: row.get("attempts")?,
            retries: row.get("retries")?,
            run_id: maybe(row, "run_id", |text| text.parse().ok())?,
            profile_id: row
                .get::<_, String>("lane")
                .map(|lane| Some(lane).filter(|lane| !lane.is_empty()))?,
            cancelling: row.get::<_, Option<String>>("cancel")?.is_some(),
            verification: row.get("verification")?,
            failures: json(row, "failures")?,
            last_failure: row.get("last_failure")?,
            scope_warning: row.get("scope_warning")?,
            footprint: footprint(row.get("footprint")?),
            idempotency_key: row.get("idempotency_key")?,
            spec: json(row, "spec")?,
            shown: row.get("shown")?,
            task: row.get("task")?,
            context: row.get("context")?,
        })
    }
}

impl JobEvent {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get("seq")?,
            job_id: parsed(row, "job_id", |text| text.parse().ok())?,
            at_ms: row.get("at_ms")?,
            from: maybe(row, "from_state", JobState::parse)?,
            to: parsed(row, "to_state", JobState::parse)?,
            reason: row.get("reason")?,
            run_id: maybe(row, "run_id", |text| text.parse().ok())?,
        })
    }
}

/// One that cannot be read is taken for the widest: then nothing runs that should not.
pub(super) fn footprint(column: Option<String>) -> Footprint {
    column.map_or(Footprint::Nothing, |text| serde_json::from_str(&text).unwrap_or(Footprint::Whole))
}

/// A column that holds a name of ours.
fn parsed<T>(row: &Row<'_>, column: &'static str, read: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| strange(row, column, format!("'{text}' is not a {column} this version knows")))
}

fn maybe<T>(
    row: &Row<'_>,
    column: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<Option<T>> {
    if row.get::<_, Option<String>>(column)?.is_none() {
        return Ok(None);
    }
    parsed(row, column, read).map(Some)
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: &'static str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| strange(row, column, error.to_string()))
}

fn strange(row: &Row<'_>, column: &str, what: String) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, what.into())
}
