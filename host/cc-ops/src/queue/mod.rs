//! Giving waiting jobs to workers: what every tick, `queue run` and a dispatching server do.
//!
//! All state is in the store, so any number of them may be at it at once, and each may die at any moment.

mod chores;
mod start;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cc_domain::{JobState, QueuePolicy, Role, RunId, RunStatus};
use cc_store::{JobEvent, RunFilter, Store};
use cc_workers::ControlRequest;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{Context, OpError};

/// How long a claim or chore is its owner's. Starting a run takes a second; a chore is kept while it goes on.
const LEASE: Duration = Duration::from_secs(60);
/// Chores of one dispatcher at once: tests use the whole machine.
const MOST_CHORES: usize = 2;
/// How long the worker of a cancelled job may take to end.
const STOP_WITHIN_MS: u64 = 5_000;
/// How often a dispatching server looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a server that does not dispatch looks whether it is to.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Gives jobs to workers for as long as it lives.
pub struct Dispatcher {
    cx: Context,
    owner: Arc<str>,
    chores: JoinSet<()>,
}

/// What one look at the queue came to.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Pass {
    /// Jobs at once.
    pub max_concurrent: u32,
    /// Jobs that run now.
    pub slots_used: u32,
    /// Jobs that got a worker.
    pub started: Vec<Started>,
    /// Jobs that could not be started now, and why.
    pub held: Vec<Held>,
}

/// A job that got a worker.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Started {
    /// The job.
    pub job_id: String,
    /// Its run.
    pub run_id: RunId,
    /// Its worker's role.
    pub role: Role,
}

/// A job that could not be started.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Held {
    /// The job.
    pub job_id: String,
    /// Why.
    pub reason: String,
}

impl Dispatcher {
    /// A dispatcher of its own name.
    #[must_use]
    pub fn new(cx: &Context) -> Self {
        let owner = format!("{}-{}", std::process::id(), RunId::new(jiff::Timestamp::now()));
        Self { cx: cx.clone(), owner: owner.into(), chores: JoinSet::new() }
    }

    /// Settles what ended, takes up what is to be verified or taken back, and starts what has a place. `limit` is
    /// for how many jobs at once, if not for as many as the policy says.
    ///
    /// # Errors
    /// When the store or the overrides refuse. What is wrong with one job holds up no other.
    pub async fn pass(&mut self, limit: Option<u32>) -> Result<Pass, OpError> {
        self.cx.blocking(settle).await?;
        self.take_up_chores().await?;
        let owner = Arc::clone(&self.owner);
        self.cx.blocking(move |cx| start::all(cx, &policy(cx, limit)?, &owner)).await
    }

    /// Waits until no chore of this dispatcher is left, or the time is over. Those that are left go on.
    pub async fn chores_done(&mut self, within: Duration) {
        let all = async { while self.chores.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(within, all).await;
    }

    /// Chores under way.
    #[must_use]
    pub fn is_busy(&mut self) -> bool {
        while self.chores.try_join_next().is_some() {}
        !self.chores.is_empty()
    }

    /// Lets its chores go on without it.
    pub fn leave(mut self) {
        self.chores.detach_all();
    }

    /// Whether no job waits or runs.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn is_empty(&self) -> Result<bool, OpError> {
        self.cx
            .blocking(|cx| {
                let counts = cx.store()?.job_counts()?;
                Ok(counts.iter().all(|(state, n)| state.is_ended() || *n == 0))
            })
            .await
    }

    async fn take_up_chores(&mut self) -> Result<(), OpError> {
        while self.chores.try_join_next().is_some() {}
        while self.chores.len() < MOST_CHORES {
            let owner = Arc::clone(&self.owner);
            let next = self.cx.blocking(move |cx| Ok(cx.store()?.claim_chore(&owner, LEASE)?)).await?;
            let Some(chore) = next else { break };
            self.chores.spawn(chores::run(self.cx.clone(), chore));
        }
        Ok(())
    }
}

/// The policy as it is now; `limit` replaces its number of jobs at once.
pub(crate) fn policy(cx: &Context, limit: Option<u32>) -> Result<QueuePolicy, OpError> {
    let mut policy = cc_policy::Overrides::read(cx.setup().home.root())?.queue;
    if let Some(limit) = limit.and_then(std::num::NonZeroU32::new) {
        policy.max_concurrent = limit;
    }
    Ok(policy)
}

/// Runs whose supervisor died are recorded as lost, which settles their jobs; what they left is ended; and those of
/// cancelled jobs are asked to stop once more.
fn settle(cx: &Context) -> Result<(), OpError> {
    let store = cx.store()?;
    let active = RunFilter { active: Some(true), limit: 10_000, ..RunFilter::default() };
    store.list_runs(&active)?;
    cc_workers::end_leftovers(&store)?;
    for (run, cancelled) in store.job_runs()? {
        if cancelled {
            stop(&store, &run);
        }
    }
    Ok(store.wake_jobs()?)
}

fn stop(store: &Store, run: &RunId) {
    let asked = store.run(run).map(|record| record.status);
    if !matches!(asked, Ok(RunStatus::Starting | RunStatus::Running | RunStatus::Parked)) {
        return;
    }
    let request = ControlRequest::Stop { force: false, within_ms: STOP_WITHIN_MS };
    if let Err(error) = cc_workers::control(store, run, &request) {
        tracing::warn!(%run, "the run of a cancelled job could not be asked to stop: {error}");
    }
}

/// Dispatches for as long as the user's policy says so; never returns.
pub async fn dispatch_when_asked(cx: Context) {
    let mut dispatcher = Dispatcher::new(&cx);
    loop {
        let asked = cx.blocking(|cx| Ok(policy(cx, None)?.dispatch)).await.unwrap_or_default();
        if asked && let Err(error) = dispatcher.pass(None).await {
            tracing::warn!("the queue could not be looked at: {error}");
        }
        tokio::time::sleep(if asked { LOOK_EVERY } else { ASK_EVERY }).await;
    }
}

/// What happened in the queue after a change, and the number to ask with next; without one, only that number.
///
/// # Errors
/// When the store refuses.
pub fn queue_events(cx: &Context, after: Option<i64>) -> Result<(Vec<JobEvent>, i64), OpError> {
    let store = cx.store()?;
    let Some(after) = after else { return Ok((Vec::new(), store.last_job_event()?)) };
    let events = store.job_events_after(after, 1_000)?;
    let last = events.last().map_or(after, |event| event.seq);
    Ok((events, last))
}

/// How many jobs are in each state.
///
/// # Errors
/// When the store refuses.
pub fn queue_counts(cx: &Context) -> Result<BTreeMap<JobState, u64>, OpError> {
    Ok(cx.store()?.job_counts()?)
}
