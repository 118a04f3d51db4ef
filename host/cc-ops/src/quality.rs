//! Grading a run: the reviewer's mark, from what was measured and what the controller says.

use cc_domain::{GradeSource, RunGrade, RunId, RunRecord, RunStatus, Verified, WorkVerdict};
use jiff::Timestamp;

use crate::{Context, ErrorKind, OpError, facts::Reviewed};

/// What a grade rests on besides the review.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    pub(crate) source: GradeSource,
    pub(crate) verified: Option<Verified>,
    pub(crate) verdict: WorkVerdict,
    /// The controller's remark.
    pub(crate) comment: Option<String>,
}

/// What the controller said of a run before.
pub(crate) fn said_before(cx: &Context, run: &RunId) -> Result<(WorkVerdict, Option<String>), OpError> {
    let before = cx.store()?.grade(run)?;
    Ok(before.map(|grade| (grade.verdict, grade.comment)).unwrap_or_default())
}

/// The grade of a reviewed run; none when there is nothing to grade, such as a run that was stopped on purpose.
pub(crate) fn grade(record: &RunRecord, review: &Reviewed, basis: Basis) -> Option<RunGrade> {
    let grade = review.grade.clone()?;
    let answered = record.result.as_ref().and_then(|result| result.actual.model.clone());
    Some(RunGrade {
        run_id: record.run_id.clone(),
        at: Timestamp::now().to_string(),
        source: basis.source,
        score: grade.score,
        notes: grade.notes,
        passed: passed(record.status, &basis),
        verified: basis.verified,
        verdict: basis.verdict,
        comment: basis.comment,
        mode: record.mode,
        role: record.role.clone(),
        profile_id: record.route.profile_id.clone(),
        model: answered.or_else(|| record.route.model.clone()),
    })
}

/// The controller's word before the verification, and that before the worker's own ending.
fn passed(status: RunStatus, basis: &Basis) -> bool {
    let verified = match basis.verified {
        Some(Verified::Verified) => Some(true),
        Some(Verified::BlockedVerification) => Some(false),
        Some(Verified::Unverified) | None => None,
    };
    basis.verdict.solved.or(verified).unwrap_or(status == RunStatus::Succeeded)
}

/// Why a run cannot be graded.
pub(crate) fn nothing_to_grade(record: &RunRecord, review: &Reviewed) -> OpError {
    match &review.error {
        Some(error) => OpError::new(
            ErrorKind::Unavailable,
            format!("the run-reviewer did not answer: {error}"),
            "'cc-orchestrator plugin list' shows the reviewers",
        ),
        None => OpError::invalid(
            format!("run {} is {}, which says nothing of its model", record.run_id, record.status.as_str()),
            "pass 'solved' to grade it by your own judgement",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_controllers_word_comes_before_the_verification_and_that_before_the_end() {
        let says = |verified, solved| {
            let verdict = WorkVerdict { solved, ..WorkVerdict::default() };
            Basis { source: GradeSource::Manual, verified, verdict, comment: None }
        };
        let blocked = Some(Verified::BlockedVerification);
        assert!(passed(RunStatus::Failed, &says(blocked, Some(true))));
        assert!(!passed(RunStatus::Succeeded, &says(blocked, None)));
        assert!(passed(RunStatus::Succeeded, &says(Some(Verified::Unverified), None)));
        assert!(!passed(RunStatus::TimedOut, &says(None, None)));
    }
}
