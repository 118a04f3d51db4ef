//! From a claimed job to its run.

use std::time::Duration;

use cc_domain::{QueuePolicy, Role, RunId, RunMode};
use cc_store::{Claim, Job};

use super::{Held, LEASE, Pass, Started};
use crate::{
    Context, ErrorKind, OpError,
    launch::{self, Start},
    routing, scope,
};

/// How long a job that a limit holds back waits before it is tried again.
const LIMIT_WAIT: Duration = Duration::from_secs(10);
/// Jobs in one pass that could not be started: each costs a decision of the router.
const MOST_HELD: usize = 8;

/// How a start went.
enum Outcome {
    Started(RunId),
    /// The profile is full: a claim sees that from now on.
    Full(String, String),
    Refused(OpError),
}

/// Starts jobs until no place or no job is left.
pub(super) fn all(cx: &Context, policy: &QueuePolicy, owner: &str) -> Result<Pass, OpError> {
    let store = cx.store()?;
    let mut pass = Pass { max_concurrent: policy.max_concurrent.get(), ..Pass::default() };
    while pass.held.len() < MOST_HELD {
        let Some(claim) = store.claim_job(policy, owner, LEASE)? else { break };
        let job_id = claim.job.job_id.to_string();
        let reason = match start(cx, policy, &claim) {
            Outcome::Started(run_id) => {
                pass.started.push(Started { job_id, run_id, role: claim.job.spec.role.clone() });
                continue;
            }
            Outcome::Full(profile, reason) => {
                store.release_claim(&claim, &reason, Duration::ZERO, Some(&profile))?;
                reason
            }
            Outcome::Refused(error) if error.kind == ErrorKind::OverLimit => {
                store.release_claim(&claim, &error.message, LIMIT_WAIT, None)?;
                error.message
            }
            Outcome::Refused(error) => {
                store.fail_claim(&claim, &error.message, is_final(error.kind))?;
                error.message
            }
        };
        pass.held.push(Held { job_id, reason: cc_domain::one_line(&reason, 200) });
    }
    let running = store.job_counts()?.get(&cc_domain::JobState::Running).copied().unwrap_or_default();
    pass.slots_used = u32::try_from(running).unwrap_or(u32::MAX);
    Ok(pass)
}

/// Trying again would not help.
fn is_final(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidInput | ErrorKind::NotFound | ErrorKind::Denied)
}

fn start(cx: &Context, policy: &QueuePolicy, claim: &Claim) -> Outcome {
    match begin(cx, policy, claim) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Refused(error),
    }
}

fn begin(cx: &Context, policy: &QueuePolicy, claim: &Claim) -> Result<Outcome, OpError> {
    let plan = launch::plan(cx, attempt(cx, policy, claim))?;
    let route = plan.route();
    if cx.store()?.is_profile_full(claim, &route.profile_id)? {
        let reason = format!("profile {} has all the jobs it may have at once", route.profile_name);
        return Ok(Outcome::Full(route.profile_id.clone(), reason));
    }
    plan.launch(cx).map(Outcome::Started)
}

fn attempt(cx: &Context, policy: &QueuePolicy, claim: &Claim) -> Start {
    let Job { spec, cwd, failures, .. } = &claim.job;
    let failed = |failure: &cc_store::Failure| routing::Failed {
        profile_id: failure.profile_id.clone(),
        model: failure.model.clone().unwrap_or_default(),
    };
    let job = routing::Job {
        role: spec.role.clone(),
        task_type: spec.task_type.clone(),
        profile: spec.profile.clone(),
        write: spec.allow_write,
        failures: failures.iter().map(failed).collect(),
        sees: Vec::new(),
    };
    let mode = launch::mode(cx.setup().worker, RunMode::Streaming);
    let timeout = if policy.stop_timed_out { spec.timeout_seconds } else { Role::MAX_TIMEOUT_SECONDS };
    Start {
        context: context(&claim.job),
        timeout_seconds: Some(timeout),
        cwd: Some(cwd.to_string_lossy().into_owned()),
        scope: scope::asked(spec.paths.clone(), Vec::new()),
        isolate: spec.isolate,
        claim: Some(claim.clone()),
        ..Start::new(mode, job, claim.job.task.clone().unwrap_or_default())
    }
}

/// What the worker is told besides the task: also why the last attempt was not good enough.
fn context(job: &Job) -> Option<String> {
    let failure = job.last_failure.as_ref().map(|failure| {
        let back = if job.spec.allow_write { ", and its changes were taken back" } else { "" };
        format!("An earlier attempt at this task failed its verification{back}. What was wrong:\n{failure}")
    });
    let parts: Vec<String> = job.context.clone().into_iter().chain(failure).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_try_could_mend_is_tried_again() {
        for kind in [ErrorKind::InvalidInput, ErrorKind::NotFound, ErrorKind::Denied] {
            assert!(is_final(kind));
        }
        for kind in [ErrorKind::Unavailable, ErrorKind::State] {
            assert!(!is_final(kind));
        }
    }
}
