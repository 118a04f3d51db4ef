//! The rooms' errors at the edge. Their texts say what to do; the kind decides the exit code and the general hint.

use cc_bench::SuiteError;
use cc_policy::PolicyError;
use cc_profiles::ProfileError;
use cc_repo::RepoError;
use cc_store::StoreError;
use cc_workers::WorkerError;

use crate::{ErrorKind, OpError};

impl From<ProfileError> for OpError {
    fn from(error: ProfileError) -> Self {
        let (kind, hint) = match &error {
            ProfileError::Unknown { .. } => {
                (ErrorKind::NotFound, "pass 'profile' as one of the ids of cc_list_profiles, or leave it out")
            }
            ProfileError::Ambiguous { .. } => {
                (ErrorKind::InvalidInput, "pass 'profile' as one of the ids of cc_list_profiles")
            }
            ProfileError::NotUsable { .. } => (
                ErrorKind::Unavailable,
                "choose another profile with cc_list_profiles, or leave 'profile' out",
            ),
            _ => (ErrorKind::Unavailable, "mend CC Switch's store as said; cc_healthcheck checks it again"),
        };
        Self::new(kind, error.to_string(), hint)
    }
}

impl From<PolicyError> for OpError {
    fn from(error: PolicyError) -> Self {
        let (kind, hint) = match &error {
            PolicyError::Denied { .. } => (
                ErrorKind::Denied,
                "cc-orchestrator plugin list shows who decides; cc_local_policy has the last word",
            ),
            PolicyError::NoCandidate(_) => {
                (ErrorKind::Unavailable, "cc_list_profiles says why each profile cannot be used")
            }
            PolicyError::Profile { .. } | PolicyError::Refused(_) => {
                (ErrorKind::InvalidInput, "correct the value and call again")
            }
            PolicyError::NobodyAnswered { .. } => (
                ErrorKind::Unavailable,
                "correct the arguments if the reasons name one; else see 'cc-orchestrator plugin list'",
            ),
            _ => (
                ErrorKind::State,
                "'cc-orchestrator plugin list' shows every plugin and what is wrong with it",
            ),
        };
        Self::new(kind, error.to_string(), hint)
    }
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        let (kind, hint) = match &error {
            StoreError::UnknownRun(_) => {
                (ErrorKind::NotFound, "cc_run_status with include_finished lists the runs")
            }
            StoreError::AlreadyEnded(..) => (ErrorKind::InvalidInput, "start a new run"),
            _ => (ErrorKind::State, "check the folder's permissions and free space, then call again"),
        };
        Self::new(kind, error.to_string(), hint)
    }
}

impl From<WorkerError> for OpError {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Store(inner) => inner.into(),
            other => Self::new(
                ErrorKind::Unavailable,
                other.to_string(),
                "cc_healthcheck tells what a worker needs",
            ),
        }
    }
}

impl From<RepoError> for OpError {
    fn from(error: RepoError) -> Self {
        let (kind, hint) = match &error {
            RepoError::Conflict { .. } => {
                (ErrorKind::Denied, "look at the named files: keep what is wanted of them, then call again")
            }
            RepoError::Pattern { .. } => (ErrorKind::InvalidInput, "patterns are those of .gitignore"),
            RepoError::NoSnapshot { .. } => {
                (ErrorKind::NotFound, "snapshots are kept of runs with allow_write; cc_run_status lists runs")
            }
            _ => (ErrorKind::Unavailable, "cc_healthcheck tells what is missing; mend it and call again"),
        };
        Self::new(kind, error.to_string(), hint)
    }
}

impl From<SuiteError> for OpError {
    fn from(error: SuiteError) -> Self {
        let (kind, hint) = match &error {
            SuiteError::Malformed { .. } => {
                (ErrorKind::InvalidInput, "correct it; docs/benchmarks.md has the format")
            }
            SuiteError::TooMuch { .. } | SuiteError::Io { .. } => {
                (ErrorKind::Unavailable, "check the folder and free space, then call again")
            }
        };
        Self::new(kind, error.to_string(), hint)
    }
}
