//! `cc_score_worker`.

use cc_domain::{GradeSource, Role, RunGrade, RunId, Verified, WorkVerdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output, accept, arguments,
    facts::{Acceptance, Reviewed},
    own,
    quality::{self, Basis},
    snapshot::Snapshot,
};

/// Grade or rate a worker's run, and record your verdict: the run solved it, needs rework, claims what is not true.
/// Routing learns from it: the grade counts for the model that really answered, in its role. What you leave out is
/// measured.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreWorker {
    run_id: RunId,
    /// The task is solved.
    #[arg(long)]
    solved: Option<bool>,
    /// It claims what is not true.
    #[arg(long)]
    hallucination: Option<bool>,
    /// It has to be gone over again.
    #[arg(long)]
    needs_rework: Option<bool>,
    /// Up to 4000 characters.
    #[arg(long)]
    notes: Option<String>,
    /// Keep it; default true.
    #[arg(long)]
    apply: Option<bool>,
}

/// The grade.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Graded {
    applied: bool,
    run_id: String,
    /// 0-100.
    quality_score: u32,
    /// What was taken off, and why.
    deductions: Vec<String>,
    role: Role,
    #[schemars(skip)]
    profile_id: String,
    /// The one that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[schemars(skip)]
    source: GradeSource,
    #[schemars(skip)]
    #[serde(flatten)]
    verdict: WorkVerdict,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
    #[schemars(skip)]
    failure_flags: Vec<String>,
    /// The grade before this one.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_score: Option<u32>,
}

impl Operation for ScoreWorker {
    const NAME: &'static str = "cc_score_worker";
    const TITLE: &'static str = "Score a worker's run: grade the work, so that routing learns";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Graded;

    async fn run(self, cx: Context) -> Result<Graded, OpError> {
        if let Some(notes) = &self.notes {
            arguments::text_within("notes", notes, 4_000)?;
        }
        cx.blocking(move |cx| self.grade(cx)).await
    }
}

impl ScoreWorker {
    fn grade(self, cx: &Context) -> Result<Graded, OpError> {
        let run = ended(cx, &self.run_id)?;
        let record = &run.record;
        let previous = cx.store()?.grade(&self.run_id)?;
        let (said, remark) = quality::said_before(cx, &self.run_id)?;
        let given = WorkVerdict {
            solved: self.solved,
            hallucination: self.hallucination,
            needs_rework: self.needs_rework,
        };
        let verdict = given.or(said);
        let verification = own::verification(&run.dir);
        let acceptance = Acceptance::known(record, verification.as_ref(), verdict);
        let policy = cx.policy(&record.workspace_root);
        let review = Reviewed::with(&policy, record, &run.progress, run.now, acceptance);
        let clean = |text: &str| -> Result<String, OpError> {
            Ok(accept::cleaner(cx, &record.workspace_root)?.redact(text).into_owned())
        };
        let comment = self.notes.as_deref().map(clean).transpose()?.or(remark);
        let verified = verification.map(|verification| verification.status);
        let basis = Basis { source: GradeSource::Manual, verified, verdict, comment };
        let grade = quality::grade(record, &review, basis)
            .ok_or_else(|| quality::nothing_to_grade(record, &review))?;
        let applied = self.apply.unwrap_or(true);
        if applied {
            cx.store()?.put_grade(&grade)?;
        }
        let flags = review.flags.into_iter().map(|flag| flag.code).collect();
        Ok(Graded::of(grade, applied, flags, previous.map(|grade| grade.score)))
    }
}

fn ended(cx: &Context, id: &RunId) -> Result<Snapshot, OpError> {
    let run = Snapshot::of(cx, id, 0)?;
    if run.active() {
        let message = format!("run {id} still runs, so there is no work to grade yet");
        return Err(OpError::new(
            ErrorKind::Unavailable,
            message,
            "cc_run_status with wait_seconds waits for it",
        ));
    }
    Ok(run)
}

impl Graded {
    fn of(grade: RunGrade, applied: bool, flags: Vec<String>, previous_score: Option<u32>) -> Self {
        Self {
            applied,
            run_id: grade.run_id.to_string(),
            quality_score: grade.score,
            deductions: grade.notes,
            role: grade.role,
            profile_id: grade.profile_id,
            model: grade.model,
            source: grade.source,
            verdict: grade.verdict,
            notes: grade.comment,
            verified: grade.verified,
            failure_flags: flags,
            previous_score,
        }
    }
}

impl Output for Graded {
    fn text(&self) -> String {
        let model = self.model.as_deref().unwrap_or("the default model");
        let kept = if self.applied { "" } else { " (not kept)" };
        let before = self.previous_score.map(|score| format!(", {score} before")).unwrap_or_default();
        let mut lines = vec![format!(
            "run {}: {} of 100 for {model} as {}{before}{kept}",
            self.run_id, self.quality_score, self.role
        )];
        lines.extend(self.deductions.iter().map(|note| format!("  {note}")));
        lines.join("\n")
    }
}
