//! What a run may use up, and what it has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Spent;

/// What a run may use up. Bytes are those of the redacted record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Of `stdout.txt` and `stderr.txt` together.
    pub max_output_bytes: u64,
    /// Of `events.ndjson`.
    pub max_events_bytes: u64,
    /// Beyond it the run is warned of.
    pub soft_output_bytes: u64,
    /// What happens when a limit of bytes is reached.
    pub policy: BudgetPolicy,
    /// Keep the answer, and of the rest only what steers the run.
    pub final_only: bool,
    /// What is kept of the final answer, characters.
    pub final_max_chars: u32,
    /// Turns of the main conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_turns: Option<u32>,
    /// USD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<f64>,
}

impl Default for Budget {
    /// The predecessor's figures.
    fn default() -> Self {
        Self {
            max_output_bytes: 2_000_000,
            max_events_bytes: 2_000_000,
            soft_output_bytes: 1_000_000,
            policy: BudgetPolicy::Stop,
            final_only: false,
            final_max_chars: 20_000,
            max_turns: None,
            max_cost_usd: None,
        }
    }
}

impl Budget {
    /// For a caller who waits for the answer: the record is cut, and the worker goes on.
    #[must_use]
    pub fn for_answer() -> Self {
        Self {
            max_output_bytes: 16 << 20,
            max_events_bytes: 16 << 20,
            soft_output_bytes: 8 << 20,
            policy: BudgetPolicy::Truncate,
            final_max_chars: 300_000,
            ..Self::default()
        }
    }
}

/// What happens when a limit of bytes is reached. The final answer is kept either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum BudgetPolicy {
    /// The worker is ended.
    #[default]
    Stop,
    /// The record is cut, and the worker goes on.
    Truncate,
}

/// What a run has used up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BudgetUse {
    /// Where it stands.
    pub state: BudgetState,
    /// Read from the worker, before redaction.
    pub observed_output_bytes: u64,
    /// Bytes of `stdout.txt`.
    pub stdout_bytes: u64,
    /// Bytes of `stderr.txt`.
    pub stderr_bytes: u64,
    /// Bytes of `events.ndjson`.
    pub events_bytes: u64,
    /// Not kept in the two logs.
    pub dropped_output_bytes: u64,
    /// Not kept in `events.ndjson`.
    pub dropped_event_count: u64,
    /// Tokens and USD, of all models together; as the ledger has them. None before the first reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
}

/// Where a run stands with its budgets of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BudgetState {
    /// All is well.
    #[default]
    WithinBudget,
    /// Over the soft limit.
    SoftExceeded,
    /// Over a hard limit: the record was cut.
    Truncated,
    /// Over a hard limit: the worker was ended.
    Stopped,
}

/// What a worker does that wants a tool its mode does not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Asking {
    /// It is refused.
    #[default]
    Deny,
    /// The controller is asked.
    Ask,
}

/// What a run does at a rate or usage limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum OnLimit {
    /// Wait for the reset, and go on in the same session.
    #[default]
    Wait,
    /// Go on in the same session on the router's next choice.
    Failover,
    /// Fail.
    Fail,
}
