//! How attempts and jobs end.

use std::time::Duration;

use cc_domain::{JobId, JobStage, JobState, RunId, RunStatus, StopReason};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{Failure, Job, bounded, tell};
use crate::{Result, Store, StoreError};

/// How long a job of a lost run waits to see its processes gone, milliseconds.
const LEFTOVERS_MS: i64 = 1_000;

/// Work on a running job that some dispatcher has to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Chore {
    /// The job.
    pub job: Job,
    /// [`JobStage::Verify`] or [`JobStage::Rollback`].
    pub stage: JobStage,
    /// The run that it is about.
    pub run_id: RunId,
    owner: String,
}

/// What a cancel came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// The job is cancelled.
    Now,
    /// It is once its run has ended: stop that.
    Stopping(RunId),
    /// It had ended before, and stays as it is.
    AlreadyEnded,
}

impl Store {
    /// Cancels a job, whatever it is at. One that has ended stays as it ended.
    ///
    /// # Errors
    /// When the job is unknown, or the database refuses.
    pub fn cancel_job(&self, id: &JobId, reason: &str) -> Result<Cancelled> {
        let now_ms = Timestamp::now().as_millisecond();
        self.change("cancel a job", |tx| {
            let job = Job::get(tx, id.as_str())?.ok_or_else(|| StoreError::UnknownJob(id.clone()))?;
            match (job.stage, job.run_id) {
                _ if job.state.is_ended() => Ok(Cancelled::AlreadyEnded),
                (Some(JobStage::Run), Some(run)) => {
                    let update = "UPDATE jobs SET cancel = coalesce(cancel, ?2) WHERE job_id = ?1";
                    tx.execute(update, (id.as_str(), bounded(reason)))?;
                    Ok(Cancelled::Stopping(run))
                }
                _ => {
                    end(tx, id.as_str(), JobState::Cancelled, Some(reason), now_ms)?;
                    Ok(Cancelled::Now)
                }
            }
        })
    }

    /// Takes a chore that nobody does, for as long as the lease.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn claim_chore(&self, owner: &str, lease: Duration) -> Result<Option<Chore>> {
        let now_ms = Timestamp::now().as_millisecond();
        self.change("claim a chore", |tx| {
            let open = "WHERE state = 'running' AND stage IN ('verify', 'rollback')
                        AND (lease_until_ms IS NULL OR lease_until_ms < ?1) ORDER BY job_id LIMIT 1";
            let Some(job) = Job::select(tx, open, [now_ms])?.into_iter().next() else { return Ok(None) };
            let (Some(stage), Some(run_id)) = (job.stage, job.run_id.clone()) else { return Ok(None) };
            let update = "UPDATE jobs SET lease_owner = ?2, lease_until_ms = ?3 WHERE job_id = ?1";
            tx.execute(update, (job.job_id.as_str(), owner, now_ms + millis(lease)))?;
            Ok(Some(Chore { job, stage, run_id, owner: owner.to_owned() }))
        })
    }

    /// Keeps a chore for another while; says whether it still is this owner's.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn keep_chore(&self, chore: &Chore, lease: Duration) -> Result<bool> {
        let now_ms = Timestamp::now().as_millisecond();
        self.change("keep a chore", |tx| {
            let update = "UPDATE jobs SET lease_until_ms = ?4
                          WHERE job_id = ?1 AND run_id = ?2 AND lease_owner = ?3 AND stage IN ('verify', 'rollback')";
            let kept = tx.execute(
                update,
                (
                    chore.job.job_id.as_str(),
                    chore.run_id.as_str(),
                    chore.owner.as_str(),
                    now_ms + millis(lease),
                ),
            )?;
            Ok(kept == 1)
        })
    }

    /// What a job's tests came to: `verdict` as it is stored, and what was wrong when it failed (redacted). Nothing
    /// happens when the chore was lost.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn job_verified(&self, chore: &Chore, verdict: &str, failure: Option<&str>) -> Result<()> {
        let now_ms = Timestamp::now().as_millisecond();
        self.change("record a verification", |tx| {
            if !is_mine(tx, chore)? {
                return Ok(());
            }
            let id = chore.job.job_id.as_str();
            let update = "UPDATE jobs SET verification = ?2, last_failure = ?3 WHERE job_id = ?1";
            tx.execute(update, (id, verdict, failure))?;
            let Some(failure) = failure else {
                return Ok(end(tx, id, JobState::Done, None, now_ms)?);
            };
            remember_failure(tx, chore)?;
            let first = failure.lines().next().unwrap_or_default();
            Ok(failed(tx, id, &format!("its verification failed: {first}"), true, now_ms)?)
        })
    }

    /// What became of taking an attempt's work back. Nothing happens when the chore was lost.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn job_rolled_back(&self, chore: &Chore, rolled_back: std::result::Result<(), &str>) -> Result<()> {
        let now_ms = Timestamp::now().as_millisecond();
        self.change("record a rollback", |tx| {
            if !is_mine(tx, chore)? {
                return Ok(());
            }
            let id = chore.job.job_id.as_str();
            let before = chore.job.reason.as_deref().unwrap_or("its attempt failed");
            match rolled_back {
                Ok(()) => requeue(tx, id, before, now_ms)?,
                Err(why) => {
                    let reason = format!(
                        "{before}; it is not tried again, as its work could not be taken back: {why}"
                    );
                    end(tx, id, JobState::Failed, Some(&reason), now_ms)?;
                }
            }
            Ok(())
        })
    }

    /// Notes on a run's job that its worker writes where it may not. The first note stays. Says whether the run is a
    /// job's.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn warn_job_of_scope(&self, run: &RunId, what: &str) -> Result<bool> {
        let update = "UPDATE jobs SET scope_warning = coalesce(scope_warning, ?2) WHERE run_id = ?1";
        self.sql("warn of a job", |db| db.execute(update, (run.as_str(), bounded(what))))
            .map(|rows| rows == 1)
    }

    /// Gives back jobs whose dispatcher died before it started their run, and wakes those whose time has come. Every
    /// claim does, too.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn wake_jobs(&self) -> Result<()> {
        self.change("wake jobs", |tx| Ok(wake(tx, Timestamp::now().as_millisecond())?))
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 4)
}

fn is_mine(db: &Connection, chore: &Chore) -> rusqlite::Result<bool> {
    let mine = "SELECT 1 FROM jobs WHERE job_id = ?1 AND run_id = ?2 AND lease_owner = ?3 AND stage = ?4";
    let stage = chore.stage.as_str();
    db.prepare_cached(mine)?.exists((
        chore.job.job_id.as_str(),
        chore.run_id.as_str(),
        chore.owner.as_str(),
        stage,
    ))
}

fn remember_failure(db: &Connection, chore: &Chore) -> rusqlite::Result<()> {
    let who = db
        .prepare_cached("SELECT profile_id, model FROM runs WHERE run_id = ?1")?
        .query_row([chore.run_id.as_str()], |row| Ok(Failure { profile_id: row.get(0)?, model: row.get(1)? }))
        .optional()?;
    let all: Vec<Failure> = chore.job.failures.iter().cloned().chain(who).collect();
    let text = serde_json::to_string(&all).unwrap_or_else(|_| "[]".into());
    db.execute("UPDATE jobs SET failures = ?2 WHERE job_id = ?1", (chore.job.job_id.as_str(), text)).map(drop)
}

/// What is needed of a job to end its attempt.
struct Attempt {
    id: String,
    cancel: Option<String>,
    tested: bool,
    attempts: i64,
    retries: i64,
    backoff_ms: i64,
    max_backoff_ms: i64,
    writes: bool,
    state: String,
    run_id: Option<String>,
}

impl Attempt {
    fn find(db: &Connection, condition: &str, value: &str) -> rusqlite::Result<Option<Self>> {
        let select = format!(
            "SELECT job_id, cancel, tested, attempts, retries, backoff_ms, max_backoff_ms, writes, state, run_id
             FROM jobs WHERE {condition}"
        );
        db.prepare_cached(&select)?.query_row([value], Self::read).optional()
    }

    fn of(db: &Connection, id: &str) -> rusqlite::Result<Self> {
        Self::find(db, "job_id = ?1", id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            cancel: row.get(1)?,
            tested: row.get(2)?,
            attempts: row.get(3)?,
            retries: row.get(4)?,
            backoff_ms: row.get(5)?,
            max_backoff_ms: row.get(6)?,
            writes: row.get(7)?,
            state: row.get(8)?,
            run_id: row.get(9)?,
        })
    }

    /// Twice as long after each failure.
    fn wait_ms(&self) -> i64 {
        let doublings = u32::try_from(self.attempts.clamp(1, 40) - 1).unwrap_or_default();
        self.backoff_ms.saturating_mul(1_i64 << doublings).min(self.max_backoff_ms)
    }
}

/// A run has ended: settles its job in the transaction that says so, once. Most runs are no job's.
pub(crate) fn run_ended(
    db: &Connection,
    run: &RunId,
    status: RunStatus,
    stop: Option<StopReason>,
    error: Option<&str>,
) -> rusqlite::Result<()> {
    if status.is_active() {
        return Ok(());
    }
    let Some(attempt) = Attempt::find(db, "run_id = ?1 AND stage = 'run'", run.as_str())? else {
        return Ok(());
    };
    let now_ms = Timestamp::now().as_millisecond();
    let said = error.map(|error| format!(": {error}")).unwrap_or_default();
    let id = attempt.id.as_str();
    match (status, stop) {
        _ if attempt.cancel.is_some() => end(db, id, JobState::Cancelled, attempt.cancel.as_deref(), now_ms),
        (RunStatus::Succeeded, _) if attempt.tested => stage(db, id, JobStage::Verify, None, now_ms),
        (RunStatus::Succeeded, _) => end(db, id, JobState::Done, None, now_ms),
        (RunStatus::TimedOut, _) => {
            end(db, id, JobState::TimedOut, Some(&format!("its run timed out{said}")), now_ms)
        }
        (RunStatus::Stopped, Some(StopReason::UserRequested) | None) => {
            end(db, id, JobState::Cancelled, Some("its run was stopped"), now_ms)
        }
        _ => failed(db, id, &format!("its run ended as {}{said}", status.as_str()), true, now_ms),
    }
}

/// An attempt failed: another one, once its work is taken back where there may be any; or the end.
pub(super) fn failed(
    db: &Connection,
    id: &str,
    reason: &str,
    worked: bool,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let attempt = Attempt::of(db, id)?;
    if attempt.attempts > attempt.retries {
        let tries =
            if attempt.attempts > 1 { format!(" (attempt {})", attempt.attempts) } else { String::new() };
        return end(db, id, JobState::Failed, Some(&format!("{reason}{tries}")), now_ms);
    }
    if attempt.writes && worked {
        return stage(db, id, JobStage::Rollback, Some(reason), now_ms);
    }
    requeue(db, id, reason, now_ms)
}

fn stage(
    db: &Connection,
    id: &str,
    stage: JobStage,
    reason: Option<&str>,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let update =
        "UPDATE jobs SET stage = ?2, reason = coalesce(?3, reason), changed_ms = ?4, lease_owner = NULL,
                  lease_until_ms = NULL WHERE job_id = ?1";
    db.prepare_cached(update)?.execute((id, stage.as_str(), reason.map(bounded), now_ms)).map(drop)
}

/// Back to those that wait, for its next attempt.
fn requeue(db: &Connection, id: &str, reason: &str, now_ms: i64) -> rusqlite::Result<()> {
    let attempt = Attempt::of(db, id)?;
    wait(db, &attempt, reason, now_ms, attempt.wait_ms())
}

/// Back to those that wait, as if it had not been claimed.
pub(super) fn unclaim(
    db: &Connection,
    id: &str,
    reason: &str,
    now_ms: i64,
    wait_ms: i64,
) -> rusqlite::Result<()> {
    let attempt = Attempt::of(db, id)?;
    wait(db, &attempt, reason, now_ms, wait_ms)?;
    let update = "UPDATE jobs SET attempts = attempts - 1, run_id = NULL WHERE job_id = ?1";
    db.prepare_cached(update)?.execute([id]).map(drop)
}

/// A job that may go on at once is ready, unless what its last run left is still to be ended.
fn wait(db: &Connection, attempt: &Attempt, reason: &str, now_ms: i64, wait_ms: i64) -> rusqlite::Result<()> {
    let left = attempt.run_id.as_deref().map_or(Ok(false), |run| has_leftovers(db, run))?;
    let wait_ms = if left { wait_ms.max(LEFTOVERS_MS) } else { wait_ms };
    let not_before = (wait_ms > 0).then(|| now_ms.saturating_add(wait_ms));
    let update =
        "UPDATE jobs SET state = 'queued', stage = NULL, ready = ?2, not_before_ms = ?3, lane = profile,
                  lease_owner = NULL, lease_until_ms = NULL, reason = ?4, changed_ms = ?5 WHERE job_id = ?1";
    let values = (attempt.id.as_str(), not_before.is_none(), not_before, bounded(reason), now_ms);
    db.prepare_cached(update)?.execute(values)?;
    let run = attempt.run_id.as_deref();
    tell(db, &attempt.id, now_ms, Some(&attempt.state), "queued", Some(reason), run)
}

fn has_leftovers(db: &Connection, run: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM runs WHERE run_id = ?1 AND leftovers = 1")?.exists([run])
}

/// The job has ended, and those that wait for it go on or end as well.
pub(super) fn end(
    db: &Connection,
    id: &str,
    state: JobState,
    reason: Option<&str>,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let mut ending = vec![(id.to_owned(), state, reason.map(str::to_owned))];
    while let Some((id, state, reason)) = ending.pop() {
        if !end_one(db, &id, state, reason.as_deref(), now_ms)? {
            continue;
        }
        let dependents: Vec<String> = db
            .prepare_cached("SELECT job_id FROM job_needs WHERE needs = ?1")?
            .query_map([&id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for dependent in dependents {
            if state == JobState::Done {
                need_met(db, &dependent)?;
            } else {
                let why = broken_need(&id, state, reason.as_deref());
                ending.push((dependent, JobState::Cancelled, Some(why)));
            }
        }
    }
    Ok(())
}

/// Says whether it had not ended before.
fn end_one(
    db: &Connection,
    id: &str,
    state: JobState,
    reason: Option<&str>,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let attempt = Attempt::of(db, id)?;
    if JobState::parse(&attempt.state).is_none_or(JobState::is_ended) {
        return Ok(false);
    }
    let update = "UPDATE jobs SET state = ?2, stage = NULL, ready = 0, not_before_ms = NULL, lease_owner = NULL,
                  lease_until_ms = NULL, task = NULL, context = NULL, reason = ?3, changed_ms = ?4, ended_ms = ?4
                  WHERE job_id = ?1";
    db.prepare_cached(update)?.execute((id, state.as_str(), reason.map(bounded), now_ms))?;
    let run = attempt.run_id.as_deref();
    tell(db, id, now_ms, Some(&attempt.state), state.as_str(), reason, run)?;
    Ok(true)
}

fn need_met(db: &Connection, dependent: &str) -> rusqlite::Result<()> {
    let update = "UPDATE jobs SET waits_for = waits_for - 1, ready = (waits_for = 1)
                  WHERE job_id = ?1 AND state = 'queued' AND waits_for > 0";
    db.prepare_cached(update)?.execute([dependent]).map(drop)
}

/// Why a job that was to run after another one never will.
pub(super) fn broken_need(needed: &str, state: JobState, reason: Option<&str>) -> String {
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{needed}, which it was to run after, is {}{why}", state.as_str())
}

/// Jobs whose wait is over are ready; claims whose lease is over wait again.
pub(super) fn wake(db: &Connection, now_ms: i64) -> rusqlite::Result<()> {
    let ready = "UPDATE jobs SET ready = 1, not_before_ms = NULL WHERE not_before_ms <= ?1
        AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run_id = jobs.run_id AND leftovers = 1)";
    db.prepare_cached(ready)?.execute([now_ms])?;
    let expired: Vec<String> = db
        .prepare_cached(
            "SELECT job_id FROM jobs WHERE state = 'running' AND stage = 'claimed' AND lease_until_ms < ?1",
        )?
        .query_map([now_ms], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in expired {
        unclaim(db, &id, "its dispatcher ended before it started a run", now_ms, 0)?;
    }
    Ok(())
}
