//! The default run reviewer: flags what a controller should know of a run, and grades it.
//!
//! It judges by what the host measured: exit codes, states and the commands that were run, never by words near
//! each other in the output. Attributes it reads, all optional; `yes` is `true` or `false`:
//!
//! | key | value |
//! |---|---|
//! | `cwd` | the worker's folder |
//! | `exit_code` | the worker's own |
//! | `is_error` | yes: what the worker's last line says |
//! | `subtype` | `success`, `error_max_turns`, `error_max_budget_usd`, `error_during_execution` |
//! | `terminal_reason` | `completed`, `api_error`, `aborted_tools` and so on |
//! | `api_error_status` | HTTP status of the API error that ended it |
//! | `api_retries` | API calls that were asked again |
//! | `stop_reason` | `user_requested`, `timeout`, `over_limit`; `output_`, `events_` or `cost_budget_exceeded` |
//! | `silent_seconds` | since its last line |
//! | `tool_in_flight`, `tool_in_flight_seconds` | the tool that runs now (its name), and for how long |
//! | `awaiting_permission` | yes: it waits for an answer |
//! | `rate_limited_until` | a time, while the provider makes it wait |
//! | `permission_denials` | tool calls it was refused |
//! | `output_bytes`, `output_budget_state` | written so far; `ok`, `warned`, `stopped` or `truncated` |
//! | `cost_usd`, `budget_usd`, `cost_is_estimate` | USD, USD, yes: the price is made up |
//! | `tokens_total` | of every kind, cached ones included |
//! | `scope` | `passed`, `violated`, `unknown`, or `none` when no scope is set |
//! | `secrets_real` | findings in its output or changes that are taken for real secrets |
//! | `tests` | `passed`, `failed` or `none`: what the host's own verification said |
//! | `changed_files` | how many it changed |
//! | `final_text_truncated` | yes: the end of its answer is all that is here |
//! | `controller_verdict` | `accepted`, `needs_rework` or `rejected` |
//! | `solved`, `needs_rework`, `hallucination` | yes: the controller's finer verdicts, which count before the one above |
//!
//! Settings: `stall_seconds` (180), `tool_seconds` (900: one tool call that long is worth a look), `repeat_limit`
//! (5 identical calls), `retry_limit` (3), `token_limit` (2000000).
#![forbid(unsafe_code)]

mod claims;
mod commands;
mod danger;
mod facts;
mod git;
mod grade;
mod liveness;
mod nested;
mod outcome;
mod place;
mod reach;
mod route;
mod settings;
mod shell;
mod unwrap;
mod variables;

use cc_policy_sdk::run_reviewer::{Assessment, Confidence, Failure, Flag, Guest, RunFacts, Severity, config};

use facts::Facts;
use settings::Settings;

/// The plugin.
struct Reviewer;

impl Guest for Reviewer {
    fn review(run: RunFacts) -> Result<Assessment, Failure> {
        Ok(assess(&run, &Settings::read(config)))
    }
}

cc_policy_sdk::export_run_reviewer!(Reviewer);

fn assess(run: &RunFacts, settings: &Settings) -> Assessment {
    let facts = Facts::of(run);
    let mut flags = Vec::new();
    flags.extend(outcome::safety(&facts));
    flags.extend(commands::destructive(&facts));
    flags.extend(route::mismatch(&facts));
    flags.extend(liveness::flags(&facts, settings));
    flags.extend(outcome::ending(&facts, settings));
    flags.extend(commands::success_claim(&facts));
    // A stable sort: among equals, the order above is the order of importance.
    flags.sort_by_key(|flag| std::cmp::Reverse(rank(flag.severity)));
    let grade = grade::of(&facts, &flags, settings);
    Assessment { flags, grade }
}

fn rank(severity: Severity) -> u8 {
    match severity {
        Severity::Low => 0,
        Severity::Medium => 1,
        Severity::High => 2,
        Severity::Critical => 3,
    }
}

/// A flag; one of high or critical severity blocks.
fn flag(
    code: &str,
    severity: Severity,
    category: &str,
    confidence: Confidence,
    message: impl Into<String>,
) -> Flag {
    Flag {
        code: code.to_owned(),
        severity,
        category: category.to_owned(),
        confidence,
        message: message.into(),
        blocking: rank(severity) >= rank(Severity::High),
    }
}

#[cfg(test)]
mod tests;
