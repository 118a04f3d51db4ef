//! A run's mark: 100, less what went wrong.

use cc_policy_sdk::run_reviewer::{Flag, Grade, Severity};

use crate::{facts::Facts, settings::Settings};

/// Flags that have a deduction of their own.
const COUNTED_APART: [&str; 3] = ["write_scope_violation", "possible_secret_output", "tests_failed"];
/// What one further flag takes off, by whether it is more than a remark, and the most that all of them take.
const PER_FLAG: u32 = 8;
const PER_REMARK: u32 = 2;
const MOST_FOR_FLAGS: u32 = 25;

/// The mark; none while there is nothing to grade: a run that goes on, was stopped on purpose, or whose end
/// nobody saw says nothing of its model. The controller's own verdict always counts.
pub(crate) fn of(facts: &Facts<'_>, flags: &[Flag], settings: &Settings) -> Option<Grade> {
    let judged = facts.text("controller_verdict").is_some() || facts.yes_or_no("solved").is_some();
    let says_nothing = facts.stopped_by_user() || facts.run.status == "lost";
    if facts.run.active || (says_nothing && !judged) {
        return None;
    }
    let off: Vec<(u32, String)> = deductions(facts, flags, settings).into_iter().flatten().collect();
    let lost: u32 = off.iter().map(|(points, _)| points).sum();
    let notes = off.into_iter().map(|(points, why)| format!("-{points}: {why}")).collect();
    Some(Grade { score: 100_u32.saturating_sub(lost), notes })
}

fn deductions(facts: &Facts<'_>, flags: &[Flag], settings: &Settings) -> [Option<(u32, String)>; 9] {
    let finished = facts.finished_well();
    let solved = solved(facts, finished);
    let rework =
        facts.yes_or_no("needs_rework").unwrap_or(!solved || facts.is("controller_verdict", "needs_rework"));
    let tokens = facts.number("tokens_total").unwrap_or(0.0);
    let when = |applies: bool, points: u32, why: &str| applies.then(|| (points, why.to_owned()));
    [
        when(!solved, 35, "the task is not solved"),
        when(!finished, 15, &format!("the run ended as {}", ending(facts))),
        when(rework, 15, "the work needs rework"),
        when(facts.is("scope", "violated"), 25, "files outside the write scope were changed"),
        when(
            facts.number("secrets_real").is_some_and(|count| count >= 1.0),
            30,
            "real secrets were shown or written",
        ),
        when(facts.is("tests", "failed"), 25, "the verification's tests failed"),
        when(facts.yes("hallucination"), 25, "the controller found claims that are not true"),
        when(tokens > settings.token_limit, 10, &format!("it used {tokens:.0} tokens")),
        for_flags(flags),
    ]
}

/// The controller's word before the host's tests, and those before the worker's own ending.
fn solved(facts: &Facts<'_>, finished: bool) -> bool {
    let verdict = facts.text("controller_verdict").map(|verdict| verdict != "rejected");
    let tested = facts.is("tests", "failed").then_some(false);
    facts.yes_or_no("solved").or(verdict).or(tested).unwrap_or(finished)
}

fn ending<'r>(facts: &Facts<'r>) -> &'r str {
    match facts.text("terminal_reason").or_else(|| facts.text("subtype")) {
        Some(reason) if facts.run.status == "succeeded" => reason,
        _ => &facts.run.status,
    }
}

fn for_flags(flags: &[Flag]) -> Option<(u32, String)> {
    let others: Vec<&Flag> =
        flags.iter().filter(|flag| !COUNTED_APART.contains(&flag.code.as_str())).collect();
    let points = |flag: &&Flag| if flag.severity == Severity::Low { PER_REMARK } else { PER_FLAG };
    let total = others.iter().map(points).sum::<u32>().min(MOST_FOR_FLAGS);
    let codes: Vec<&str> = others.iter().map(|flag| flag.code.as_str()).collect();
    (total > 0).then(|| (total, format!("flags: {}", codes.join(", "))))
}
