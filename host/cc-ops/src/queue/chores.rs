//! What is left to do when a job's run has ended: its tests, or taking its work back.

use cc_domain::{GateState, JobStage, RunId, Verified, one_line};
use cc_repo::changes;
use cc_store::Chore;

use super::LEASE;
use crate::{
    Context, OpError, Operation as _,
    accept::Work,
    ops::{
        apply_run::ApplyRun,
        rollback_run::RollbackRun,
        verify_run::{RunVerified, VerifyRun},
    },
    wait,
};

/// What is kept of a failed verification, characters: the next worker reads it.
const MOST_FAILURE: usize = 3_000;
/// Characters of one test's output in it.
const MOST_TAIL: usize = 800;

/// Does a chore to its end, and keeps it for that long. One that was lost to somebody else is let go.
pub(super) async fn run(cx: Context, chore: Chore) {
    let done = async {
        match chore.stage {
            JobStage::Verify => verify(&cx, &chore).await,
            _ => take_back(&cx, &chore).await,
        }
    };
    tokio::select! {
        result = done => if let Err(error) = result {
            // Its lease ends, and then it is taken up again.
            tracing::warn!(job = %chore.job.job_id, "{}: {error}", chore.stage.as_str());
        },
        () = keep(&cx, &chore) => tracing::warn!(job = %chore.job.job_id, "{} is somebody else's now", chore.stage.as_str()),
    }
}

/// Returns when the chore is no longer ours.
async fn keep(cx: &Context, chore: &Chore) {
    loop {
        tokio::time::sleep(LEASE / 4).await;
        let chore = chore.clone();
        let kept = cx.blocking(move |cx| Ok(cx.store()?.keep_chore(&chore, LEASE)?)).await;
        if matches!(kept, Ok(false)) {
            return;
        }
    }
}

async fn verify(cx: &Context, chore: &Chore) -> Result<(), OpError> {
    let spec = &chore.job.spec;
    let tests = VerifyRun::by(chore.run_id.clone(), spec.test_commands.clone(), spec.test_timeout_seconds);
    let (verdict, failure) = match tests.run(cx.clone()).await {
        Ok(verified) => (verified.status, failure(&verified)),
        // Work that cannot be verified was not.
        Err(error) => (Verified::BlockedVerification, Some(format!("it could not be verified: {error}"))),
    };
    let chore = chore.clone();
    cx.blocking(move |cx| Ok(cx.store()?.job_verified(&chore, verdict.as_str(), failure.as_deref())?)).await
}

/// What was wrong, for people and for the next worker. All of it was redacted before.
fn failure(verified: &RunVerified) -> Option<String> {
    if verified.status != Verified::BlockedVerification {
        return None;
    }
    let failed = verified.gates.iter().filter(|gate| gate.state == GateState::Fail);
    let mut lines: Vec<String> =
        failed.map(|gate| format!("{}: {}", gate.name, one_line(&gate.evidence, 300))).collect();
    for test in verified.tests.iter().filter(|test| !test.ok) {
        let output = format!("{}{}", test.stdout_tail, test.stderr_tail);
        let skip = output.chars().count().saturating_sub(MOST_TAIL);
        let tail: String = output.chars().skip(skip).collect();
        lines.push(format!("$ {} (exit code {})\n{}", test.command, test.exit_code, tail.trim_end()));
    }
    Some(lines.join("\n").chars().take(MOST_FAILURE).collect())
}

async fn take_back(cx: &Context, chore: &Chore) -> Result<(), OpError> {
    let chore = chore.clone();
    cx.blocking(move |cx| {
        let taken = undo(cx, &chore.run_id).map_err(|error| error.to_string());
        Ok(cx.store()?.job_rolled_back(&chore, taken.as_ref().copied().map_err(String::as_str))?)
    })
    .await
}

/// Brings the project to where it was before the run.
fn undo(cx: &Context, run: &RunId) -> Result<(), OpError> {
    let record = wait::read(&*cx.store()?, run)?;
    let Some(work) = &record.work else { return Ok(()) };
    if work.before.is_none() && record.child_pid.is_none() {
        // No process of it ever ran.
        return Ok(());
    }
    if work.isolated.is_some() {
        return ApplyRun::discarding(run.clone()).go(cx).map(drop);
    }
    match RollbackRun::of(run.clone()).go(cx) {
        Ok(_) => Ok(()),
        // Somebody did it before us and died before saying so.
        Err(_) if is_as_before(cx, run) => Ok(()),
        Err(error) => Err(error),
    }
}

fn is_as_before(cx: &Context, run: &RunId) -> bool {
    let now = || {
        let work = Work::of(cx, run)?;
        let now = work.repo.now(&work.before)?;
        let changes = changes(&work.before, &now)?;
        Ok::<_, OpError>(changes.files.iter().all(|file| file.artifact) && changes.repos.is_empty())
    };
    now().unwrap_or_default()
}
