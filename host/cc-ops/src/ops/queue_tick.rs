//! `cc_queue_tick`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, OpError, Operation, Output, arguments,
    queue::{Dispatcher, Pass},
};

/// How long a tick waits for tests of jobs whose runs have ended. In a server they go on after it.
const PATIENCE: Duration = Duration::from_secs(240);

/// Dispatch, process or advance the queue once: settles jobs whose runs ended, verifies those with tests, and starts as
/// many waiting jobs as have a place. Call it again, or leave it to "cc-orchestrator queue run".
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueTick {
    /// Jobs at once; 1-32, default: the policy's.
    #[arg(long)]
    max_concurrent: Option<u32>,
}

/// What was started.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ticked {
    #[serde(flatten)]
    pass: Pass,
    #[schemars(skip)]
    next_step: &'static str,
}

impl Operation for QueueTick {
    const NAME: &'static str = "cc_queue_tick";
    const TITLE: &'static str = "Tick the queue: start waiting jobs, settle ended ones";
    const EFFECT: Effect = Effect::STARTS_WORKERS;
    type Output = Ticked;

    async fn run(self, cx: Context) -> Result<Ticked, OpError> {
        if let Some(limit) = self.max_concurrent {
            arguments::number_within("max_concurrent", limit, 1, 32)?;
        }
        let mut dispatcher = Dispatcher::new(&cx);
        let mut pass = dispatcher.pass(self.max_concurrent).await?;
        if dispatcher.is_busy() {
            dispatcher.chores_done(PATIENCE).await;
            let more = dispatcher.pass(self.max_concurrent).await?;
            pass.started.extend(more.started);
            pass.held.extend(more.held);
            pass.slots_used = more.slots_used;
        }
        dispatcher.leave();
        Ok(Ticked {
            pass,
            next_step: "cc_queue_status shows how jobs stand; tick again when a run has ended",
        })
    }
}

impl Output for Ticked {
    fn text(&self) -> String {
        let Pass { max_concurrent, slots_used, started, held } = &self.pass;
        let mut lines =
            vec![format!("{slots_used} of {max_concurrent} places used, {} jobs started", started.len())];
        lines
            .extend(started.iter().map(|one| format!("- {} ({}): run {}", one.job_id, one.role, one.run_id)));
        lines.extend(held.iter().map(|one| format!("- {} not now: {}", one.job_id, one.reason)));
        lines.push(format!("next: {}", self.next_step));
        lines.join("\n")
    }
}
