//! A new job.

use std::path::PathBuf;

use cc_domain::{Footprint, JobId, JobSpec, JobState};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{Job, Refused, Tried, order, settle, tell};
use crate::{Result, Store, StoreError};

/// What is submitted.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The project's folder.
    pub project: PathBuf,
    /// The worker's folder.
    pub cwd: PathBuf,
    /// What the worker gets, byte for byte.
    pub task: String,
    /// The same.
    pub context: Option<String>,
    /// The task as it may be kept: redacted.
    pub shown: String,
    /// How its runs are started and judged.
    pub spec: JobSpec,
    /// What it touches.
    pub footprint: Footprint,
    /// Greater runs first.
    pub priority: i32,
    /// Jobs that have to be done before.
    pub after: Vec<JobId>,
    /// The same key in the same project is the same job.
    pub idempotency_key: Option<String>,
}

/// The job, and whether it is new.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The new job, or the one that has the key already.
    pub job: Job,
    /// It is new.
    pub created: bool,
}

impl Store {
    /// Queues a job; or gives the one that was submitted with the same key in the same project before.
    ///
    /// # Errors
    /// When a job that it is to run after is unknown, or the database refuses; nothing is queued then.
    pub fn submit_job(&self, new: &NewJob) -> Result<Submitted> {
        let now = Timestamp::now();
        self.change("submit a job", |tx| {
            if let Some(job) = same(tx, new)? {
                return Ok(Submitted { job, created: false });
            }
            let id = insert(tx, new, now)?;
            let job = Job::get(tx, id.as_str())?.ok_or(StoreError::UnknownJob(id))?;
            Ok(Submitted { job, created: true })
        })
    }
}

fn same(db: &Connection, new: &NewJob) -> rusqlite::Result<Option<Job>> {
    let Some(key) = &new.idempotency_key else { return Ok(None) };
    let found = Job::select(
        db,
        "WHERE project = ?1 AND idempotency_key = ?2",
        (new.project.to_string_lossy(), key.as_str()),
    )?;
    Ok(found.into_iter().next())
}

/// What a new job has to wait for, and the first that will never be.
struct Needs {
    open: u32,
    broken: Option<(JobId, JobState)>,
}

fn needs(db: &Connection, after: &[JobId]) -> Tried<Needs> {
    let mut needs = Needs { open: 0, broken: None };
    for (at, id) in after.iter().enumerate() {
        if after[..at].contains(id) {
            continue;
        }
        let state: Option<String> = db
            .prepare_cached("SELECT state FROM jobs WHERE job_id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        match state.as_deref().map(JobState::parse) {
            None => return Err(Refused::Queue(StoreError::UnknownJob(id.clone()))),
            Some(Some(JobState::Done)) => {}
            Some(Some(state)) if state.is_ended() => {
                needs.broken.get_or_insert((id.clone(), state));
            }
            Some(_) => needs.open += 1,
        }
    }
    Ok(needs)
}

fn insert(db: &Connection, new: &NewJob, now: Timestamp) -> Tried<JobId> {
    let needs = needs(db, &new.after)?;
    let id = free_id(db, now)?;
    let submitted_ms = now.as_millisecond();
    let profile = new.spec.profile.clone().unwrap_or_default();
    let footprint = (new.footprint != Footprint::Nothing).then(|| text(&new.footprint));
    db.prepare_cached(INSERT)?.execute(named_params! {
        ":job_id": id.as_str(),
        ":project": new.project.to_string_lossy(),
        ":cwd": new.cwd.to_string_lossy(),
        ":profile": profile,
        ":writes": new.spec.allow_write,
        ":shared": footprint.is_some(),
        ":footprint": footprint,
        ":priority": new.priority,
        ":submitted_ms": submitted_ms,
        ":order_key": order::key(submitted_ms, new.priority, order::stored(db)?),
        ":ready": needs.open == 0,
        ":waits_for": needs.open,
        ":idempotency_key": new.idempotency_key,
        ":tested": !new.spec.test_commands.is_empty(),
        ":task": new.task,
        ":context": new.context,
        ":shown": new.shown,
        ":spec": text(&new.spec),
    })?;
    for needed in &new.after {
        db.prepare_cached("INSERT OR IGNORE INTO job_needs VALUES (?1, ?2)")?
            .execute((id.as_str(), needed.as_str()))?;
    }
    tell(db, id.as_str(), submitted_ms, None, JobState::Queued.as_str(), None, None)?;
    if let Some((needed, state)) = needs.broken {
        let reason = settle::broken_need(needed.as_str(), state, None);
        settle::end(db, id.as_str(), JobState::Cancelled, Some(&reason), submitted_ms)?;
    }
    Ok(id)
}

/// Thirty-two random bits a second are few for a million jobs.
fn free_id(db: &Connection, now: Timestamp) -> rusqlite::Result<JobId> {
    loop {
        let id = JobId::new(now);
        let mut taken = db.prepare_cached("SELECT 1 FROM jobs WHERE job_id = ?1")?;
        if !taken.exists([id.as_str()])? {
            return Ok(id);
        }
    }
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

const INSERT: &str = "INSERT INTO jobs (job_id, state, project, cwd, profile, lane, writes, footprint, shared, priority,
        submitted_ms, order_key, ready, waits_for, changed_ms, idempotency_key, tested, task, context, shown, spec)
    VALUES (:job_id, 'queued', :project, :cwd, :profile, :profile, :writes, :footprint, :shared, :priority,
        :submitted_ms, :order_key, :ready, :waits_for, :submitted_ms, :idempotency_key, :tested, :task, :context, :shown,
        :spec)";
