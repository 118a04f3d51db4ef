//! Looking at the queue, without changing it.

use std::{collections::BTreeMap, time::Duration};

use cc_domain::{JobId, JobState, RunId};
use rusqlite::{Connection, OptionalExtension as _};

use super::{AttemptOfRun, Job, JobEvent};
use crate::{Result, Store, StoreError};

/// The queue at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// How many jobs are in each state.
    pub counts: BTreeMap<JobState, u64>,
    /// Those that run.
    pub running: Vec<Job>,
    /// Those that wait, the next one first.
    pub waiting: Vec<Job>,
    /// Those that ended, the latest first.
    pub ended: Vec<Job>,
}

impl Store {
    /// The queue now, with at most so many jobs of each kind.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn queue_overview(&self, most: u32) -> Result<Overview> {
        self.sql("list jobs", |db| {
            let tx = db.unchecked_transaction()?;
            Ok(Overview {
                counts: counts(&tx)?,
                running: Job::select(&tx, "INDEXED BY jobs_running WHERE state = 'running' ORDER BY job_id LIMIT ?1", [most])?,
                waiting: Job::select(
                    &tx,
                    "INDEXED BY jobs_next WHERE state = 'queued' ORDER BY order_key, rowid LIMIT ?1",
                    [most],
                )?,
                ended: Job::select(
                    &tx,
                    "INDEXED BY jobs_ended WHERE ended_ms IS NOT NULL ORDER BY ended_ms DESC, job_id DESC LIMIT ?1",
                    [most],
                )?,
            })
        })
    }

    /// How many jobs are in each state.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn job_counts(&self) -> Result<BTreeMap<JobState, u64>> {
        self.sql("count jobs", counts)
    }

    /// One job.
    ///
    /// # Errors
    /// When it is unknown.
    pub fn job(&self, id: &JobId) -> Result<Job> {
        self.sql("find a job", |db| Job::get(db, id.as_str()))?
            .ok_or_else(|| StoreError::UnknownJob(id.clone()))
    }

    /// The attempt that this run is; none when no job started it, or when the job has begun another one since.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn attempt_of_run(&self, run: &RunId) -> Result<Option<AttemptOfRun>> {
        let select = "SELECT begun.job_id, jobs.attempts, begun.at_ms - max(waiting.at_ms)
            FROM jobs
            JOIN job_events AS begun ON begun.job_id = jobs.job_id AND begun.run_id = jobs.run_id
                AND begun.to_state = 'running'
            JOIN job_events AS waiting ON waiting.job_id = jobs.job_id AND waiting.seq < begun.seq
                AND waiting.to_state = 'queued'
            WHERE jobs.run_id = ?1
            GROUP BY begun.seq";
        let found: Option<(String, u32, i64)> = self.sql("find a run's job", |db| {
            db.prepare_cached(select)?
                .query_row([run.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        })?;
        Ok(found.and_then(|(job, number, ms)| {
            let waited = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
            Some(AttemptOfRun { job_id: job.parse().ok()?, number, waited })
        }))
    }

    /// What became of a job: its newest changes, at most so many, the oldest of these first.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn job_history(&self, id: &JobId, most: u32) -> Result<Vec<JobEvent>> {
        self.sql("list a job's history", |db| {
            let select =
                "SELECT * FROM (SELECT * FROM job_events WHERE job_id = ?1 ORDER BY seq DESC LIMIT ?2)
                          ORDER BY seq";
            db.prepare_cached(select)?.query_map((id.as_str(), most), JobEvent::read)?.collect()
        })
    }

    /// All jobs' changes after that one, at most so many, in order.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn job_events_after(&self, seq: i64, most: u32) -> Result<Vec<JobEvent>> {
        self.sql("list changes of jobs", |db| {
            let select = "SELECT * FROM job_events WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            db.prepare_cached(select)?.query_map((seq, most), JobEvent::read)?.collect()
        })
    }

    /// The number of the last change; 0 when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn last_job_event(&self) -> Result<i64> {
        self.sql("list changes of jobs", |db| {
            db.query_row("SELECT coalesce(max(seq), 0) FROM job_events", [], |row| row.get(0))
        })
    }

    /// Runs of jobs that go on, and whether the job is to be cancelled.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn job_runs(&self) -> Result<Vec<(RunId, bool)>> {
        let select = "SELECT run_id, cancel IS NOT NULL FROM jobs INDEXED BY jobs_running
                      WHERE state = 'running' AND stage = 'run'";
        let rows: Vec<(String, bool)> = self.sql("list runs of jobs", |db| {
            db.prepare_cached(select)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        Ok(rows.into_iter().filter_map(|(run, cancel)| Some((run.parse().ok()?, cancel))).collect())
    }
}

fn counts(db: &Connection) -> rusqlite::Result<BTreeMap<JobState, u64>> {
    let rows: Vec<(String, i64)> = db
        .prepare_cached("SELECT state, n FROM job_counts")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let known =
        rows.into_iter().filter_map(|(state, n)| Some((JobState::parse(&state)?, u64::try_from(n).ok()?)));
    Ok(known.collect())
}
