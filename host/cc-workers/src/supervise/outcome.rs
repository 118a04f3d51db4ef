//! How a run ended.

use std::time::Duration;

use cc_domain::{RunResult, RunStatus, StopReason};

use super::ladder::Cause;
use crate::{os::Tree, stream::bounded};

/// What is kept of an error, bytes.
const MAX_ERROR: usize = 1_000;

/// What the final record says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) status: RunStatus,
    pub(super) stop_reason: Option<StopReason>,
    pub(super) error: Option<String>,
    pub(super) exit_code: Option<i32>,
    pub(super) duration_ms: u64,
    pub(super) result: Option<RunResult>,
    pub(super) worker: Option<u32>,
}

/// What was seen of a worker that has ended.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) cause: Option<Cause>,
    /// None when it would not end.
    pub(super) exit_code: Option<i32>,
    pub(super) duration: Duration,
    pub(super) result: Option<RunResult>,
    /// The worker could not even be started, or its guard was killed.
    pub(super) trouble: Option<String>,
    /// The last of its standard error, redacted.
    pub(super) last_words: String,
    pub(super) worker: Option<u32>,
}

/// Why a run ended that nobody stopped.
pub(super) const SHUT_DOWN: &str = "the run's supervisor was told to end, as when the computer shuts down; cc_send_instruction resumes the session";

impl Outcome {
    /// No worker ran, or its end is not known.
    pub(super) fn not_run(error: String) -> Self {
        Self {
            status: RunStatus::Failed,
            stop_reason: None,
            error: Some(error),
            exit_code: None,
            duration_ms: 0,
            result: None,
            worker: None,
        }
    }

    /// The worker's own word decides, not its exit code: that is 0 after an interrupt, and anything at all
    /// when a worker that would not go was ended after its result.
    pub(super) fn of(ending: Ending) -> Self {
        let (status, stop_reason) = match ending.cause {
            Some(Cause::Timeout) => (RunStatus::TimedOut, Some(StopReason::Timeout)),
            Some(Cause::Stopped) => (RunStatus::Stopped, Some(StopReason::UserRequested)),
            Some(Cause::Budget(reason)) => (RunStatus::Stopped, Some(reason)),
            Some(Cause::ShutDown) => (RunStatus::Failed, None),
            None if ending.result.as_ref().is_some_and(is_success) => (RunStatus::Succeeded, None),
            None => (RunStatus::Failed, ending.result.as_ref().and_then(budget_of)),
        };
        Self {
            status,
            stop_reason,
            error: (status != RunStatus::Succeeded).then(|| reason(&ending)).flatten(),
            exit_code: ending.exit_code,
            duration_ms: u64::try_from(ending.duration.as_millis()).unwrap_or(u64::MAX),
            worker: ending.worker,
            result: ending.result,
        }
    }

    /// Adds to what went wrong.
    pub(super) fn note(&mut self, text: String) {
        self.error = Some(match self.error.take() {
            Some(before) => format!("{before}; {text}"),
            None => text,
        });
    }

    /// Where processes of the run may still be.
    pub(super) fn tree(&self) -> Tree {
        Tree { root: std::process::id(), worker: self.worker }
    }
}

/// Claude Code keeps these two budgets itself.
fn budget_of(result: &RunResult) -> Option<StopReason> {
    match result.subtype.as_str() {
        "error_max_turns" => Some(StopReason::TurnsBudgetExceeded),
        "error_max_budget_usd" => Some(StopReason::CostBudgetExceeded),
        _ => None,
    }
}

fn is_success(result: &RunResult) -> bool {
    !result.is_error && result.subtype == "success"
}

fn reason(ending: &Ending) -> Option<String> {
    if let Some(trouble) = &ending.trouble {
        return Some(trouble.clone());
    }
    match (ending.cause, &ending.result) {
        (Some(Cause::Timeout), _) => Some("the time limit was reached".into()),
        (Some(Cause::Stopped), _) => Some("a stop was asked for".into()),
        (Some(Cause::ShutDown), _) => Some(SHUT_DOWN.into()),
        (Some(Cause::Budget(reason)), _) => Some(used_up(reason).into()),
        (None, Some(result)) => Some(reported(result)),
        (None, None) => Some(silent(ending)),
    }
}

/// Which budget, by the argument that sets it.
fn used_up(reason: StopReason) -> &'static str {
    match reason {
        StopReason::OutputBudgetExceeded => {
            "max_output_bytes was reached; output_budget_policy truncate lets a worker go on"
        }
        StopReason::EventsBudgetExceeded => {
            "max_events_bytes was reached; output_budget_policy truncate lets a worker go on"
        }
        StopReason::CostBudgetExceeded => "max_cost_usd was outspent, by the provider's listed prices",
        StopReason::TurnsBudgetExceeded => "max_turns was reached",
        StopReason::OverLimit => "a limit of the cost guard was reached; cc_cost_guard shows which",
        StopReason::UserRequested | StopReason::Timeout => "the run was ended",
    }
}

fn reported(result: &RunResult) -> String {
    let what = result.terminal_reason.as_deref().unwrap_or(&result.subtype);
    let why = if result.text.is_empty() { result.errors.join("; ") } else { result.text.clone() };
    bounded(format!("Claude Code reported {what}: {why}"), MAX_ERROR)
}

fn silent(ending: &Ending) -> String {
    let code =
        ending.exit_code.map_or("without an exit code".into(), |code| format!("with exit code {code}"));
    let words = ending.last_words.trim();
    let words = if words.is_empty() { String::new() } else { format!(": {words}") };
    bounded(format!("Claude Code ended without a result, {code}{words}"), MAX_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(subtype: &str, is_error: bool) -> Option<RunResult> {
        Some(RunResult { subtype: subtype.into(), is_error, text: "text".into(), ..RunResult::default() })
    }

    fn status(ending: Ending) -> RunStatus {
        Outcome::of(ending).status
    }

    #[test]
    fn only_a_result_without_an_error_is_success() {
        let ending = |result, exit_code| Ending { result, exit_code: Some(exit_code), ..Ending::default() };
        assert_eq!(status(ending(result("success", false), 0)), RunStatus::Succeeded);
        assert_eq!(
            status(ending(result("success", false), 143)),
            RunStatus::Succeeded,
            "ended by us, afterwards"
        );
        assert_eq!(status(ending(result("success", true), 1)), RunStatus::Failed);
        assert_eq!(status(ending(result("error_during_execution", true), 0)), RunStatus::Failed);
        assert_eq!(status(ending(result("error_max_turns", false), 0)), RunStatus::Failed);
        assert_eq!(status(ending(result("", false), 0)), RunStatus::Failed);
        assert_eq!(status(ending(None, 0)), RunStatus::Failed);
    }

    #[test]
    fn a_time_limit_is_a_time_limit_whatever_the_worker_said() {
        let ending =
            Ending { cause: Some(Cause::Timeout), result: result("success", false), ..Ending::default() };
        let outcome = Outcome::of(ending);
        assert_eq!((outcome.status, outcome.stop_reason), (RunStatus::TimedOut, Some(StopReason::Timeout)));
        assert!(outcome.result.is_some(), "what it said is kept");
    }

    #[test]
    fn a_shutdown_is_nobodys_stop() {
        let outcome = Outcome::of(Ending { cause: Some(Cause::ShutDown), ..Ending::default() });
        assert_eq!((outcome.status, outcome.stop_reason), (RunStatus::Failed, None));
        assert!(outcome.error.unwrap().contains("shuts down"));
    }

    #[test]
    fn a_silent_end_quotes_the_last_words() {
        let ending = Ending { exit_code: Some(1), last_words: "unknown flag\n".into(), ..Ending::default() };
        let error = Outcome::of(ending).error.unwrap();
        assert_eq!(error, "Claude Code ended without a result, with exit code 1: unknown flag");
    }
}
