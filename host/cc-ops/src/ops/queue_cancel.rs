//! `cc_queue_cancel`.

use std::time::Duration;

use cc_domain::{JobId, JobState};
use cc_store::Cancelled;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{queue_view::JobLine, stop_run};
use crate::{Context, Effect, OpError, Operation, Output};

/// How long the job's worker may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Cancel or remove a queued or running job: one that runs has its worker stopped. Jobs that were to run after it are
/// cancelled, too. A job that has ended stays as it ended.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueCancel {
    job_id: JobId,
}

/// The job now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct JobCancelled {
    /// False: it had ended, or its worker still ends.
    cancelled: bool,
    job: JobLine,
    message: &'static str,
}

impl Operation for QueueCancel {
    const NAME: &'static str = "cc_queue_cancel";
    const TITLE: &'static str = "Cancel a job of the queue, stop its worker";
    const EFFECT: Effect = Effect { read_only: false, destructive: true, open_world: false };
    type Output = JobCancelled;

    async fn run(self, cx: Context) -> Result<JobCancelled, OpError> {
        let id = self.job_id.clone();
        let cancelled = cx.blocking(move |cx| Ok(cx.store()?.cancel_job(&id, "it was cancelled")?)).await?;
        if let Cancelled::Stopping(run) = &cancelled {
            stop_run::end(&cx, run, false, PATIENCE).await?;
        }
        cx.blocking(move |cx| {
            let job = cx.store()?.job(&self.job_id)?;
            let message = match (&cancelled, job.state) {
                (Cancelled::AlreadyEnded, _) => "it had ended before, and stays as it ended",
                (_, JobState::Cancelled) => "it is cancelled",
                _ => "its worker is still being stopped; it is cancelled once that has ended",
            };
            let done = job.state == JobState::Cancelled && cancelled != Cancelled::AlreadyEnded;
            Ok(JobCancelled { cancelled: done, job: JobLine::of(&job), message })
        })
        .await
    }
}

impl Output for JobCancelled {
    fn text(&self) -> String {
        format!("{}\n{}", self.message, self.job.text())
    }

    fn succeeded(&self) -> bool {
        self.job.status == JobState::Cancelled
    }
}
