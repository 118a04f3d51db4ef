//! What a run that may write did to its project.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Changes, ScopeVerdict, WriteScope};

/// Violations that a record keeps; their number is kept in full.
const MOST_VIOLATIONS: usize = 50;

/// The project before and after a run, by its snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectWork {
    /// What it may change; none when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<WriteScope>,
    /// What keeps the worker to it, the strongest first.
    #[serde(default)]
    pub prevention: Vec<Prevention>,
    /// The folder it worked in, when that is a copy of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolated: Option<PathBuf>,
    /// Id of the snapshot from before the worker began.
    #[serde(default)]
    pub before: Option<String>,
    /// Id of the snapshot from after it and all its processes ended.
    #[serde(default)]
    pub after: Option<String>,
    /// What it came to, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<WorkOutcome>,
    /// Why the project could not be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What keeps a worker from writing elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prevention {
    /// The system refuses writes outside of it, by whatever program (Linux).
    Landlock,
    /// Claude Code asks us before each edit.
    ToolHook,
    /// Claude Code's own rules for what is denied.
    PermissionRules,
}

/// Figures of a run's changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkOutcome {
    /// Files that differ, without agents' own.
    pub files: usize,
    /// Their new lines.
    pub added: u64,
    /// Their lines that are gone.
    pub deleted: u64,
    /// Commits made.
    pub commits: usize,
    /// How it kept to its scope; none without one. At most 50 of its violations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ScopeVerdict>,
    /// All of them.
    #[serde(default)]
    pub violations: usize,
}

/// How a run stands with its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeState {
    /// Nobody set one.
    NoScope,
    /// It kept to it.
    Passed,
    /// It did not.
    Blocked,
    /// It is not known.
    Unknown,
}

impl ScopeState {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoScope => "no_scope",
            Self::Passed => "passed",
            Self::Blocked => "blocked",
            Self::Unknown => "unknown",
        }
    }
}

impl WorkOutcome {
    /// The figures of some changes, and how they were judged.
    #[must_use]
    pub fn of(changes: &Changes, verdict: Option<ScopeVerdict>) -> Self {
        let source = || changes.files.iter().filter(|file| !file.artifact);
        let violations = verdict.as_ref().map_or(0, |verdict| verdict.violations.len());
        let verdict = verdict.map(|mut verdict| {
            verdict.violations.truncate(MOST_VIOLATIONS);
            verdict
        });
        Self {
            files: source().count(),
            added: source().map(|file| file.added).sum(),
            deleted: source().map(|file| file.deleted).sum(),
            commits: changes.repos.iter().map(|repo| repo.commits.len()).sum(),
            verdict,
            violations,
        }
    }
}

impl ProjectWork {
    /// How the run stands with its scope.
    #[must_use]
    pub fn scope_state(&self) -> ScopeState {
        let verdict = self.outcome.as_ref().map(|outcome| &outcome.verdict);
        match (&self.scope, verdict) {
            (None, _) => ScopeState::NoScope,
            (Some(_), Some(Some(verdict))) if verdict.holds() => ScopeState::Passed,
            (Some(_), Some(Some(_))) => ScopeState::Blocked,
            (Some(_), _) => ScopeState::Unknown,
        }
    }
}
