//! What a run left, and why it may be accepted or not.

use cc_domain::{Changes, Flag, Verification, Violation};
use serde::Serialize;

/// What a run changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunChanges {
    /// Why there is nothing to show.
    pub nothing: Option<String>,
    pub changes: Changes,
    pub risks: Vec<(String, usize)>,
    pub added: u64,
    pub deleted: u64,
    pub scope: ScopeView,
    /// Unified, without secrets; the renderer makes tables of it.
    pub diff: String,
    pub left_out: Vec<String>,
    pub isolated: Option<String>,
}

/// How a run kept to its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScopeView {
    /// As `ScopeState` is stored.
    pub state: String,
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    pub violations: Vec<Violation>,
    pub prevention: Vec<String>,
}

/// What acceptance rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunGates {
    pub verification: Option<Verification>,
    pub flags: Vec<Flag>,
    pub review_error: Option<String>,
    pub secrets: Secrets,
    /// For the form: the last test commands, one a line.
    pub test_commands: String,
}

/// Secrets of a run, without their values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Secrets {
    pub findings: Vec<SecretRow>,
    pub found: usize,
    pub real: usize,
    pub looked_at: Vec<String>,
    pub not_looked_at: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SecretRow {
    pub class: String,
    pub rule: String,
    pub place: String,
    pub reason: String,
    pub fingerprint: String,
}

/// What a rollback would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RollbackPlan {
    pub message: String,
    pub undo: bool,
    pub possible: bool,
    /// What happens, and to what.
    pub steps: Vec<(&'static str, Vec<String>)>,
    pub conflicts: Vec<(String, String)>,
    pub left: Vec<(String, String)>,
}
