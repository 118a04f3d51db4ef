//! `cc_stop_run`.

use std::time::{Duration, Instant};

use cc_domain::{RunId, RunStatus};
use cc_workers::ControlRequest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, arguments, wait};

/// What the last step of ending may take beyond the given time.
const GRACE: Duration = Duration::from_secs(8);
/// Between two looks whether the supervisor listens by now.
const AGAIN: Duration = Duration::from_millis(50);

/// Stop, cancel, abort or kill a run that hangs or is not wanted: the worker is interrupted, then terminated, then
/// killed, with every process it started; survivors are named.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopRun {
    run_id: RunId,
    /// Kill at once.
    #[arg(long)]
    #[serde(default)]
    force: bool,
    /// 1-60, default 5.
    #[arg(long)]
    timeout_seconds: Option<u32>,
}

/// How it went.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Stopped {
    run_id: String,
    status: &'static str,
    stopped: bool,
    #[schemars(skip)]
    previous_status: RunStatus,
    #[schemars(skip)]
    active: bool,
    /// Processes of the run that are still there.
    survivors: Vec<String>,
    #[schemars(skip)]
    next_step: String,
}

impl Operation for StopRun {
    const NAME: &'static str = "cc_stop_run";
    const TITLE: &'static str = "Stop a run: cancel or kill a worker";
    const EFFECT: Effect = Effect { read_only: false, destructive: true, open_world: false };
    type Output = Stopped;

    async fn run(self, cx: Context) -> Result<Stopped, OpError> {
        let seconds = self.timeout_seconds.unwrap_or(5);
        let seconds = arguments::number_within("timeout_seconds", seconds, 1, 60)?;
        let within = Duration::from_secs(seconds.into());
        let id = self.run_id.clone();
        let before = cx.blocking(move |cx| wait::read(&*cx.store()?, &id)).await?.status;
        if !before.is_active() {
            return report(&cx, &self.run_id, before).await;
        }
        end(&cx, &self.run_id, self.force, within).await?;
        report(&cx, &self.run_id, before).await
    }
}

/// Asks a run to end and waits until it has, or the time is over.
pub(crate) async fn end(cx: &Context, run: &RunId, force: bool, within: Duration) -> Result<(), OpError> {
    let within_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    let give_up = Instant::now() + within;
    let request = ControlRequest::Stop { force, within_ms };
    // The supervisor of a run that is only starting does not listen yet.
    while !is_asked(cx, run, request.clone()).await? && Instant::now() < give_up {
        tokio::time::sleep(AGAIN).await;
    }
    wait::for_end(cx, run, within + GRACE).await?;
    Ok(())
}

/// Asks once. True when somebody heard it, or nobody is left to hear it.
async fn is_asked(cx: &Context, run: &RunId, request: ControlRequest) -> Result<bool, OpError> {
    let run = run.clone();
    cx.blocking(move |cx| {
        let store = cx.store()?;
        let heard = cc_workers::control(&store, &run, &request)?.is_some();
        Ok(heard || wait::has_ended(&store, &run)?)
    })
    .await
}

async fn report(cx: &Context, run: &RunId, before: RunStatus) -> Result<Stopped, OpError> {
    let run = run.clone();
    cx.blocking(move |cx| {
        let record = wait::read(&*cx.store()?, &run)?;
        let active = record.status.is_active();
        // A supervisor ends last: it is no survivor of a run that it has already closed.
        let survivors = if active { Vec::new() } else { cc_workers::survivors(&run) };
        let status = match before {
            RunStatus::Stopped => "already_stopped",
            before if !before.is_active() => "already_finished",
            _ => record.status.as_str(),
        };
        let next_step = match (active, survivors.is_empty()) {
            (true, _) => "it is still ending; call again with force".to_owned(),
            (_, false) => "end the named processes by hand; they ignore even a kill".to_owned(),
            _ => format!("cc_last_run with run_id {run} shows what it had done"),
        };
        let stopped = !active && survivors.is_empty();
        let run_id = run.to_string();
        Ok(Stopped { run_id, status, stopped, previous_status: before, active, survivors, next_step })
    })
    .await
}

impl Output for Stopped {
    fn text(&self) -> String {
        let left = if self.survivors.is_empty() {
            "no process of it is left".to_owned()
        } else {
            format!("still there: {}", self.survivors.join(", "))
        };
        format!("run {}: {}; {left}\nnext: {}", self.run_id, self.status, self.next_step)
    }

    fn succeeded(&self) -> bool {
        self.stopped
    }
}
