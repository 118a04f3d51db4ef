//! Worker roles and task types.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a worker is for. The 14 known roles have defaults; a team may use names of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(inline, with = "String", description = "")]
pub struct Role(String);

/// The kind of work, when it is not the role's usual one: `simple`, `complex_code`, `security_review` and so on.
pub type TaskType = Role;

/// A text that cannot name a role or task type.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' cannot name a role or task type: use 1 to 64 of a-z, 0-9, '_' and '-'")]
pub struct RoleError(String);

/// What a known role comes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleInfo {
    /// The role's name.
    pub name: &'static str,
    /// Task type when none is given.
    pub task_type: &'static str,
    /// Time limit of a run in seconds, when none is given.
    pub timeout_seconds: u32,
    /// The job in a few words.
    pub purpose: &'static str,
}

impl Role {
    /// Longest time limit of any run, in seconds.
    pub const MAX_TIMEOUT_SECONDS: u32 = 1800;
    /// The role of a task that names none.
    pub const DEFAULT: &'static str = "implementation";

    /// The known roles, in the order users see them.
    pub const KNOWN: [RoleInfo; 14] = [
        known("requirements", "normal", 420, "scope, gaps, acceptance criteria"),
        known("architecture", "architecture", 600, "file map, plan, risks"),
        known("development", "development", 900, "main code changes"),
        known("testing", "simple", 180, "test design, edge cases, reproduction"),
        known("review", "review", 600, "findings by severity"),
        known("performance", "performance_review", 600, "slow paths, resource use"),
        known("compatibility", "compatibility_review", 600, "systems, shells, versions"),
        known("documentation", "documentation", 420, "docs, examples, questions answered"),
        known("automation", "automation", 600, "CI, packaging, release"),
        known("security", "security_review", 600, "secrets, injection, destructive operations"),
        known("supervisor", "supervisor", 600, "audits the controller's decision"),
        known("implementation", "complex_code", 900, "scoped edits"),
        known("ops", "ops", 420, "deploy, logs, rollback"),
        known("multimodal", "multimodal", 600, "image or mixed input"),
    ];

    /// The known roles as roles, in the same order.
    pub fn known() -> impl Iterator<Item = Self> {
        Self::KNOWN.iter().map(|info| Self(info.name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What this role comes with, when it is a known one.
    #[must_use]
    pub fn info(&self) -> Option<&'static RoleInfo> {
        Self::KNOWN.iter().find(|info| info.name == self.0)
    }

    /// The role's usual task type; `normal` for a role of the team's own.
    #[must_use]
    pub fn default_task_type(&self) -> TaskType {
        Self(self.info().map_or("normal", |info| info.task_type).into())
    }

    /// The role's usual time limit in seconds.
    #[must_use]
    pub fn default_timeout_seconds(&self) -> u32 {
        self.info().map_or(600, |info| info.timeout_seconds)
    }
}

const fn known(
    name: &'static str,
    task_type: &'static str,
    timeout_seconds: u32,
    purpose: &'static str,
) -> RoleInfo {
    RoleInfo { name, task_type, timeout_seconds, purpose }
}

impl Default for Role {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let text = text.trim();
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
        if fits { Ok(Self(text.into())) } else { Err(RoleError(text.into())) }
    }
}

impl TryFrom<String> for Role {
    type Error = RoleError;

    fn try_from(text: String) -> Result<Self, RoleError> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> Self {
        role.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_roles_have_their_defaults_and_others_the_neutral_ones() {
        let testing: Role = "testing".parse().expect("a role");
        assert_eq!(testing.default_task_type().as_str(), "simple");
        assert_eq!(testing.default_timeout_seconds(), 180);
        let own: Role = "data_steward".parse().expect("a role");
        assert_eq!((own.default_task_type().as_str(), own.default_timeout_seconds()), ("normal", 600));
    }

    #[test]
    fn a_role_is_never_a_path_or_a_sentence() {
        for bad in ["", "Review", "re view", "../x", &"a".repeat(65)] {
            assert!(bad.parse::<Role>().is_err(), "{bad}");
        }
    }
}
