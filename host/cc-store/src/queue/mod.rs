//! The queue: jobs in `state.db`, changed by one short transaction each.
//!
//! A claimed job is its dispatcher's until the lease ends. From the moment its run has a row the run is the lease: the
//! run's lock says whether it lives, and whoever writes the run's end ends the attempt in the same transaction. So a job
//! ends once, whoever dies.

mod claim;
mod job;
mod order;
mod read;
mod settle;
mod submit;
#[cfg(test)]
mod tests;

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub(crate) use self::{claim::bind, settle::run_ended};
pub use self::{
    claim::{Claim, Limits},
    job::{AttemptOfRun, Failure, Job, JobEvent},
    read::Overview,
    settle::{Cancelled, Chore},
    submit::{NewJob, Submitted},
};
use crate::{Result, Store, StoreError};

/// Longest reason that is kept, characters.
const MOST_REASON: usize = 500;

/// What a transaction of the queue gives: SQLite may refuse, and so may the queue itself.
type Tried<T> = Result<T, Refused>;

/// Why a transaction was rolled back.
#[derive(Debug)]
pub(crate) enum Refused {
    Sql(rusqlite::Error),
    Queue(StoreError),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Queue(error)
    }
}

impl Store {
    /// Changes the database in one transaction, or not at all. It begins as a writer: nothing it read can be stale.
    pub(crate) fn change<T>(
        &self,
        action: &'static str,
        change: impl FnOnce(&Transaction<'_>) -> Tried<T>,
    ) -> Result<T> {
        let mut refused = None;
        let changed = self.sql(action, |db| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            match change(&tx) {
                Ok(value) => tx.commit().map(|()| Some(value)),
                Err(Refused::Sql(error)) => Err(error),
                Err(Refused::Queue(error)) => {
                    refused = Some(error);
                    Ok(None)
                }
            }
        })?;
        match (changed, refused) {
            (Some(value), _) => Ok(value),
            (None, Some(error)) => Err(error),
            // Not reached: a transaction without a value was refused.
            (None, None) => Err(StoreError::Corrupt {
                path: self.home().state_db(),
                what: "a transaction",
                reason: action.into(),
            }),
        }
    }
}

/// A reason as it may be kept.
fn bounded(reason: &str) -> String {
    reason.chars().take(MOST_REASON).collect()
}

/// A change of state, with where it came from.
fn tell(
    db: &Connection,
    job: &str,
    now_ms: i64,
    from: Option<&str>,
    to: &str,
    reason: Option<&str>,
    run: Option<&str>,
) -> rusqlite::Result<()> {
    let insert = "INSERT INTO job_events (job_id, at_ms, from_state, to_state, reason, run_id)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    db.prepare_cached(insert)?.execute((job, now_ms, from, to, reason.map(bounded), run)).map(drop)
}
