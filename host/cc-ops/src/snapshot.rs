//! One look at a run: its record, what its events add up to, and what the reviewer says of it.

use std::collections::BTreeMap;

use cc_domain::{RunId, RunProgress, RunRecord, Tally};
use cc_store::RunDir;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Context, OpError, facts, facts::Reviewed, wait, watched};

/// One look at a run.
pub(crate) struct Snapshot {
    pub(crate) record: RunRecord,
    pub(crate) dir: RunDir,
    pub(crate) progress: RunProgress,
    pub(crate) offsets: Offsets,
    pub(crate) review: Reviewed,
    pub(crate) now: Timestamp,
}

/// Bytes of `events.ndjson`; each is the beginning of a line.
#[derive(Clone, Copy, Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Offsets {
    pub(crate) event_offset: u64,
    pub(crate) next_event_offset: u64,
    pub(crate) events_size: u64,
}

impl Snapshot {
    /// Looks at a run; `event_offset` is what its caller has seen.
    pub(crate) fn of(cx: &Context, id: &RunId, event_offset: u64) -> Result<Self, OpError> {
        let store = cx.store()?;
        let record = wait::read(&store, id)?;
        let dir = store.run_dir(id)?;
        let mut folded = cx.watched().look(id, &dir)?;
        // The record has the last word on the end: a supervisor writes it just after the last event, or never.
        folded.progress.ended = (!record.status.is_active()).then_some(record.status);
        let now = Timestamp::now();
        let review = Reviewed::by(&cx.policy(&record.workspace_root), &record, &folded.progress, now);
        let offsets = Offsets {
            event_offset,
            next_event_offset: folded.next_byte,
            events_size: watched::size(&dir).max(folded.next_byte),
        };
        Ok(Self { record, dir, progress: folded.progress, offsets, review, now })
    }

    pub(crate) fn active(&self) -> bool {
        self.record.status.is_active()
    }

    pub(crate) fn action(&self) -> &'static str {
        self.review.recommended_action(self.record.status)
    }

    pub(crate) fn activity(&self) -> cc_domain::Activity {
        self.progress.activity(self.now)
    }

    pub(crate) fn tools(&self) -> &BTreeMap<String, Tally> {
        &self.progress.tools
    }

    pub(crate) fn cost(&self) -> Option<f64> {
        facts::cost(&self.record)
    }

    pub(crate) fn tokens(&self) -> Option<u64> {
        facts::usage(&self.record).map(|usage| usage.total())
    }

    /// The answer once there is one, else the newest thing the worker said.
    pub(crate) fn message(&self) -> Option<&str> {
        let answer = self.record.result.as_ref().map(|result| result.text.as_str());
        answer.filter(|text| !text.is_empty()).or(self.progress.last_message.as_deref())
    }

    fn elapsed_ms(&self) -> Option<u64> {
        let running = || {
            let begun: Timestamp = self.record.started_at.parse().ok()?;
            u64::try_from(self.now.duration_since(begun).as_millis()).ok()
        };
        self.record.duration_ms.or_else(running)
    }

    /// `progress_summary`, with texts of at most so many characters.
    pub(crate) fn summary(&self, chars: usize) -> Value {
        let cut = |text: &str| cc_domain::one_line(text, chars);
        let progress = &self.progress;
        let calls: u32 = progress.tools.values().map(|tally| tally.count).sum();
        json!({
            "run_id": self.record.run_id,
            "status": self.record.status,
            "active": self.active(),
            "role": self.record.role,
            "model": progress.actual_model.as_ref().or(self.record.route.model.as_ref()),
            "phase": progress.phase,
            "activity": self.activity(),
            "elapsed_ms": self.elapsed_ms(),
            "last_meaningful_action": progress.last_action.as_deref().map(cut),
            "last_message": self.message().map(cut),
            "last_stderr_line": progress.last_stderr.as_deref().map(cut),
            "attention": progress.attention.as_ref().map(|(seq, what)| json!({ "seq": seq, "what": what })),
            "permission_questions": progress.questions.len(),
            "tool_call_count": calls,
            "tool_call_summary": progress.tools,
            "recent_tools": progress.recent,
            "turns": progress.turns,
            "tokens_total": self.tokens(),
            "cost_usd": self.cost(),
            "budget_state": self.record.output_budget.state,
            "recommended_action": self.action(),
        })
    }

    /// `risk_flags`.
    pub(crate) fn risks(&self) -> Value {
        let flags = &self.review.flags;
        let blocking = flags.iter().filter(|flag| flag.blocking).count();
        json!({
            "run_id": self.record.run_id,
            "blocking_ok": blocking == 0,
            "max_severity": flags.iter().map(|flag| flag.severity).max(),
            "blocking_count": blocking,
            "flag_count": flags.len(),
            "flags": flags,
            "grade": self.review.grade,
            "review_error": self.review.error,
        })
    }
}
