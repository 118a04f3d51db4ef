//! `cc_poll_run`.

use cc_domain::RunId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::poll_view::{PollView, RawView};
use crate::{
    Context, Effect, OpError, Operation, Output, arguments, artifacts,
    snapshot::Snapshot,
    watch::{self, Awaited, WaitFor},
};

/// Watch or wait for a run: what the worker does now, permission questions, risk flags, cost, what to do
/// next; short. With wait_seconds it returns as soon as something needs you, or the run ends.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollRun {
    run_id: RunId,
    /// 0-280, default 0.
    #[arg(long)]
    wait_seconds: Option<u32>,
    /// Default attention.
    #[arg(long)]
    wait_for: Option<WaitFor>,
    /// Last next_event_offset; default 0.
    #[arg(long)]
    event_offset: Option<u64>,
    /// Raw mode.
    #[arg(long)]
    stdout_offset: Option<u64>,
    /// Raw mode.
    #[arg(long)]
    stderr_offset: Option<u64>,
    /// Default controller; raw: stdout, stderr, events by byte offset.
    #[arg(long)]
    mode: Option<Mode>,
    /// Raw mode; 1000-200000, default 20000.
    #[arg(long)]
    max_bytes: Option<u32>,
    /// Raw mode; 1-200, default 20.
    #[arg(long)]
    max_events: Option<u32>,
    /// Bytes of the reply; 200-20000, default 2000.
    #[arg(long)]
    max_summary_chars: Option<u32>,
    /// Default false.
    #[arg(long)]
    #[serde(default)]
    include_output_tail: bool,
    /// 0-20000, default 4000.
    #[arg(long)]
    tail_chars: Option<u32>,
    /// Default true.
    #[arg(long)]
    write_artifacts: Option<bool>,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, description = "")]
pub(crate) enum Mode {
    #[default]
    Controller,
    Raw,
}

/// The run now.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Polled {
    #[serde(flatten)]
    view: Option<Box<PollView>>,
    #[serde(flatten)]
    #[schemars(skip)]
    raw: Option<Box<RawView>>,
}

/// The limits of a reply.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) bytes: u64,
    pub(crate) events: usize,
    pub(crate) reply: usize,
    pub(crate) tail: Option<usize>,
}

impl PollRun {
    fn limits(&self) -> Result<Limits, OpError> {
        let within = |name, value: Option<u32>, usual, least, most| {
            arguments::number_within(name, value.unwrap_or(usual), least, most)
        };
        let tail = within("tail_chars", self.tail_chars, 4_000, 0, 20_000)? as usize;
        Ok(Limits {
            bytes: within("max_bytes", self.max_bytes, 20_000, 1_000, 200_000)?.into(),
            events: within("max_events", self.max_events, 20, 1, 200)? as usize,
            reply: within("max_summary_chars", self.max_summary_chars, 2_000, 200, 20_000)? as usize,
            tail: self.include_output_tail.then_some(tail),
        })
    }
}

impl Operation for PollRun {
    const NAME: &'static str = "cc_poll_run";
    const TITLE: &'static str = "Poll a run: progress, activity, wait for the worker, flags, next action";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Polled;

    async fn run(self, cx: Context) -> Result<Polled, OpError> {
        let limits = self.limits()?;
        let patience = watch::patience(self.wait_seconds, 0)?;
        if !patience.is_zero() {
            let awaited = Awaited { id: self.run_id.clone(), from: Some(self.event_offset.unwrap_or(0)) };
            watch::for_change(&cx, vec![awaited], self.wait_for.unwrap_or_default(), patience).await?;
        }
        cx.blocking(move |cx| self.look(cx, limits)).await
    }
}

impl PollRun {
    fn look(&self, cx: &Context, limits: Limits) -> Result<Polled, OpError> {
        let from = self.event_offset.unwrap_or(0);
        let run = Snapshot::of(cx, &self.run_id, from)?;
        if self.mode == Some(Mode::Raw) {
            let offsets = [self.stdout_offset.unwrap_or(0), self.stderr_offset.unwrap_or(0), from];
            let raw = RawView::of(&run, offsets, limits)?;
            return Ok(Polled { view: None, raw: Some(Box::new(raw)) });
        }
        if self.write_artifacts.unwrap_or(true) {
            artifacts::write_if_due(&run)?;
        }
        Ok(Polled { view: Some(Box::new(PollView::of(&run, limits))), raw: None })
    }
}

impl Output for Polled {
    fn text(&self) -> String {
        let view = self.view.as_ref().map(|view| view.text());
        view.or_else(|| self.raw.as_ref().map(|raw| raw.text())).unwrap_or_default()
    }
}
