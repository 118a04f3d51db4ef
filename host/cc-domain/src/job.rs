//! A job of the queue: what is to be done, and where it stands.

use serde::{Deserialize, Serialize};

use crate::{Role, TaskType};

/// Where a job stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits: for its turn, for other jobs, or for the time of its next attempt.
    Queued,
    /// A dispatcher or a run has it.
    Running,
    /// Its work is done; where it names tests, they passed.
    Done,
    /// It did not work out, and no attempt is left.
    Failed,
    /// Its time was up.
    TimedOut,
    /// Somebody cancelled it or stopped its run, or a job before it did not work out.
    Cancelled,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::TimedOut, Self::Cancelled];

    /// It changes no more.
    #[must_use]
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What is being done with a running job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStage {
    /// A dispatcher is about to start its run.
    Claimed,
    /// Its run goes on.
    Run,
    /// Its run succeeded, and its tests have to say so too.
    Verify,
    /// Its run may have changed files: they are taken back before the next attempt.
    Rollback,
}

impl JobStage {
    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Run => "run",
            Self::Verify => "verify",
            Self::Rollback => "rollback",
        }
    }

    /// The stage of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Claimed, Self::Run, Self::Verify, Self::Rollback]
            .into_iter()
            .find(|stage| stage.as_str() == text)
    }
}

/// How a job's runs are started and judged; the task itself is kept apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The worker's role.
    pub role: Role,
    /// The kind of work; none: the role's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_type: Option<TaskType>,
    /// A profile the job insists on, by id; none: routed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// It may change files.
    #[serde(default)]
    pub allow_write: bool,
    /// Of each run, seconds.
    pub timeout_seconds: u32,
    /// How often it is tried again; none: as the policy says for its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
    /// What it touches, as patterns from its folder; a job that may write is kept to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// It works in a copy of the project.
    #[serde(default)]
    pub isolate: bool,
    /// Commands that have to succeed after its run, by the system's shell in the run's folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_commands: Vec<String>,
    /// Of each command, seconds; none: as in `cc_verify_run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_timeout_seconds: Option<u32>,
}
