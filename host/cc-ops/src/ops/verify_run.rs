//! `cc_verify_run`.

use std::{path::PathBuf, time::Duration};

use cc_domain::{
    Flag, Gate, GateState, RunId, RunStatus, ScopeState, Severity, TestRun, Verification, Verified,
};
use cc_store::{RunDir, create_private_dir, write_atomic};
use cc_workers::Checked;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check_write_scope::ScopeChecked, diff_summary::DiffSummed, secret_scan_run::SecretsFound};
use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output,
    accept::Work,
    arguments,
    facts::{Acceptance, Reviewed},
    snapshot::Snapshot,
};

/// Test commands of one call.
const MOST_TESTS: usize = 20;
/// Characters of a test's output in a reply.
const TAIL: usize = 1_500;
/// Flags that have gates of their own.
const GATED: [&str; 6] = [
    "write_scope_violation",
    "write_scope_unknown",
    "possible_secret_output",
    "secret_scan_warnings",
    "tests_failed",
    "secret_scan_unknown",
];

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
    status: Verified,
    gates: Vec<Gate>,
    #[schemars(with = "Vec<serde_json::Value>")]
    tests: Vec<TestRun>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    diff_summary: Option<DiffSummed>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flag>,
    report_path: String,
    next_step: String,
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

/// What there is to judge by, before any test.
struct Seen {
    run: Snapshot,
    /// Of a run that may write.
    work: Option<Work>,
    /// Why the project could not be looked at.
    unseen: Option<String>,
    scope: Option<ScopeChecked>,
    secrets: SecretsFound,
}

impl Seen {
    fn of(cx: &Context, id: &RunId) -> Result<Self, OpError> {
        let run = Snapshot::of(cx, id, 0)?;
        if run.active() {
            let message = format!("run {id} still runs");
            return Err(OpError::new(
                ErrorKind::Unavailable,
                message,
                "cc_run_status with wait_seconds waits for it",
            ));
        }
        let (work, unseen) = match run.record.work.is_some().then(|| Work::of(cx, id)) {
            None => (None, None),
            Some(Ok(work)) => (Some(work), None),
            Some(Err(error)) => (None, Some(error.message)),
        };
        let scope = work.as_ref().map(|work| ScopeChecked::of(cx, work)).transpose()?;
        let secrets = SecretsFound::of(cx, &run.record, work.as_ref())?;
        Ok(Self { run, work, unseen, scope, secrets })
    }
}

/// The test commands of a call, and where they run.
struct Tests {
    commands: Vec<String>,
    clean: bool,
    limit: Duration,
}

struct Tested {
    runs: Vec<TestRun>,
    clean: bool,
}

impl Tests {
    async fn run(self, cx: &Context, seen: Seen) -> Result<(Seen, Tested), OpError> {
        let clean = self.clean && !self.commands.is_empty();
        let (seen, copy) = if clean { fresh(cx, seen).await? } else { (seen, None) };
        let cwd = copy.as_ref().map_or_else(|| seen.run.record.cwd.clone(), |copy| copy.cwd.clone());
        let mut runs = Vec::new();
        for command in &self.commands {
            let checked = cc_workers::check(command, &cwd, self.limit).await;
            runs.push((command.clone(), checked));
            if matches!(runs.last(), Some((_, Err(_)))) {
                break;
            }
        }
        let root = seen.run.record.workspace_root.clone();
        let cleaned = cx.blocking(move |cx| {
            let removed = copy.map_or(Ok(()), Copy::remove);
            let clean_text = crate::accept::cleaner(cx, &root)?;
            let runs = runs.into_iter().map(|(command, checked)| Ok(told(command, checked?, &clean_text)));
            let runs = runs.collect::<Result<Vec<_>, OpError>>()?;
            removed.map(|()| runs)
        });
        let runs = cleaned.await?;
        Ok((seen, Tested { runs, clean }))
    }
}

fn told(command: String, checked: Checked, clean: &cc_secrets::Redactor) -> TestRun {
    let tail = |text: &str| {
        let text = clean.redact(text);
        let skip = text.chars().count().saturating_sub(TAIL);
        text.chars().skip(skip).collect()
    };
    TestRun {
        ok: checked.exit_code == 0 && !checked.timed_out,
        exit_code: checked.exit_code,
        timed_out: checked.timed_out,
        duration_ms: u64::try_from(checked.duration.as_millis()).unwrap_or(u64::MAX),
        stdout_tail: tail(&checked.stdout),
        stderr_tail: tail(&checked.stderr),
        command,
    }
}

/// What the run left, in a folder of its own.
struct Copy {
    repo: cc_repo::Repo,
    folder: PathBuf,
    /// The run's folder in it.
    cwd: PathBuf,
    /// Around it; goes with it.
    _around: tempfile::TempDir,
}

async fn fresh(cx: &Context, seen: Seen) -> Result<(Seen, Option<Copy>), OpError> {
    cx.blocking(move |_| {
        let work = seen.work.as_ref().ok_or_else(|| {
            OpError::invalid("'clean' needs what a run left, and this one did not write", "leave 'clean' out")
        })?;
        let failed = |error: std::io::Error| {
            OpError::new(
                ErrorKind::Unavailable,
                format!("no temporary folder: {error}"),
                "make room and call again",
            )
        };
        let around = tempfile::Builder::new().prefix("cc-verify-").tempdir().map_err(failed)?;
        let folder = around.path().join("tree");
        work.repo.isolate(&work.after, &folder, &around.path().join("state"))?;
        let below = work.record.cwd.strip_prefix(work.repo.root()).unwrap_or(&PathBuf::new()).to_owned();
        let copy = Copy { repo: work.repo.clone(), cwd: folder.join(below), folder, _around: around };
        Ok((seen, Some(copy)))
    })
    .await
}

impl Copy {
    fn remove(self) -> Result<(), OpError> {
        Ok(self.repo.remove_isolated(&self.folder)?)
    }
}

fn judge(cx: &Context, seen: Seen, tests: Tested, with_diff: bool) -> Result<RunVerified, OpError> {
    let record = &seen.run.record;
    let acceptance = Acceptance {
        scope: seen.scope.as_ref().map(|scope| scope.status),
        secrets_real: Some(seen.secrets.blocking_count),
        tests: (!tests.runs.is_empty()).then(|| tests.runs.iter().all(|test| test.ok)),
    };
    let policy = cx.policy(&record.workspace_root);
    let review = Reviewed::with(&policy, record, &seen.run.progress, seen.run.now, acceptance);
    let gates = vec![
        finished(record.status, record.error.as_deref()),
        flags(&review),
        scope(&seen),
        secrets(&seen.secrets),
        diff(&seen),
        tests_gate(&tests),
    ];
    let verification = Verification {
        run_id: record.run_id.clone(),
        at: Timestamp::now().to_string(),
        status: Verified::of(&gates),
        gates,
        tests: tests.runs,
        clean: tests.clean,
    };
    let report = write(&seen.run.dir, record, &verification)?;
    let Verification { status, gates, tests, .. } = verification;
    Ok(RunVerified {
        run_id: record.run_id.to_string(),
        next_step: next_step(status, &gates, record.work.is_some(), record.run_id.as_str()),
        status,
        gates,
        tests,
        diff_summary: seen.work.as_ref().filter(|_| with_diff).map(|work| DiffSummed::of(work, 20)),
        flags: review.flags,
        report_path: report.display().to_string(),
    })
}

fn write(
    dir: &RunDir,
    record: &cc_domain::RunRecord,
    verification: &Verification,
) -> Result<PathBuf, OpError> {
    let text = serde_json::to_vec_pretty(verification).unwrap_or_default();
    write_atomic(&dir.verification(), &text)?;
    let reports = record.artifact_root.join("reports");
    create_private_dir(&reports)?;
    let report = reports.join(format!("verify-{}.md", record.run_id));
    write_atomic(&report, cc_reports::verification(verification).as_bytes())?;
    Ok(report)
}

fn gate(name: &str, state: GateState, evidence: impl Into<String>) -> Gate {
    Gate { name: name.to_owned(), state, evidence: evidence.into() }
}

fn finished(status: RunStatus, error: Option<&str>) -> Gate {
    let state = if status == RunStatus::Succeeded { GateState::Pass } else { GateState::Fail };
    let why = error.map(|error| format!(": {error}")).unwrap_or_default();
    gate("finished", state, format!("the run's record says {}{why}", status.as_str()))
}

fn flags(review: &Reviewed) -> Gate {
    if let Some(error) = &review.error {
        return gate("flags", GateState::Unverified, format!("the run-reviewer did not answer: {error}"));
    }
    let own = review.flags.iter().filter(|flag| !GATED.contains(&flag.code.as_str()));
    let (bad, rest): (Vec<&Flag>, Vec<&Flag>) =
        own.partition(|flag| flag.blocking || flag.severity >= Severity::High);
    if bad.is_empty() {
        return gate(
            "flags",
            GateState::Pass,
            format!("the run-reviewer saw {} lesser flags, none that blocks", rest.len()),
        );
    }
    let named: Vec<String> = bad.iter().map(|flag| format!("{}: {}", flag.code, flag.message)).collect();
    gate("flags", GateState::Fail, named.join("; "))
}

fn scope(seen: &Seen) -> Gate {
    let Some(scope) = &seen.scope else {
        return match &seen.unseen {
            Some(why) => gate("scope", GateState::Unverified, why.clone()),
            None => gate("scope", GateState::NotAsked, "the run was not allowed to write"),
        };
    };
    match scope.status {
        ScopeState::NoScope => gate("scope", GateState::NotAsked, "no scope is set for this project"),
        ScopeState::Passed => {
            gate("scope", GateState::Pass, "all that differs before and after the run is within its scope")
        }
        ScopeState::Unknown => gate("scope", GateState::Unverified, "the scope could not be checked"),
        ScopeState::Blocked => {
            let named: Vec<String> =
                scope.violations.iter().take(5).map(|v| format!("{}: {}", v.path, v.message)).collect();
            gate(
                "scope",
                GateState::Fail,
                format!("{} violations: {}", scope.violation_count, named.join("; ")),
            )
        }
    }
}

fn secrets(found: &SecretsFound) -> Gate {
    let looked = found.looked_at.join(", ");
    if found.blocking_count > 0 {
        let real = found.findings.iter().filter(|f| f.class == cc_domain::SecretClass::Real).take(5);
        let named: Vec<String> =
            real.map(|f| format!("{} in {}:{}", f.rule, f.path.as_deref().unwrap_or("-"), f.line)).collect();
        return gate(
            "secrets",
            GateState::Fail,
            format!("{} real: {}", found.blocking_count, named.join("; ")),
        );
    }
    if found.looked_at.is_empty() || !found.not_looked_at.is_empty() {
        let not = found.not_looked_at.join("; ");
        return gate("secrets", GateState::Unverified, format!("looked at {looked}; not looked at: {not}"));
    }
    gate("secrets", GateState::Pass, format!("no real secret in {looked}"))
}

fn diff(seen: &Seen) -> Gate {
    let Some(work) = &seen.work else {
        return match &seen.unseen {
            Some(why) => gate("diff", GateState::Unverified, why.clone()),
            None => gate("diff", GateState::NotAsked, "the run was not allowed to write"),
        };
    };
    let files = work.changes.files.iter().filter(|file| !file.artifact).count();
    let seen = format!("{files} files, {} lines, compared by {}", work.changes.lines(), work.source);
    if work.changes.incomplete.is_empty() {
        return gate("diff", GateState::Pass, seen);
    }
    gate(
        "diff",
        GateState::Unverified,
        format!("{seen}; not looked at: {}", work.changes.incomplete.join("; ")),
    )
}

fn tests_gate(tests: &Tested) -> Gate {
    let failed: Vec<&str> =
        tests.runs.iter().filter(|test| !test.ok).map(|test| test.command.as_str()).collect();
    let place = if tests.clean { "a fresh copy of what the run left" } else { "the run's folder" };
    match (tests.runs.len(), failed.len()) {
        (0, _) => gate("tests", GateState::Unverified, "no test_commands were given, so nothing was run"),
        (all, 0) => gate("tests", GateState::Pass, format!("{all} commands ended with 0 in {place}")),
        (all, bad) => {
            gate("tests", GateState::Fail, format!("{bad} of {all} failed in {place}: {}", failed.join("; ")))
        }
    }
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
        lines.push(format!("report: {}", self.report_path));
        lines.push(format!("next: {}", self.next_step));
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        self.status == Verified::Verified
    }
}
