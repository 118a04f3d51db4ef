//! Whether a run gets on, and whether it ran out of time or room.

use cc_policy_sdk::run_reviewer::{Confidence, Flag, Severity};

use crate::{facts::Facts, flag, settings::Settings};

/// Tools whose same call again is how one waits.
const POLLING: [&str; 5] = ["BashOutput", "TaskOutput", "AgentOutput", "Monitor", "TodoRead"];

pub(crate) fn flags(facts: &Facts<'_>, settings: &Settings) -> Vec<Flag> {
    let found = [stalled(facts, settings), timed_out(facts), output(facts), repeated(facts, settings)];
    found.into_iter().flatten().collect()
}

/// Silence is a sign only when nothing explains it.
fn stalled(facts: &Facts<'_>, settings: &Settings) -> Option<Flag> {
    let silent = facts.number("silent_seconds")?;
    let explained = facts.yes("awaiting_permission") || facts.text("rate_limited_until").is_some();
    if !facts.run.active || explained {
        return None;
    }
    if let Some(tool) = facts.tool_in_flight() {
        let running = facts.number("tool_in_flight_seconds").unwrap_or(silent);
        return (running >= settings.tool_seconds).then(|| {
            let message = format!("one call of {tool} has been running for {running:.0} s");
            flag("long_tool_call", Severity::Low, "liveness", Confidence::Low, message)
        });
    }
    (silent >= settings.stall_seconds).then(|| {
        let message =
            format!("no output for {silent:.0} s, and no tool, question or rate limit that would explain it");
        flag("stalled", Severity::Medium, "liveness", Confidence::Medium, message)
    })
}

fn timed_out(facts: &Facts<'_>) -> Option<Flag> {
    let reached = facts.run.status == "timed_out" || facts.is("stop_reason", "timeout");
    reached.then(|| {
        flag("timed_out", Severity::High, "liveness", Confidence::High, "the time limit ended the run")
    })
}

fn output(facts: &Facts<'_>) -> Option<Flag> {
    let state = facts.text("output_budget_state").unwrap_or("ok");
    let written_too_much = ["output_budget_exceeded", "events_budget_exceeded"];
    let stopped = facts.text("stop_reason").is_some_and(|reason| written_too_much.contains(&reason));
    if facts.is("stop_reason", "cost_budget_exceeded") {
        // Its budget of money was used up, and `spend` says so.
        return None;
    }
    let written =
        facts.number("output_bytes").map(|bytes| format!(" after {bytes:.0} bytes")).unwrap_or_default();
    match state {
        _ if stopped => {
            let message = format!("the run was ended for writing more than it may{written}");
            Some(flag("output_budget_exceeded", Severity::High, "output_budget", Confidence::High, message))
        }
        "stopped" | "truncated" => {
            let message = format!("the output was {state} at its budget{written}");
            Some(flag("output_budget_exceeded", Severity::High, "output_budget", Confidence::High, message))
        }
        "warned" => {
            let message = format!("the output is near its budget{written}");
            Some(flag("excessive_output", Severity::Medium, "output_budget", Confidence::High, message))
        }
        _ => None,
    }
}

fn repeated(facts: &Facts<'_>, settings: &Settings) -> Option<Flag> {
    let counted = facts.run.tools.iter().filter(|tool| !POLLING.contains(&tool.name.as_str()));
    let worst = counted.max_by_key(|tool| tool.repeated)?;
    (f64::from(worst.repeated) >= settings.repeat_limit).then(|| {
        let message = format!("the same call of {} was made {} times", worst.name, worst.repeated);
        flag("repeated_work", Severity::Medium, "efficiency", Confidence::Medium, message)
    })
}
