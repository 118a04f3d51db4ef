//! One line of `events.ndjson`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{RunId, RunStatus};

/// One event, as the supervisor appends it: whole lines only, numbered from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// From 1.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub ts: String,
    /// The run.
    pub run_id: RunId,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened. The names are the predecessor's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventBody {
    /// The folder is ready.
    RunStarted {
        /// The worker's role.
        role: String,
        /// The kind of work.
        task_type: String,
        /// The routed model.
        model: Option<String>,
    },
    /// The worker process runs.
    ProcessStarted {
        /// Its process id.
        pid: u32,
    },
    /// One line of Claude Code's stream, redacted and bounded.
    ClaudeStream {
        /// `started`, `tool`, `responding`, `finished` or none.
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<String>,
        /// The line.
        payload: Value,
    },
    /// A line that is no JSON.
    Text {
        /// Where it came from.
        source: EventSource,
        /// Redacted and bounded.
        text: String,
    },
    /// The model that answers is known.
    ActualModel {
        /// The routed model.
        declared: Option<String>,
        /// The one that answers.
        actual: String,
    },
    /// The time limit was reached.
    Timeout {
        /// The limit.
        timeout_seconds: u32,
    },
    /// Reading the worker's output failed.
    StreamError {
        /// Where.
        source: EventSource,
        /// Why.
        error: String,
    },
    /// The last event.
    ProcessExited {
        /// How the run ended.
        status: RunStatus,
        /// The worker's exit code.
        exit_code: Option<i32>,
        /// From start to end.
        duration_ms: u64,
    },
}

/// One of the worker's output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum EventSource {
    Stdout,
    Stderr,
}
