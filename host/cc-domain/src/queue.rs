//! What a queue of jobs may do at once, and what becomes of those that fail.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// `[queue]` of the user's overrides. The names and figures that the predecessor had are its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QueuePolicy {
    /// Jobs at once on this home.
    pub max_concurrent: NonZeroU32,
    /// Jobs at once on one profile; none: as many as `max_concurrent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_profile: Option<NonZeroU32>,
    /// Jobs at once in one project; none: as many as `max_concurrent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_project: Option<NonZeroU32>,
    /// Of a job that names none; greater runs first.
    pub default_priority: i32,
    /// Of a job that names none, seconds.
    pub default_timeout_seconds: u32,
    /// A job that waits this long counts as one point of priority more; 0: waiting earns nothing.
    pub ageing_seconds: u32,
    /// How often a failed job that only reads is tried again.
    pub retry_failed_read_only: u32,
    /// How often a failed job that may write is tried again, each time after its work was rolled back.
    pub retry_write_enabled: u32,
    /// Wait before the second try, seconds; each further wait is twice as long.
    pub backoff_seconds: u32,
    /// The longest such wait, seconds.
    pub max_backoff_seconds: u32,
    /// A job whose time is up is stopped.
    pub stop_timed_out: bool,
    /// Every MCP server starts waiting jobs by itself; otherwise `queue run` and `cc_queue_tick` do.
    pub dispatch: bool,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self {
            max_concurrent: NonZeroU32::MIN.saturating_add(2),
            max_per_profile: None,
            max_per_project: None,
            default_priority: 100,
            default_timeout_seconds: 900,
            ageing_seconds: 60,
            retry_failed_read_only: 1,
            retry_write_enabled: 0,
            backoff_seconds: 10,
            max_backoff_seconds: 600,
            stop_timed_out: true,
            dispatch: false,
        }
    }
}
