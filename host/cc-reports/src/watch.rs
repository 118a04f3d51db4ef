//! What a controller reads of a run under way.

use cc_domain::{Flag, RunProgress};
use serde_json::Value;

use crate::Table;

/// A run's tools, each once, and its newest calls.
#[must_use]
pub fn tool_timeline(progress: &RunProgress) -> String {
    let mut tools = Table::new(["tool", "calls", "failed", "first event", "last event"]);
    for (name, tally) in &progress.tools {
        let cells = [u64::from(tally.count), u64::from(tally.failed), tally.first_seq, tally.last_seq];
        tools.row([name.clone()].into_iter().chain(cells.iter().map(ToString::to_string)));
    }
    let mut recent = Table::new(["event", "tool", "target", "outcome"]);
    for call in &progress.recent {
        let outcome = match call.failed {
            None => "running",
            Some(true) => "failed",
            Some(false) => "ok",
        };
        recent.row([&call.seq.to_string(), &call.name, &call.target, outcome]);
    }
    format!("# Tools\n\n{tools}\n\n# Newest calls\n\n{recent}\n")
}

/// What the controller had best decide, and why; from a progress summary.
#[must_use]
pub fn decision(summary: &Value, flags: &[Flag]) -> String {
    format!("# {}\n\n{}\n{}", text(&summary["recommended_action"]), state(summary), flag_list(flags))
}

/// Where a run stood; from a progress summary.
#[must_use]
pub fn checkpoint(summary: &Value, flags: &[Flag]) -> String {
    let action = text(&summary["last_meaningful_action"]);
    let message = text(&summary["last_message"]);
    format!(
        "# Checkpoint\n\n{}\n- last action: {action}\n- tool calls: {}\n{}\n## Last message\n\n{message}\n",
        state(summary),
        summary["tool_call_count"],
        flag_list(flags)
    )
}

fn state(summary: &Value) -> String {
    let activity = &summary["activity"];
    format!(
        "- run: {}\n- status: {}\n- now: {} for {} s {}",
        text(&summary["run_id"]),
        text(&summary["status"]),
        text(&activity["doing"]),
        activity["seconds"],
        text(&activity["detail"])
    )
}

fn flag_list(flags: &[Flag]) -> String {
    let lines = flags.iter().map(|flag| {
        let blocks = if flag.blocking { ", blocks" } else { "" };
        format!("- {} ({:?}{blocks}): {}\n", flag.code, flag.severity, flag.message)
    });
    let lines: String = lines.collect();
    if lines.is_empty() { "\nNo flags.\n".to_owned() } else { format!("\n## Flags\n\n{lines}") }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use cc_domain::{Confidence, Severity};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_decision_names_the_action_and_every_flag() {
        let summary = json!({ "recommended_action": "blocked_review", "run_id": "r", "status": "failed",
                              "activity": { "doing": "ended", "seconds": 3 }, "tool_call_count": 2 });
        let flag = Flag {
            code: "timed_out".into(),
            severity: Severity::High,
            category: "liveness".into(),
            confidence: Confidence::High,
            message: "the time limit ended the run".into(),
            blocking: true,
        };
        let said = decision(&summary, std::slice::from_ref(&flag));
        assert!(said.starts_with("# blocked_review") && said.contains("timed_out (High, blocks)"), "{said}");
        assert!(checkpoint(&summary, &[flag]).contains("tool calls: 2"));
        assert!(decision(&summary, &[]).contains("No flags."));
    }
}
