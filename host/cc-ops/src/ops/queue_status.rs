//! `cc_queue_status`.

use std::collections::BTreeMap;

use cc_domain::{JobId, JobState};
use cc_store::{Job, Overview};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::queue_view::{JobLine, whole};
use crate::{Context, Effect, OpError, Operation, Output, arguments};

/// Changes of one job that a reply shows.
const MOST_CHANGES: u32 = 100;

/// Show the queue: how many jobs wait, run, are done or failed; those that run, the next ones and the latest ended ones.
/// With job_id: one job whole, with its history, attempts, verification and scope warning.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueStatus {
    job_id: Option<JobId>,
    /// Default true.
    #[arg(long)]
    include_finished: Option<bool>,
    /// Of each kind; 1-100, default 2.
    #[arg(long)]
    limit: Option<u32>,
}

/// The queue, or one job.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QueueShown {
    /// All jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    state_counts: Option<BTreeMap<JobState, u64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<JobLine>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Value>,
}

impl Operation for QueueStatus {
    const NAME: &'static str = "cc_queue_status";
    const TITLE: &'static str = "Show the queue: waiting, running and ended jobs";
    const EFFECT: Effect = Effect::READS;
    type Output = QueueShown;

    async fn run(self, cx: Context) -> Result<QueueShown, OpError> {
        let limit = arguments::number_within("limit", self.limit.unwrap_or(2), 1, 100)?;
        cx.blocking(move |cx| match &self.job_id {
            Some(id) => one(cx, id),
            None => self.list(cx, limit),
        })
        .await
    }
}

fn one(cx: &Context, id: &JobId) -> Result<QueueShown, OpError> {
    let store = cx.store()?;
    let history = store.job_history(id, MOST_CHANGES)?;
    let job = whole(&store.job(id)?, &history);
    Ok(QueueShown { job: Some(job), count: None, state_counts: None, jobs: Vec::new(), queue_path: None })
}

impl QueueStatus {
    fn list(&self, cx: &Context, limit: u32) -> Result<QueueShown, OpError> {
        let path = cx.setup().home.state_db();
        // Where nothing was ever queued there is no database, and looking makes none.
        let queue = if path.is_file() { cx.store()?.queue_overview(limit)? } else { Overview::default() };
        let finished = self.include_finished.unwrap_or(true);
        let ended = queue.ended.iter().filter(|_| finished);
        let jobs: Vec<&Job> = queue.running.iter().chain(&queue.waiting).chain(ended).collect();
        Ok(QueueShown {
            count: Some(queue.counts.values().sum()),
            state_counts: Some(
                JobState::ALL.iter().map(|s| (*s, queue.counts.get(s).copied().unwrap_or(0))).collect(),
            ),
            jobs: jobs.into_iter().map(JobLine::of).collect(),
            queue_path: Some(path.display().to_string()),
            job: None,
        })
    }
}

impl Output for QueueShown {
    fn text(&self) -> String {
        if let Some(job) = &self.job {
            return serde_json::to_string_pretty(job).unwrap_or_default();
        }
        let counts = self.state_counts.iter().flatten().filter(|(_, n)| **n > 0);
        let counts: Vec<String> = counts.map(|(state, n)| format!("{n} {}", state.as_str())).collect();
        let head = if counts.is_empty() { "no jobs".to_owned() } else { counts.join(", ") };
        [head].into_iter().chain(self.jobs.iter().map(JobLine::text)).collect::<Vec<_>>().join("\n")
    }
}
