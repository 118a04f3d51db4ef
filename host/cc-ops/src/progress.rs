//! What a caller may be shown while it waits.

use std::{sync::Arc, time::Duration};

/// One look at a run under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The run.
    pub run_id: String,
    /// Since the wait began.
    pub elapsed: Duration,
    /// Events recorded so far.
    pub events: u64,
    /// What the worker does, in a few words.
    pub doing: String,
}

/// Where progress goes: an MCP notification, or a line on a terminal.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;
