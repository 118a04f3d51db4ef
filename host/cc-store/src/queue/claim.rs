//! Who gets the next free place.
//!
//! Jobs that wait are looked at by project, then by profile, the first of each only: what is full is skipped as a
//! whole, so a claim takes the same time however many jobs wait. Only jobs that others may be in the way of are looked
//! at one by one, and a bounded number of them.

use std::{collections::HashMap, time::Duration};

use cc_domain::{Footprint, JobState, QueuePolicy, RunId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{Job, Refused, Tried, job::footprint, order, settle, tell};
use crate::{Result, Store, StoreError};

/// Jobs of one project and profile that are looked at one by one.
const MOST_LOOKS: u32 = 64;

/// What may run at once, and what becomes of a failure: the user's policy.
pub type Limits = QueuePolicy;

/// A job that is its claimer's to start, until the lease ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The job as it was claimed.
    pub job: Job,
    /// The run that it is to be started as.
    pub run_id: RunId,
    /// Jobs at once on one profile.
    pub max_per_profile: Option<u32>,
}

impl Store {
    /// Claims the next job that may run now. Its run has to be created before the lease ends; else the job waits again.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn claim_job(&self, limits: &Limits, owner: &str, lease: Duration) -> Result<Option<Claim>> {
        let now = Timestamp::now();
        self.change("claim a job", |tx| {
            let now_ms = now.as_millisecond();
            order::keep_to(tx, order::worth(limits.ageing_seconds))?;
            settle::wake(tx, now_ms)?;
            let running = Running::now(tx)?;
            if running.all >= limits.max_concurrent.get() {
                return Ok(None);
            }
            let Some(next) = next(tx, limits, &running)? else { return Ok(None) };
            take(tx, &next.job_id, limits, owner, now, lease).map(Some)
        })
    }

    /// Gives a claim back: the job waits again as if it had not been claimed, for at least `wait`. `lane` is the
    /// profile that was full. Does nothing when the claim was lost, or its run exists.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn release_claim(
        &self,
        claim: &Claim,
        reason: &str,
        wait: Duration,
        lane: Option<&str>,
    ) -> Result<()> {
        let now_ms = Timestamp::now().as_millisecond();
        self.change("give a job back", |tx| {
            if !is_held(tx, claim)? {
                return Ok(());
            }
            let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            settle::unclaim(tx, claim.job.job_id.as_str(), reason, now_ms, wait_ms)?;
            if let Some(lane) = lane {
                tx.execute("UPDATE jobs SET lane = ?2 WHERE job_id = ?1", (claim.job.job_id.as_str(), lane))?;
            }
            Ok(())
        })
    }

    /// Records that a claimed job's run could not be started. It counts as an attempt, the last one when `final_word`.
    /// Does nothing when the claim was lost, or its run exists: then its end decides.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn fail_claim(&self, claim: &Claim, reason: &str, final_word: bool) -> Result<()> {
        let now_ms = Timestamp::now().as_millisecond();
        self.change("fail a job", |tx| {
            if is_held(tx, claim)? {
                let id = claim.job.job_id.as_str();
                if final_word {
                    settle::end(tx, id, JobState::Failed, Some(reason), now_ms)?;
                } else {
                    // Nothing ran, so nothing is to be taken back.
                    settle::failed(tx, id, reason, false, now_ms)?;
                }
            }
            Ok(())
        })
    }

    /// Whether a profile has all the jobs it may have at once.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn is_profile_full(&self, claim: &Claim, profile_id: &str) -> Result<bool> {
        self.sql("count jobs", |db| is_full(db, claim, profile_id))
    }
}

/// The jobs that run.
#[derive(Default)]
struct Running {
    all: u32,
    projects: HashMap<String, (u32, Vec<Footprint>)>,
    lanes: HashMap<String, u32>,
}

impl Running {
    fn now(db: &Connection) -> rusqlite::Result<Self> {
        let select =
            "SELECT project, lane, footprint FROM jobs INDEXED BY jobs_running WHERE state = 'running'";
        let mut select = db.prepare_cached(select)?;
        let mut rows = select.query([])?;
        let mut running = Self::default();
        while let Some(row) = rows.next()? {
            running.all += 1;
            let project = running.projects.entry(row.get(0)?).or_default();
            project.0 += 1;
            project.1.push(footprint(row.get(2)?));
            *running.lanes.entry(row.get(1)?).or_default() += 1;
        }
        Ok(running)
    }

    fn project_full(&self, project: &str, limits: &Limits) -> bool {
        let running = self.projects.get(project).map_or(0, |(count, _)| *count);
        limits.max_per_project.is_some_and(|most| running >= most.get())
    }

    fn lane_full(&self, lane: &str, limits: &Limits) -> bool {
        let running = self.lanes.get(lane).copied().unwrap_or_default();
        !lane.is_empty() && limits.max_per_profile.is_some_and(|most| running >= most.get())
    }

    fn footprints(&self, project: &str) -> Vec<Footprint> {
        self.projects.get(project).map(|(_, all)| all.clone()).unwrap_or_default()
    }
}

/// A job that waits, as far as its turn goes.
struct Waiting {
    project: String,
    lane: String,
    shared: bool,
    order_key: i64,
    /// Counts up: who came first among those of one millisecond.
    row: i64,
    job_id: String,
    footprint: Option<String>,
}

const WAITING: &str =
    "SELECT project, lane, shared, order_key, rowid, job_id, footprint FROM jobs INDEXED BY jobs_ready";

impl Waiting {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            project: row.get(0)?,
            lane: row.get(1)?,
            shared: row.get(2)?,
            order_key: row.get(3)?,
            row: row.get(4)?,
            job_id: row.get(5)?,
            footprint: row.get(6)?,
        })
    }

    fn turn(&self) -> (i64, i64) {
        (self.order_key, self.row)
    }

    /// The first that a condition picks, in the order of the index.
    fn first(
        db: &Connection,
        condition: &str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<Option<Self>> {
        let select = format!(
            "{WAITING} WHERE ready = 1 {condition} ORDER BY project, lane, shared, order_key, rowid LIMIT 1"
        );
        db.prepare_cached(&select)?.query_row(values, Self::read).optional()
    }

    /// The first of the next kind, profile or project. One step at a time: SQLite takes a comparison of several columns
    /// at once for a scan of all that begin alike.
    fn after(&self, db: &Connection) -> rusqlite::Result<Option<Self>> {
        let place = (&self.project, &self.lane);
        if !self.shared
            && let Some(next) = Self::first(db, "AND project = ?1 AND lane = ?2 AND shared = 1", place)?
        {
            return Ok(Some(next));
        }
        match Self::first(db, "AND project = ?1 AND lane > ?2", place)? {
            Some(next) => Ok(Some(next)),
            None => self.beyond(db),
        }
    }

    /// The first of the next project.
    fn beyond(&self, db: &Connection) -> rusqlite::Result<Option<Self>> {
        Self::first(db, "AND project > ?1", [&self.project])
    }

    /// Those of the same project and profile that others may be in the way of.
    fn like(&self, db: &Connection) -> rusqlite::Result<Vec<Self>> {
        let select = format!(
            "{WAITING} WHERE ready = 1 AND project = ?1 AND lane = ?2 AND shared = 1
             ORDER BY order_key, rowid LIMIT {MOST_LOOKS}"
        );
        db.prepare_cached(&select)?.query_map((&self.project, &self.lane), Self::read)?.collect()
    }
}

/// The job whose turn it is among those that may run.
fn next(db: &Connection, limits: &Limits, running: &Running) -> rusqlite::Result<Option<Waiting>> {
    let mut best: Option<Waiting> = None;
    let mut shared: HashMap<String, Vec<Waiting>> = HashMap::new();
    let mut group = Waiting::first(db, "", [])?;
    while let Some(head) = group {
        if running.project_full(&head.project, limits) {
            group = head.beyond(db)?;
            continue;
        }
        group = head.after(db)?;
        if running.lane_full(&head.lane, limits) {
            continue;
        }
        if head.shared {
            shared.entry(head.project.clone()).or_default().push(head);
        } else {
            best = Some(better(best, head));
        }
    }
    among_shared(db, best, shared.into_values().collect(), running)
}

/// The best, when the first of each project's and profile's that others may be in the way of count as well.
fn among_shared(
    db: &Connection,
    mut best: Option<Waiting>,
    mut heads: Vec<Vec<Waiting>>,
    running: &Running,
) -> rusqlite::Result<Option<Waiting>> {
    heads.sort_by_key(|heads| heads.iter().map(Waiting::turn).min());
    for heads in heads {
        let is_later = |best: &Waiting| heads.iter().all(|head| best.turn() < head.turn());
        if best.as_ref().is_some_and(is_later) {
            break;
        }
        let waiting = heads.iter().map(|head| head.like(db)).collect::<rusqlite::Result<Vec<_>>>()?;
        let taken = heads.first().map(|head| running.footprints(&head.project)).unwrap_or_default();
        if let Some(free) = unobstructed(waiting.into_iter().flatten().collect(), taken) {
            best = Some(better(best, free));
        }
    }
    Ok(best)
}

fn better(best: Option<Waiting>, other: Waiting) -> Waiting {
    match best {
        Some(best) if best.turn() <= other.turn() => best,
        _ => other,
    }
}

/// The first in turn that nothing is in the way of: neither what runs nor an earlier job that waits for it. Who waits
/// keeps its place, so a job that wants the whole project comes to its turn.
fn unobstructed(mut waiting: Vec<Waiting>, mut taken: Vec<Footprint>) -> Option<Waiting> {
    waiting.sort_by_key(Waiting::turn);
    for job in waiting {
        let wanted = footprint(job.footprint.clone());
        if !taken.iter().any(|other| other.overlaps(&wanted)) {
            return Some(job);
        }
        if wanted == Footprint::Whole {
            return None;
        }
        taken.push(wanted);
    }
    None
}

const TAKE: &str = "UPDATE jobs SET state = 'running', stage = 'claimed', ready = 0, not_before_ms = NULL,
        attempts = attempts + 1, run_id = :run_id, lease_owner = :owner, lease_until_ms = :until,
        retries = coalesce(spec ->> '$.max_retries', CASE WHEN writes THEN :retries_write ELSE :retries_read END),
        backoff_ms = :backoff_ms, max_backoff_ms = :max_backoff_ms, reason = NULL, changed_ms = :now_ms,
        started_ms = coalesce(started_ms, :now_ms)
    WHERE job_id = :job_id";

fn take(
    db: &Connection,
    id: &str,
    limits: &Limits,
    owner: &str,
    now: Timestamp,
    lease: Duration,
) -> Tried<Claim> {
    let now_ms = now.as_millisecond();
    let run_id = free_run(db, now)?;
    db.prepare_cached(TAKE)?.execute(named_params! {
        ":job_id": id,
        ":run_id": run_id.as_str(),
        ":owner": owner,
        ":until": now_ms.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)),
        ":retries_write": limits.retry_write_enabled,
        ":retries_read": limits.retry_failed_read_only,
        ":backoff_ms": i64::from(limits.backoff_seconds) * 1_000,
        ":max_backoff_ms": i64::from(limits.max_backoff_seconds) * 1_000,
        ":now_ms": now_ms,
    })?;
    tell(db, id, now_ms, Some("queued"), "running", None, Some(run_id.as_str()))?;
    let job = Job::get(db, id)?.ok_or(Refused::Sql(rusqlite::Error::QueryReturnedNoRows))?;
    Ok(Claim { job, run_id, max_per_profile: limits.max_per_profile.map(std::num::NonZeroU32::get) })
}

/// Ids are chosen before their runs have rows, so other claims' count too.
fn free_run(db: &Connection, now: Timestamp) -> rusqlite::Result<RunId> {
    let taken = "SELECT 1 FROM runs WHERE run_id = ?1 UNION ALL SELECT 1 FROM jobs WHERE run_id = ?1";
    loop {
        let id = RunId::new(now);
        if !db.prepare_cached(taken)?.exists([id.as_str()])? {
            return Ok(id);
        }
    }
}

fn is_held(db: &Connection, claim: &Claim) -> rusqlite::Result<bool> {
    let held = "SELECT 1 FROM jobs WHERE job_id = ?1 AND run_id = ?2 AND stage = 'claimed'";
    db.prepare_cached(held)?.exists((claim.job.job_id.as_str(), claim.run_id.as_str()))
}

fn is_full(db: &Connection, claim: &Claim, profile_id: &str) -> rusqlite::Result<bool> {
    let Some(most) = claim.max_per_profile else { return Ok(false) };
    let count = "SELECT count(*) FROM jobs INDEXED BY jobs_running
                 WHERE state = 'running' AND lane = ?1 AND job_id <> ?2";
    let running: u32 =
        db.prepare_cached(count)?.query_row((profile_id, claim.job.job_id.as_str()), |row| row.get(0))?;
    Ok(running >= most)
}

/// Makes a run that is being created the job's, in the transaction that writes the run's row. Refused when the lease
/// was lost meanwhile: somebody else may be starting the job, or it was cancelled.
pub(crate) fn bind(db: &Connection, claim: &Claim, profile_id: &str) -> Tried<()> {
    let id = &claim.job.job_id;
    if !is_held(db, claim)? {
        return Err(Refused::Queue(StoreError::ClaimLost(id.clone())));
    }
    if is_full(db, claim, profile_id)? {
        return Err(Refused::Queue(StoreError::ProfileFull(profile_id.to_owned())));
    }
    let update = "UPDATE jobs SET stage = 'run', lane = ?2, lease_owner = NULL, lease_until_ms = NULL WHERE job_id = ?1";
    db.prepare_cached(update)?.execute((id.as_str(), profile_id))?;
    Ok(())
}
