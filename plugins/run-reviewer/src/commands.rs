//! What the worker's own commands say: what they destroyed, and whether the tests passed.

use cc_policy_sdk::run_reviewer::{Command, Confidence, Flag, Severity};

use crate::{
    claims::{self, Claim},
    danger::{self, Danger},
    facts::Facts,
    flag, rank,
};

/// So many dangers are spelled out.
const SPELLED_OUT: usize = 3;
/// A command as it is quoted in a message, at most, in characters.
const QUOTED: usize = 80;

pub(crate) fn destructive(facts: &Facts<'_>) -> Option<Flag> {
    let cwd = facts.text("cwd");
    let found: Vec<(&Command, Danger)> = facts
        .run
        .commands
        .iter()
        .flat_map(|command| danger::of(&command.line, cwd).into_iter().map(move |danger| (command, danger)))
        .collect();
    let worst = found.iter().map(|(_, danger)| danger.severity).max_by_key(|severity| rank(*severity))?;
    // Without an exit code it may have been refused.
    let ran = found.iter().any(|(command, danger)| danger.severity == worst && command.exit_code.is_some());
    let confidence = if ran { Confidence::High } else { Confidence::Medium };
    Some(flag("destructive_command_risk", worst, "safety", confidence, describe(found)))
}

/// The worst first, each once.
fn describe(mut found: Vec<(&Command, Danger)>) -> String {
    found.sort_by_key(|(_, danger)| std::cmp::Reverse(rank(danger.severity)));
    let mut whats: Vec<String> = Vec::new();
    for (_, danger) in found {
        if !whats.contains(&danger.what) {
            whats.push(danger.what);
        }
    }
    let more = whats.len().saturating_sub(SPELLED_OUT);
    whats.truncate(SPELLED_OUT);
    let list: Vec<String> = whats.iter().map(|what| cut(what)).collect();
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("destructive commands: {}{rest}", list.join("; "))
}

/// The answer claims success though the last test command failed.
pub(crate) fn success_claim(facts: &Facts<'_>) -> Option<Flag> {
    let verified = facts.is("tests", "passed");
    if facts.run.active || verified {
        return None;
    }
    let (line, code) = failed_test(facts)?;
    let cut_off = facts.yes("final_text_truncated");
    let (severity, sure, claimed) = match claims::in_text(&facts.run.final_text) {
        Claim::Nothing => return None,
        Claim::Success => (Severity::Medium, Confidence::Medium, "success"),
        Claim::TestsPass => (Severity::High, Confidence::High, "passing tests"),
    };
    // The part that is missing may have said so.
    let confidence = if cut_off { Confidence::Low } else { sure };
    let message =
        format!("the answer claims {claimed}, but the last test run `{}` ended with {code}", cut(line));
    Some(flag("success_claim_after_test_failure", severity, "quality", confidence, message))
}

/// The last test run that ended, when it failed.
fn failed_test<'r>(facts: &Facts<'r>) -> Option<(&'r str, i32)> {
    let ended = facts.run.commands.iter().rev().filter(|command| command.test);
    let (line, code) =
        ended.filter_map(|command| Some((command.line.as_str(), command.exit_code?))).next()?;
    (code != 0).then_some((line, code))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
