//! Whether a run's work can be accepted, and what that rests on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RunId;

/// What all gates come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// Every gate that was asked passed.
    Verified,
    /// None failed, but one has no evidence.
    Unverified,
    /// One failed.
    BlockedVerification,
}

/// What one gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// What it looked at is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// There was nothing to look at that would prove it.
    Unverified,
    /// It does not concern this run.
    NotAsked,
}

/// One gate of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// `finished`, `flags`, `scope`, `secrets`, `diff` or `tests`.
    pub name: String,
    /// What it says.
    pub state: GateState,
    /// What it looked at, and what it saw.
    pub evidence: String,
}

/// A test command of a verification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRun {
    /// As it was given.
    pub command: String,
    /// It ended in time with code 0.
    pub ok: bool,
    /// Its exit code; 124 when its time was up.
    pub exit_code: i32,
    /// Its time was up.
    pub timed_out: bool,
    /// From start to end.
    pub duration_ms: u64,
    /// The end of its output, redacted.
    pub stdout_tail: String,
    /// The end of its complaints, redacted.
    pub stderr_tail: String,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The run.
    pub run_id: RunId,
    /// RFC 3339, UTC.
    pub at: String,
    /// What it comes to.
    pub status: Verified,
    /// Each gate.
    pub gates: Vec<Gate>,
    /// Each test command.
    pub tests: Vec<TestRun>,
    /// The tests ran in a fresh copy of what the run left, and not where it worked.
    pub clean: bool,
}

impl Verified {
    /// What gates come to.
    #[must_use]
    pub fn of(gates: &[Gate]) -> Self {
        let any = |state| gates.iter().any(|gate| gate.state == state);
        if any(GateState::Fail) {
            Self::BlockedVerification
        } else if any(GateState::Unverified) {
            Self::Unverified
        } else {
            Self::Verified
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::BlockedVerification => "blocked_verification",
        }
    }

    /// The verdict of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Verified, Self::Unverified, Self::BlockedVerification].into_iter().find(|v| v.as_str() == text)
    }
}

impl GateState {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unverified => "unverified",
            Self::NotAsked => "not_asked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(states: &[GateState]) -> Verified {
        let gate = |state: &GateState| Gate { name: String::new(), state: *state, evidence: String::new() };
        Verified::of(&states.iter().map(gate).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_is_verified_without_evidence_and_one_failure_blocks() {
        use GateState::{Fail, NotAsked, Pass, Unverified};
        assert_eq!(of(&[Pass, NotAsked]), Verified::Verified);
        assert_eq!(of(&[Pass, Unverified]), Verified::Unverified);
        assert_eq!(of(&[Unverified, Fail, Pass]), Verified::BlockedVerification);
    }
}
