//! What each gate says, and what it looked at.

use cc_domain::{Flag, Gate, GateState, RunStatus, ScopeState, SecretClass, Severity};

use super::{Seen, tests::Tested};
use crate::{facts::Reviewed, ops::secret_scan_run::SecretsFound};

/// Flags that have gates of their own.
const GATED: [&str; 6] = [
    "write_scope_violation",
    "write_scope_unknown",
    "possible_secret_output",
    "secret_scan_warnings",
    "tests_failed",
    "secret_scan_unknown",
];
/// Things of one kind that a gate names.
const NAMED: usize = 5;

/// All gates, in the order that people read them.
pub(crate) fn all(seen: &Seen, review: &Reviewed, tests: &Tested) -> Vec<Gate> {
    let record = &seen.run.record;
    vec![
        finished(record.status, record.error.as_deref()),
        flags(review),
        scope(seen),
        secrets(&seen.secrets),
        diff(seen),
        tests_gate(tests),
    ]
}

fn gate(name: &str, state: GateState, evidence: impl Into<String>) -> Gate {
    Gate { name: name.to_owned(), state, evidence: evidence.into() }
}

fn finished(status: RunStatus, error: Option<&str>) -> Gate {
    let state = if status == RunStatus::Succeeded { GateState::Pass } else { GateState::Fail };
    let why = error.map(|error| format!(": {error}")).unwrap_or_default();
    gate("finished", state, format!("the run's record says {}{why}", status.as_str()))
}

fn flags(review: &Reviewed) -> Gate {
    if let Some(error) = &review.error {
        return gate("flags", GateState::Unverified, format!("the run-reviewer did not answer: {error}"));
    }
    let own = review.flags.iter().filter(|flag| !GATED.contains(&flag.code.as_str()));
    let (bad, rest): (Vec<&Flag>, Vec<&Flag>) =
        own.partition(|flag| flag.blocking || flag.severity >= Severity::High);
    if bad.is_empty() {
        return gate(
            "flags",
            GateState::Pass,
            format!("the run-reviewer saw {} lesser flags, none that blocks", rest.len()),
        );
    }
    let named: Vec<String> = bad.iter().map(|flag| format!("{}: {}", flag.code, flag.message)).collect();
    gate("flags", GateState::Fail, named.join("; "))
}

fn scope(seen: &Seen) -> Gate {
    let Some(scope) = &seen.scope else {
        return match &seen.unseen {
            Some(why) => gate("scope", GateState::Unverified, why.clone()),
            None => gate("scope", GateState::NotAsked, "the run was not allowed to write"),
        };
    };
    match scope.status {
        ScopeState::NoScope => gate("scope", GateState::NotAsked, "no scope is set for this project"),
        ScopeState::Passed => {
            gate("scope", GateState::Pass, "all that differs before and after the run is within its scope")
        }
        ScopeState::Unknown => gate("scope", GateState::Unverified, "the scope could not be checked"),
        ScopeState::Blocked => {
            let named: Vec<String> =
                scope.violations.iter().take(NAMED).map(|v| format!("{}: {}", v.path, v.message)).collect();
            gate(
                "scope",
                GateState::Fail,
                format!("{} violations: {}", scope.violation_count, named.join("; ")),
            )
        }
    }
}

fn secrets(found: &SecretsFound) -> Gate {
    let looked = found.looked_at.join(", ");
    if found.blocking_count > 0 {
        let real = found.findings.iter().filter(|f| f.class == SecretClass::Real).take(NAMED);
        let named: Vec<String> =
            real.map(|f| format!("{} in {}:{}", f.rule, f.path.as_deref().unwrap_or("-"), f.line)).collect();
        return gate(
            "secrets",
            GateState::Fail,
            format!("{} real: {}", found.blocking_count, named.join("; ")),
        );
    }
    if found.looked_at.is_empty() || !found.not_looked_at.is_empty() {
        let not = found.not_looked_at.join("; ");
        return gate("secrets", GateState::Unverified, format!("looked at {looked}; not looked at: {not}"));
    }
    gate("secrets", GateState::Pass, format!("no real secret in {looked}"))
}

fn diff(seen: &Seen) -> Gate {
    let Some(work) = &seen.work else {
        return match &seen.unseen {
            Some(why) => gate("diff", GateState::Unverified, why.clone()),
            None => gate("diff", GateState::NotAsked, "the run was not allowed to write"),
        };
    };
    let files = work.changes.files.iter().filter(|file| !file.artifact).count();
    let seen = format!("{files} files, {} lines, compared by {}", work.changes.lines(), work.source);
    if work.changes.incomplete.is_empty() {
        return gate("diff", GateState::Pass, seen);
    }
    gate(
        "diff",
        GateState::Unverified,
        format!("{seen}; not looked at: {}", work.changes.incomplete.join("; ")),
    )
}

fn tests_gate(tests: &Tested) -> Gate {
    let failed: Vec<&str> =
        tests.runs.iter().filter(|test| !test.ok).map(|test| test.command.as_str()).collect();
    let place = if tests.clean { "a fresh copy of what the run left" } else { "the run's folder" };
    match (tests.runs.len(), failed.len()) {
        (0, _) => gate("tests", GateState::Unverified, "no test_commands were given, so nothing was run"),
        (all, 0) => gate("tests", GateState::Pass, format!("{all} commands ended with 0 in {place}")),
        (all, bad) => {
            gate("tests", GateState::Fail, format!("{bad} of {all} failed in {place}: {}", failed.join("; ")))
        }
    }
}
