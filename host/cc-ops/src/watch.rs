//! Waiting for something worth a controller's look, in one run or in the first of several.

use std::time::Duration;

use cc_domain::{Event, EventBody, RunId, Weight};
use cc_store::read_events;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{Context, OpError, Progress, arguments, wait, watched};

/// How often a waiting call looks: soon at first, for what ends at once, and then ten times a second.
const LOOK_SOON: Duration = Duration::from_millis(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const EVENTS_A_LOOK: usize = 1_000;
const BYTES_A_LOOK: usize = 1 << 20;
/// Codex ends a call at 300 s; the answer needs a little time of its own.
const MOST_WAIT: u32 = 280;

/// What ends a wait. The run's end always does.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, description = "")]
pub(crate) enum WaitFor {
    /// A permission question, limit, budget or stop.
    #[default]
    Attention,
    /// The same, or the worker says something.
    Message,
    /// The run's end only.
    End,
}

impl WaitFor {
    fn is_met(self, event: &Event) -> bool {
        // The run's end is what its record says. A failed turn and the worker's exit are events a moment earlier:
        // who was woken by them would find a run that still runs.
        let ends = matches!(event.body, EventBody::TurnEnded { .. } | EventBody::ProcessExited { .. });
        let said = matches!(event.body, EventBody::Message { subagent: false, .. });
        match self {
            Self::End => false,
            Self::Attention => event.body.weight() == Weight::Attention && !ends,
            Self::Message => said || Self::Attention.is_met(event),
        }
    }
}

/// A run that is waited for.
#[derive(Clone, Debug)]
pub(crate) struct Awaited {
    pub(crate) id: RunId,
    /// Where its unseen events begin; none: now, but a question that waits already counts.
    pub(crate) from: Option<u64>,
}

/// A wait argument as a time; `usual` when it is left out.
pub(crate) fn patience(seconds: Option<u32>, usual: u32) -> Result<Duration, OpError> {
    let seconds = arguments::number_within("wait_seconds", seconds.unwrap_or(usual), 0, MOST_WAIT)?;
    Ok(Duration::from_secs(seconds.into()))
}

/// The first of the runs that changes; none when `patience` runs out before. A run that has ended has changed.
pub(crate) async fn for_change(
    cx: &Context,
    mut runs: Vec<Awaited>,
    what: WaitFor,
    patience: Duration,
) -> Result<Option<RunId>, OpError> {
    let begun = Instant::now();
    let mut pause = LOOK_SOON;
    loop {
        let (seen, changed) = look(cx, runs, what, begun.elapsed()).await?;
        if changed.is_some() || begun.elapsed() >= patience {
            return Ok(changed);
        }
        runs = seen;
        tokio::time::sleep(pause.min(patience.saturating_sub(begun.elapsed()))).await;
        pause = (pause * 2).min(LOOK_EVERY);
    }
}

async fn look(
    cx: &Context,
    mut runs: Vec<Awaited>,
    what: WaitFor,
    elapsed: Duration,
) -> Result<(Vec<Awaited>, Option<RunId>), OpError> {
    cx.blocking(move |cx| {
        for run in &mut runs {
            if has_changed(cx, run, what)? {
                return Ok((Vec::new(), Some(run.id.clone())));
            }
        }
        tell(cx, &runs, elapsed)?;
        Ok((runs, None))
    })
    .await
}

fn has_changed(cx: &Context, run: &mut Awaited, what: WaitFor) -> Result<bool, OpError> {
    let store = cx.store()?;
    if wait::has_ended(&store, &run.id)? {
        return Ok(true);
    }
    if what == WaitFor::End {
        return Ok(false);
    }
    let dir = store.run_dir(&run.id)?;
    let Some(from) = run.from else {
        let seen = cx.watched().look(&run.id, &dir)?;
        run.from = Some(seen.next_byte);
        return Ok(!seen.progress.questions.is_empty());
    };
    let page = read_events(&dir, from.min(watched::size(&dir)), EVENTS_A_LOOK, BYTES_A_LOOK)?;
    run.from = Some(page.next_byte);
    Ok(page.events.iter().any(|event| what.is_met(event)))
}

/// Tells who watches the wait.
fn tell(cx: &Context, runs: &[Awaited], elapsed: Duration) -> Result<(), OpError> {
    let (Some(sink), Some(first)) = (cx.progress(), runs.first()) else { return Ok(()) };
    let store = cx.store()?;
    let seen = cx.watched().look(&first.id, &store.run_dir(&first.id)?)?.progress;
    let others = if runs.len() > 1 { format!(" ({} runs)", runs.len()) } else { String::new() };
    sink(Progress {
        run_id: first.id.to_string(),
        elapsed,
        events: seen.seq,
        doing: format!("{}{others}", seen.activity(Timestamp::now()).text()),
    });
    Ok(())
}
