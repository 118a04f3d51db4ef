//! Attempts that failed their verification: who they were, and what the next one is told of them.

use std::fmt::Write as _;

use cc_domain::{GateState, RunId, RunRecord, Verification, Verified};
use cc_store::RunDir;

use crate::{Context, OpError, accept, own, routing::Failed, wait};

/// Runs of one chain that are looked at.
const MOST: usize = 20;
/// What the next attempt is told of one gate, and of one test's output, characters.
const EVIDENCE_CHARS: usize = 600;
const TAIL_CHARS: usize = 1_200;
/// Tests that are shown with their output.
const SHOWN_TESTS: usize = 3;

impl Failed {
    pub(crate) fn of(record: &RunRecord) -> Self {
        let route = &record.route;
        Self { profile_id: route.profile_id.clone(), model: route.model.clone().unwrap_or_default() }
    }
}

/// The failed attempts that a run is the last of, the oldest first: itself and those it goes on with, back to the last
/// that was verified.
pub(crate) fn chain(cx: &Context, last: &RunRecord) -> Result<Vec<Failed>, OpError> {
    let (mut failed, mut run) = (Vec::new(), last.clone());
    for _ in 0..MOST {
        let verified = of_run(&run).map(|verification| verification.status);
        if verified == Some(Verified::Verified) {
            break;
        }
        if verified == Some(Verified::BlockedVerification) {
            failed.push(Failed::of(&run));
        }
        match before(cx, run.parent_run_id.as_ref())? {
            Some(parent) => run = parent,
            None => break,
        }
    }
    failed.reverse();
    Ok(failed)
}

/// The run of that id; none when it was cleaned away.
fn before(cx: &Context, id: Option<&RunId>) -> Result<Option<RunRecord>, OpError> {
    let Some(id) = id else { return Ok(None) };
    let store = cx.store()?;
    Ok(wait::read(&store, id).ok())
}

fn of_run(record: &RunRecord) -> Option<Verification> {
    own::verification(&RunDir::of(&record.workspace_root, &record.run_id))
}

/// What the next attempt is told of a run that failed its verification; none when it did not. Redacted, for test
/// commands are kept as the controller gave them.
pub(crate) fn report(cx: &Context, record: &RunRecord) -> Result<Option<String>, OpError> {
    let failed = of_run(record).filter(|v| v.status == Verified::BlockedVerification);
    let Some(verification) = failed else { return Ok(None) };
    let clean = accept::cleaner(cx, &record.workspace_root)?;
    Ok(Some(clean.redact(&told(&verification)).into_owned()))
}

fn told(verification: &Verification) -> String {
    let mut text = "The attempt before this one failed its verification:\n".to_owned();
    for gate in verification.gates.iter().filter(|gate| gate.state == GateState::Fail) {
        let _ = writeln!(text, "- {}: {}", gate.name, start_of(&gate.evidence, EVIDENCE_CHARS));
    }
    for test in verification.tests.iter().filter(|test| !test.ok).take(SHOWN_TESTS) {
        let command = start_of(&test.command, EVIDENCE_CHARS);
        let _ = writeln!(text, "\n`{command}` ended with {}:", test.exit_code);
        for tail in [&test.stdout_tail, &test.stderr_tail] {
            if !tail.trim().is_empty() {
                let _ = writeln!(text, "{}", end_of(tail.trim_end(), TAIL_CHARS));
            }
        }
    }
    text
}

fn start_of(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn end_of(text: &str, most: usize) -> String {
    let skip = text.chars().count().saturating_sub(most);
    text.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests {
    use cc_domain::{Gate, TestRun};

    use super::*;

    fn test(command: &str, ok: bool) -> TestRun {
        TestRun {
            command: command.into(),
            ok,
            exit_code: if ok { 0 } else { 101 },
            timed_out: false,
            duration_ms: 1,
            stdout_tail: format!("{}the end of {command}", "x".repeat(5_000)),
            stderr_tail: String::new(),
        }
    }

    #[test]
    fn the_next_attempt_is_told_what_failed_and_no_more() {
        let gate = |name: &str, state| Gate { name: name.into(), state, evidence: "é".repeat(5_000) };
        let tests: Vec<TestRun> = (0..9).map(|n| test(&format!("test-{n}"), n == 0)).collect();
        let text = told(&Verification {
            run_id: "20261123T061500Z-1a2b3c4d".parse().unwrap(),
            at: String::new(),
            status: Verified::BlockedVerification,
            gates: vec![gate("diff", GateState::Pass), gate("tests", GateState::Fail)],
            tests,
            clean: false,
        });
        assert!(text.contains("- tests: é") && !text.contains("- diff"), "{text}");
        assert!(text.contains("`test-1` ended with 101:") && text.contains("the end of test-3"), "{text}");
        assert!(!text.contains("test-0") && !text.contains("test-4"), "{text}");
        assert!(text.chars().count() < 5_000, "{}", text.chars().count());
    }
}
