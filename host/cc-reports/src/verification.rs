//! A verification as a page that people read.

use std::fmt::Write as _;

use cc_domain::{Gate, TestRun, Verification};

use crate::Table;

/// Lines of a test's output that the page shows.
const LINES: usize = 40;

/// The page, in Markdown.
#[must_use]
pub fn verification(verification: &Verification) -> String {
    let mut page = format!(
        "# Run {}: {}\n\nChecked at {}.\n\n",
        verification.run_id,
        verification.status.as_str(),
        verification.at
    );
    let mut gates = Table::new(["gate", "says", "evidence"]);
    for Gate { name, state, evidence } in &verification.gates {
        gates.row([name.as_str(), state.as_str(), evidence.as_str()]);
    }
    page.push_str(&gates.to_string());
    if !verification.tests.is_empty() {
        let place =
            if verification.clean { "in a fresh copy of what the run left" } else { "where the run worked" };
        let _ = write!(page, "\n\n## Tests, {place}\n");
    }
    verification.tests.iter().for_each(|test| page.push_str(&one(test)));
    page
}

fn one(test: &TestRun) -> String {
    let how = match (test.ok, test.timed_out) {
        (true, _) => "passed".to_owned(),
        (_, true) => "was ended when its time was up".to_owned(),
        _ => format!("failed with exit code {}", test.exit_code),
    };
    let command = test.command.replace('`', "'");
    let mut text = format!("\n`{command}` {how} after {:.1} s.\n", test.duration_ms as f64 / 1e3);
    for (name, tail) in [("output", &test.stdout_tail), ("complaints", &test.stderr_tail)] {
        let lines: Vec<&str> = tail.trim_end().lines().collect();
        if !lines.is_empty() {
            let shown = lines[lines.len().saturating_sub(LINES)..].join("\n");
            let _ = write!(text, "\nEnd of its {name}:\n\n````\n{}\n````\n", shown.replace("````", "'''' "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use cc_domain::{GateState, Verified};

    use super::*;

    #[test]
    fn the_page_says_what_each_gate_saw() {
        let gate =
            |name: &str, state, evidence: &str| Gate { name: name.into(), state, evidence: evidence.into() };
        let page = verification(&Verification {
            run_id: "20261123T061500Z-1a2b3c4d".parse().unwrap(),
            at: "2026-11-23T06:20:00Z".into(),
            status: Verified::BlockedVerification,
            gates: vec![
                gate("scope", GateState::Pass, "2 files, all allowed"),
                gate("tests", GateState::Fail, "1 of 1 failed"),
            ],
            tests: vec![TestRun {
                command: "make test".into(),
                ok: false,
                exit_code: 2,
                timed_out: false,
                duration_ms: 1_240,
                stdout_tail: "test a ... FAILED\n".into(),
                stderr_tail: String::new(),
            }],
            clean: true,
        });
        assert!(page.starts_with("# Run 20261123T061500Z-1a2b3c4d: blocked_verification\n"), "{page}");
        for expected in [
            "| scope",
            "2 files, all allowed",
            "`make test` failed with exit code 2 after 1.2 s.",
            "FAILED",
            "fresh copy",
        ] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
    }
}
