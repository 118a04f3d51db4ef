//! How good a run's work was, once somebody looked at it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Role, RunId, RunMode, RunStatus, Verified};

/// Where a grade comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GradeSource {
    /// The controller's own verdict.
    Manual,
    /// A verification.
    VerifyRun,
    /// Nobody looked: how the run ended is all there is.
    Automatic,
}

impl GradeSource {
    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::VerifyRun => "verify_run",
            Self::Automatic => "automatic",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Manual, Self::VerifyRun, Self::Automatic].into_iter().find(|source| source.as_str() == text)
    }
}

/// What the controller itself says of a run; what it does not say is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkVerdict {
    /// The task is solved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solved: Option<bool>,
    /// The answer claims what is not true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hallucination: Option<bool>,
    /// Somebody has to go over it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_rework: Option<bool>,
}

impl WorkVerdict {
    /// What is said here, and what was said before about the rest.
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        Self {
            solved: self.solved.or(before.solved),
            hallucination: self.hallucination.or(before.hallucination),
            needs_rework: self.needs_rework.or(before.needs_rework),
        }
    }

    /// Nothing is said.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The grade of one run, with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunGrade {
    /// The run.
    pub run_id: RunId,
    /// RFC 3339, UTC.
    pub at: String,
    /// Where it comes from.
    pub source: GradeSource,
    /// 0 to 100, by the run-reviewer.
    pub score: u32,
    /// What was taken off and why.
    pub notes: Vec<String>,
    /// It ended well, and neither a verification nor the controller says otherwise.
    pub passed: bool,
    /// What the verification came to, when there was one.
    pub verified: Option<Verified>,
    /// The controller's own words.
    pub verdict: WorkVerdict,
    /// The controller's remark, redacted.
    pub comment: Option<String>,
    /// How the run was asked for: demos and the like are kept apart.
    pub mode: RunMode,
    /// The worker's role.
    pub role: Role,
    /// CC Switch's id.
    pub profile_id: String,
    /// The model that answered; the routed one when nobody knows.
    pub model: Option<String>,
}

/// The grade of a run that nobody looked at: ending well proves less than passing, and ending badly more than a flaw.
#[must_use]
pub fn automatic_score(status: RunStatus) -> u32 {
    if status == RunStatus::Succeeded { 80 } else { 20 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_word_counts_and_an_older_one_stands_where_nothing_is_said() {
        let before = WorkVerdict { solved: Some(true), needs_rework: Some(true), hallucination: None };
        let now = WorkVerdict { needs_rework: Some(false), ..WorkVerdict::default() };
        let both = WorkVerdict { solved: Some(true), needs_rework: Some(false), hallucination: None };
        assert_eq!(now.or(before), both);
        assert!(WorkVerdict::default().is_empty() && !now.is_empty());
    }

    #[test]
    fn names_are_read_back() {
        for source in [GradeSource::Manual, GradeSource::VerifyRun, GradeSource::Automatic] {
            assert_eq!(GradeSource::parse(source.as_str()), Some(source));
        }
    }
}
