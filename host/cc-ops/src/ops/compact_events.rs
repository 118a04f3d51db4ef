//! `cc_compact_events`.

use std::collections::{BTreeMap, VecDeque};

use cc_domain::{Event, EventBody, RunId, Tally};
use cc_reports::Table;
use cc_store::{RunDir, read_events};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Context, Effect, OpError, Operation, Output, arguments, artifacts, facts,
    snapshot::{Offsets, Snapshot},
    watched,
};

/// Events of a run as a compact timeline: what happened step by step, tools deduplicated with counts.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompactEvents {
    run_id: RunId,
    /// Events from there on; default: the newest.
    #[arg(long)]
    event_offset: Option<u64>,
    /// Read at most; 1000-200000, default 20000.
    #[arg(long)]
    max_bytes: Option<u32>,
    /// 1-200, default 20.
    #[arg(long)]
    max_events: Option<u32>,
    /// Default false.
    #[arg(long)]
    #[serde(default)]
    write_artifacts: bool,
}

/// The timeline, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Timeline {
    run_id: String,
    items: Vec<Item>,
    #[schemars(skip)]
    tools: BTreeMap<String, Tally>,
    #[schemars(skip)]
    tool_timeline: String,
    /// Goes on at next_event_offset.
    #[schemars(skip)]
    truncated: bool,
    #[schemars(skip)]
    offsets: Offsets,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_paths: Option<Value>,
}

/// One event.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Item {
    seq: u64,
    ts: String,
    r#type: String,
    text: String,
}

impl Item {
    /// What is still being written is noise to a reader of what happened.
    fn of(event: &Event) -> Option<Self> {
        if matches!(event.body, EventBody::Generating { .. }) {
            return None;
        }
        let body = serde_json::to_value(&event.body).ok()?;
        let kind = facts::name(&body["type"]).unwrap_or_default();
        Some(Self { seq: event.seq, ts: event.ts.clone(), r#type: kind, text: event.body.headline() })
    }
}

impl Operation for CompactEvents {
    const NAME: &'static str = "cc_compact_events";
    const TITLE: &'static str = "Events of a run: timeline, log of steps and tool calls";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Timeline;

    async fn run(self, cx: Context) -> Result<Timeline, OpError> {
        let bytes = self.max_bytes.unwrap_or(20_000);
        let bytes = arguments::number_within("max_bytes", bytes, 1_000, 200_000)? as usize;
        let most = arguments::number_within("max_events", self.max_events.unwrap_or(20), 1, 200)? as usize;
        cx.blocking(move |cx| {
            let mut run = Snapshot::of(cx, &self.run_id, self.event_offset.unwrap_or(0))?;
            let (items, next) = match self.event_offset {
                Some(from) => onward(&run.dir, from, most, bytes)?,
                None => newest(&run.dir, most, bytes)?,
            };
            run.offsets.next_event_offset = next;
            if self.write_artifacts {
                artifacts::write_if_due(&run)?;
            }
            Ok(Timeline {
                run_id: self.run_id.to_string(),
                items,
                tools: run.tools().clone(),
                tool_timeline: cc_reports::tool_timeline(&run.progress),
                truncated: next < run.offsets.events_size,
                offsets: run.offsets,
                artifact_paths: self.write_artifacts.then(|| artifacts::paths(&run.dir)),
            })
        })
        .await
    }
}

/// The events from an offset on, and where the next ones begin.
fn onward(dir: &RunDir, from: u64, most: usize, bytes: usize) -> Result<(Vec<Item>, u64), OpError> {
    let page = read_events(dir, from.min(watched::size(dir)), most, bytes)?;
    Ok((page.events.iter().filter_map(Item::of).collect(), page.next_byte))
}

/// The newest events of the last so many bytes, and the end.
fn newest(dir: &RunDir, most: usize, bytes: usize) -> Result<(Vec<Item>, u64), OpError> {
    let mut at = watched::size(dir).saturating_sub(bytes as u64);
    let mut items = VecDeque::new();
    loop {
        let page = read_events(dir, at, 1_000, 1 << 20)?;
        items.extend(page.events.iter().filter_map(Item::of));
        items.drain(..items.len().saturating_sub(most));
        at = page.next_byte;
        if page.at_end {
            return Ok((items.into(), at));
        }
    }
}

impl Output for Timeline {
    fn text(&self) -> String {
        let mut table = Table::new(["event", "at", "type", "what"]);
        for item in &self.items {
            table.row([&item.seq.to_string(), &item.ts, &item.r#type, &item.text]);
        }
        format!("{table}\n\n{}", self.tool_timeline)
    }
}
