//! The queue of jobs.

use cc_domain::{JobState, QueuePolicy};
use cc_reports::dashboard::model::{Job, Queue, QueueTally};
use jiff::Timestamp;

use super::Dashboard;
use crate::{OpError, ops::queue_view::waits};

/// Jobs of each kind on the page: running, waiting, ended.
const MOST: u32 = 200;

pub(super) fn gather(dashboard: &Dashboard) -> Result<Queue, OpError> {
    // Overrides that cannot be read are told of on the page of plugins.
    let policy = cc_policy::Overrides::read(dashboard.cx.setup().home.root()).ok().map(|all| all.queue);
    let mut page = Queue { policy: policy.as_ref().map(rules).unwrap_or_default(), ..Queue::default() };
    let Some(store) = dashboard.store()? else { return Ok(page) };
    let queue = store.queue_overview(MOST)?;
    let ours = |job: &&cc_store::Job| dashboard.project.as_ref().is_none_or(|root| job.project == *root);
    let all = queue.running.iter().chain(&queue.waiting).chain(&queue.ended);
    page.jobs = all.filter(ours).map(job).collect();
    page.unattended = policy.is_some_and(|policy| !policy.dispatch);
    Ok(page)
}

/// How many wait, run and failed; none where nothing was ever queued.
pub(super) fn tally(dashboard: &Dashboard) -> Result<Option<QueueTally>, OpError> {
    let Some(store) = dashboard.store()? else { return Ok(None) };
    let counts = store.job_counts()?;
    let of = |state| counts.get(&state).copied().unwrap_or_default();
    let tally = QueueTally {
        waiting: of(JobState::Queued),
        running: of(JobState::Running),
        failed: of(JobState::Failed) + of(JobState::TimedOut),
    };
    Ok((!counts.is_empty()).then_some(tally))
}

fn job(job: &cc_store::Job) -> Job {
    let state = if job.cancelling { "stop_requested" } else { job.state.as_str() };
    let submitted = Timestamp::from_millisecond(job.submitted_ms).map(|at| at.to_string());
    let why: Vec<String> = waits(job).into_iter().chain(job.scope_warning.clone()).collect();
    Job {
        id: job.job_id.to_string(),
        state: state.to_owned(),
        task: job.shown.clone(),
        role: job.spec.role.to_string(),
        priority: job.priority.into(),
        submitted_at: submitted.unwrap_or_default(),
        run: job.run_id.as_ref().map(ToString::to_string),
        attempts: job.attempts,
        why: (!why.is_empty()).then(|| why.join("; ")),
        can_cancel: !job.state.is_ended() && !job.cancelling,
    }
}

fn rules(queue: &QueuePolicy) -> Vec<(String, String)> {
    let or_all = |limit: Option<std::num::NonZeroU32>| {
        limit.map_or("no limit of its own".to_owned(), |limit| limit.to_string())
    };
    let rule = |name: &str, value: String| (name.to_owned(), value);
    vec![
        rule("jobs at once", queue.max_concurrent.to_string()),
        rule("on one profile", or_all(queue.max_per_profile)),
        rule("in one project", or_all(queue.max_per_project)),
        rule("more tries of a failed job that only reads", queue.retry_failed_read_only.to_string()),
        rule("more tries of a failed job that may write", queue.retry_write_enabled.to_string()),
        rule("a point of priority for each", format!("{} s of waiting", queue.ageing_seconds)),
        rule(
            "servers start waiting jobs by themselves",
            if queue.dispatch { "yes" } else { "no" }.to_owned(),
        ),
    ]
}
