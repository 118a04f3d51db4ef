//! `cc_verify_run`.

use std::{path::PathBuf, time::Duration};

use cc_domain::{Flag, Gate, GateState, GradeSource, RunId, RunRecord, TestRun, Verification, Verified};
use cc_store::{RunDir, create_private_dir, write_atomic};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diff_summary::DiffSummed;
use crate::{
    Context, Effect, OpError, Operation, Output, arguments,
    facts::{Acceptance, Reviewed},
    quality::{self, Basis},
    verify::{
        Seen, gates,
        tests::{Tested, Tests},
    },
};

/// Test commands of one call.
pub(crate) const MOST_TESTS: usize = 20;

/// Verify, accept or reject what the worker did: runs the test command that you name and checks all gates (end, risk
/// flags, scope, secrets, diff, tests). Each says what it looked at. Without test_commands the work stays unverified.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyRun {
    run_id: RunId,
    /// Run by the system's shell in the run's folder, up to 20.
    #[arg(long = "test-command")]
    #[serde(default)]
    test_commands: Vec<String>,
    /// Of each; 5-3600, default 300.
    #[arg(long)]
    test_timeout_seconds: Option<u32>,
    /// Default true.
    #[arg(long)]
    include_diff: Option<bool>,
    /// Run the tests in a fresh copy of what the run left.
    #[arg(long)]
    #[serde(default)]
    clean: bool,
}

/// The verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunVerified {
    run_id: String,
    pub(crate) status: Verified,
    pub(crate) gates: Vec<Gate>,
    #[schemars(with = "Vec<serde_json::Value>")]
    pub(crate) tests: Vec<TestRun>,
    /// Kept as the run's grade, 0-100.
    #[serde(skip_serializing_if = "Option::is_none")]
    quality_score: Option<u32>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    diff_summary: Option<DiffSummed>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flag>,
    report_path: String,
    next_step: String,
}

impl VerifyRun {
    /// The verification of a run by some commands.
    pub(crate) fn by(run_id: RunId, test_commands: Vec<String>, test_timeout_seconds: Option<u32>) -> Self {
        Self { run_id, test_commands, test_timeout_seconds, include_diff: Some(false), clean: false }
    }
}

impl Operation for VerifyRun {
    const NAME: &'static str = "cc_verify_run";
    const TITLE: &'static str = "Verify the work: run the tests, check all gates";
    const EFFECT: Effect = Effect { read_only: false, destructive: false, open_world: true };
    type Output = RunVerified;

    async fn run(self, cx: Context) -> Result<RunVerified, OpError> {
        let seconds = self.test_timeout_seconds.unwrap_or(300);
        let seconds = arguments::number_within("test_timeout_seconds", seconds, 5, 3_600)?;
        if self.test_commands.len() > MOST_TESTS {
            let message = format!("'test_commands' lists {} commands", self.test_commands.len());
            return Err(OpError::invalid(
                message,
                format!("list at most {MOST_TESTS}, or one that runs them all"),
            ));
        }
        let id = self.run_id.clone();
        let seen = cx.blocking(move |cx| Seen::of(cx, &id)).await?;
        let limit = Duration::from_secs(seconds.into());
        let tests = Tests { commands: self.test_commands, clean: self.clean, limit };
        let (seen, tests) = tests.run(&cx, seen).await?;
        let diff = self.include_diff.unwrap_or(true);
        cx.blocking(move |cx| judge(cx, seen, tests, diff)).await
    }
}

fn judge(cx: &Context, seen: Seen, tests: Tested, with_diff: bool) -> Result<RunVerified, OpError> {
    let record = &seen.run.record;
    let (verdict, comment) = quality::said_before(cx, &record.run_id)?;
    let acceptance = Acceptance {
        verdict,
        scope: seen.scope.as_ref().map(|scope| scope.status),
        secrets_real: Some(seen.secrets.blocking_count),
        tests: (!tests.runs.is_empty()).then(|| tests.runs.iter().all(|test| test.ok)),
    };
    let policy = cx.policy(&record.workspace_root);
    let review = Reviewed::with(&policy, record, &seen.run.progress, seen.run.now, acceptance);
    let gates = gates::all(&seen, &review, &tests);
    let verification = Verification {
        run_id: record.run_id.clone(),
        at: Timestamp::now().to_string(),
        status: Verified::of(&gates),
        gates,
        tests: tests.runs,
        clean: tests.clean,
    };
    let report = write(&seen.run.dir, record, &verification)?;
    let basis =
        Basis { source: GradeSource::VerifyRun, verified: Some(verification.status), verdict, comment };
    let grade = quality::grade(record, &review, basis);
    if let Some(grade) = &grade {
        cx.store()?.put_grade(grade)?;
    }
    let Verification { status, gates, tests, .. } = verification;
    Ok(RunVerified {
        run_id: record.run_id.to_string(),
        next_step: next_step(status, &gates, record.work.is_some(), record.run_id.as_str()),
        status,
        gates,
        tests,
        quality_score: grade.map(|grade| grade.score),
        diff_summary: seen.work.as_ref().filter(|_| with_diff).map(|work| DiffSummed::of(work, 20)),
        flags: review.flags,
        report_path: report.display().to_string(),
    })
}

fn write(dir: &RunDir, record: &RunRecord, verification: &Verification) -> Result<PathBuf, OpError> {
    let text = serde_json::to_vec_pretty(verification).unwrap_or_default();
    write_atomic(&dir.verification(), &text)?;
    let reports = record.artifact_root.join("reports");
    create_private_dir(&reports)?;
    let report = reports.join(format!("verify-{}.md", record.run_id));
    write_atomic(&report, cc_reports::verification(verification).as_bytes())?;
    Ok(report)
}

fn next_step(status: Verified, gates: &[Gate], wrote: bool, run: &str) -> String {
    let open = |state| gates.iter().filter(move |gate| gate.state == state).map(|gate| gate.name.as_str());
    match status {
        Verified::Verified => "accept the work".into(),
        Verified::Unverified if open(GateState::Unverified).eq(["tests"]) => {
            "pass test_commands that prove the work, or review it yourself".into()
        }
        Verified::Unverified => {
            let names: Vec<&str> = open(GateState::Unverified).collect();
            format!("look at what no gate could: {}", names.join(", "))
        }
        Verified::BlockedVerification if wrote => {
            format!(
                "cc_send_instruction has the worker mend it; cc_rollback_run with run_id {run} takes it back"
            )
        }
        Verified::BlockedVerification => "start the task again with what went wrong".into(),
    }
}

impl Output for RunVerified {
    fn text(&self) -> String {
        let mut lines = vec![format!("run {}: {}", self.run_id, self.status.as_str())];
        lines.extend(
            self.gates
                .iter()
                .map(|gate| format!("- {}: {}, {}", gate.name, gate.state.as_str(), gate.evidence)),
        );
        for test in self.tests.iter().filter(|test| !test.ok) {
            lines.push(format!("--- {}\n{}{}", test.command, test.stdout_tail, test.stderr_tail));
        }
        lines.extend(self.quality_score.map(|score| format!("grade: {score} of 100")));
        lines.push(format!("report: {}", self.report_path));
        lines.push(format!("next: {}", self.next_step));
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        self.status == Verified::Verified
    }
}
