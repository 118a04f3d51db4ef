//! The rooms' errors at the edge. Their texts say what to do; the kind decides the exit code and the general hint.

use cc_bench::SuiteError;
use cc_domain::{Measure, Unit};
use cc_policy::PolicyError;
use cc_profiles::ProfileError;
use cc_repo::RepoError;
use cc_store::{StoreError, day_end, today};
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
            PolicyError::Boundary { .. } => (
                ErrorKind::Denied,
                "boundaries are in overrides.toml (cc_local_policy), and in the project's .cc-orchestrator",
            ),
            PolicyError::NoCandidate(_) => {
                (ErrorKind::Unavailable, "cc_list_profiles says why each profile cannot be used")
            }
            PolicyError::NotTrusted(_) => (
                ErrorKind::Denied,
                "nothing was changed; 'cc-orchestrator plugin key list' shows whom you trust",
            ),
            PolicyError::Profile { .. } | PolicyError::Refused(_) => {
                (ErrorKind::InvalidInput, "correct the value and call again")
            }
            PolicyError::Build { .. } => (
                ErrorKind::State,
                "nothing was written; do as it says and build again (docs/plugin-guide.md)",
            ),
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

/// Which limit, what is left of it, and how to go on.
fn over_limit(over: &Measure) -> OpError {
    let ends = over.daily.then(|| day_end(&today())).flatten();
    let ends = ends.map(|at| format!("; the day ends at {at}")).unwrap_or_default();
    let wait = match over.unit {
        Unit::Workers => "wait until one ends (cc_run_status lists them)",
        _ if over.daily => "wait for the next day",
        _ => "wait until a run ends",
    };
    let call = serde_json::json!({ "config": over.config(over.roomier()), "apply": true });
    let message = format!("{over}, {} left{ends}; no worker was started", over.left());
    OpError::new(ErrorKind::OverLimit, message, format!("{wait}, or raise the limit: cc_cost_guard {call}"))
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        let (kind, hint) = match &error {
            StoreError::OverLimit(over) => return over_limit(over),
            StoreError::UnknownRun(_) => {
                (ErrorKind::NotFound, "cc_run_status with include_finished lists the runs")
            }
            StoreError::AlreadyEnded(..) => (ErrorKind::InvalidInput, "start a new run"),
            StoreError::UnknownJob(_) => (ErrorKind::NotFound, "cc_queue_status lists the jobs"),
            StoreError::ProfileFull(_) => (
                ErrorKind::OverLimit,
                "wait for one of its jobs, or raise max_per_profile with cc_queue_policy",
            ),
            StoreError::ClaimLost(_) => (ErrorKind::State, "cc_queue_status shows where the job stands"),
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
