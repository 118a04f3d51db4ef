//! What a reviewer is told of a run, and what its flags mean for the controller.

use cc_domain::{
    Attributes, BudgetState, Flag, GateState, Grade, ProjectWork, RunFacts, RunProgress, RunRecord,
    RunStatus, ScopeState, Severity, Usage, Verification, WorkVerdict,
};
use cc_policy::Policy;
use jiff::Timestamp;

/// The end of an answer that a reviewer gets, characters: claims are made there.
const FINAL_CHARS: usize = 8_000;

/// A run as the reviewer judged it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reviewed {
    /// Worst first.
    pub(crate) flags: Vec<Flag>,
    pub(crate) grade: Option<Grade>,
    /// Why nobody judged it.
    pub(crate) error: Option<String>,
}

impl Reviewed {
    /// Asks the reviewer. One that cannot answer is told of, and holds up nothing.
    pub(crate) fn by(policy: &Policy, record: &RunRecord, progress: &RunProgress, now: Timestamp) -> Self {
        Self::with(policy, record, progress, now, Acceptance::recorded(record))
    }

    /// The same, with what a verification found out.
    pub(crate) fn with(
        policy: &Policy,
        record: &RunRecord,
        progress: &RunProgress,
        now: Timestamp,
        acceptance: Acceptance,
    ) -> Self {
        let mut facts = facts(record, progress, now);
        facts.attributes.extend(acceptance.attributes());
        match policy.review(&facts) {
            Ok(answer) => Self { flags: answer.value.flags, grade: answer.value.grade, error: None },
            Err(error) => Self { error: Some(error.to_string()), ..Self::default() },
        }
    }

    pub(crate) fn route_mismatch(&self) -> bool {
        self.flags.iter().any(|flag| flag.code == "route_mismatch")
    }

    /// What the controller had best do, in the predecessor's words.
    pub(crate) fn recommended_action(&self, status: RunStatus) -> &'static str {
        let serious = self.flags.iter().any(|flag| flag.blocking || flag.severity >= Severity::High);
        match status {
            status if status.is_active() && serious => "stop_or_review",
            _ if serious => "blocked_review",
            status if status.is_active() => "continue_polling",
            RunStatus::Succeeded => "verify_run",
            RunStatus::Failed | RunStatus::TimedOut | RunStatus::Lost => "inspect_or_restart",
            _ => "controller_review",
        }
    }
}

/// What is known of whether a run's work can be accepted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acceptance {
    pub(crate) scope: Option<ScopeState>,
    pub(crate) secrets_real: Option<usize>,
    /// The tests passed; none: none were run.
    pub(crate) tests: Option<bool>,
    /// The controller's own words.
    pub(crate) verdict: WorkVerdict,
}

impl Acceptance {
    /// What the supervisor has written down.
    fn recorded(record: &RunRecord) -> Self {
        let ended = record.work.as_ref().filter(|_| !record.status.is_active());
        Self {
            scope: ended.map(ProjectWork::scope_state),
            secrets_real: record.printed_secrets.map(|printed| printed.real),
            ..Self::default()
        }
    }

    /// The same, with what was verified since and what the controller says.
    pub(crate) fn known(
        record: &RunRecord,
        verification: Option<&Verification>,
        verdict: WorkVerdict,
    ) -> Self {
        let recorded = Self { verdict, ..Self::recorded(record) };
        let Some(verification) = verification else { return recorded };
        let failed = |name: &str| {
            verification.gates.iter().any(|gate| gate.name == name && gate.state == GateState::Fail)
        };
        let tests = &verification.tests;
        Self {
            scope: if failed("scope") { Some(ScopeState::Blocked) } else { recorded.scope },
            secrets_real: recorded.secrets_real.max(failed("secrets").then_some(1)),
            tests: (!tests.is_empty()).then(|| tests.iter().all(|test| test.ok)),
            verdict,
        }
    }

    /// In the reviewer's words.
    fn attributes(self) -> Attributes {
        let scope = self.scope.map(|scope| match scope {
            ScopeState::NoScope => "none",
            ScopeState::Passed => "passed",
            ScopeState::Blocked => "violated",
            ScopeState::Unknown => "unknown",
        });
        let tests = self.tests.map(|passed| if passed { "passed" } else { "failed" });
        let mut known = Known(Vec::new());
        known.yes("scope", scope);
        known.yes("secrets_real", self.secrets_real);
        known.yes("tests", tests);
        known.yes("solved", self.verdict.solved);
        known.yes("hallucination", self.verdict.hallucination);
        known.yes("needs_rework", self.verdict.needs_rework);
        known.0
    }
}

/// The facts of a run, measured.
pub(crate) fn facts(record: &RunRecord, progress: &RunProgress, now: Timestamp) -> RunFacts {
    let result = record.result.as_ref();
    let actual = result.and_then(|result| result.actual.model.clone());
    RunFacts {
        run_id: record.run_id.to_string(),
        role: record.role.to_string(),
        status: record.status.as_str().to_owned(),
        active: record.status.is_active(),
        write: record.allow_write,
        declared_model: record.route.model.clone(),
        actual_model: actual.or_else(|| progress.actual_model.clone()),
        final_text: result.map(|result| end_of(&result.text)).unwrap_or_default(),
        tools: progress.tool_uses(),
        commands: progress.commands.iter().cloned().collect(),
        attributes: attributes(record, progress, now),
    }
}

fn attributes(record: &RunRecord, progress: &RunProgress, now: Timestamp) -> Attributes {
    let mut known = Known(Vec::new());
    known.yes("cwd", Some(record.cwd.display()));
    known.yes("exit_code", record.exit_code);
    known.yes("stop_reason", record.stop_reason.and_then(|reason| name(&reason)));
    known.yes("output_budget_state", Some(budget_word(record.output_budget.state)));
    known.yes("output_bytes", Some(record.output_budget.observed_output_bytes));
    known.yes("budget_usd", record.budget.max_cost_usd);
    known.yes("cost_usd", cost(record));
    known.yes("tokens_total", usage(record).map(|usage| usage.total()));
    if record.status.is_active() {
        known.liveness(record, progress, now);
    }
    known.result(record, progress);
    known.0
}

/// USD so far, as the ledger has them; of runs that older versions recorded, as the worker reported.
pub(crate) fn cost(record: &RunRecord) -> Option<f64> {
    let reported = || record.result.as_ref().and_then(|result| result.cost_usd);
    record.output_budget.spent.map_or_else(reported, |spent| spent.usd)
}

/// Tokens so far, likewise.
pub(crate) fn usage(record: &RunRecord) -> Option<Usage> {
    let spent = record.output_budget.spent.map(|spent| spent.usage);
    spent.or(record.result.as_ref().map(|result| result.usage)).filter(|usage| usage.total() > 0)
}

struct Known(Attributes);

impl Known {
    /// Adds what is known.
    fn yes(&mut self, key: &str, value: Option<impl ToString>) {
        self.0.extend(value.map(|value| (key.to_owned(), value.to_string())));
    }

    fn liveness(&mut self, record: &RunRecord, progress: &RunProgress, now: Timestamp) {
        let since = |at: Timestamp| now.duration_since(at).as_secs().max(0);
        self.yes("silent_seconds", progress.last_at.map(since));
        let oldest = progress.in_flight.first();
        self.yes("tool_in_flight", oldest.map(|one| &one.call.name));
        self.yes("tool_in_flight_seconds", oldest.map(|one| since(one.since)));
        self.yes("awaiting_permission", Some(!progress.questions.is_empty()));
        let limited = progress.limited_until.filter(|until| *until > now).map(|until| until.to_string());
        let parked = progress.parked_until.map(|until| until.to_string());
        self.yes("rate_limited_until", limited.or(parked).or_else(|| record.parked_until.clone()));
    }

    fn result(&mut self, record: &RunRecord, progress: &RunProgress) {
        let result = record.result.as_ref();
        let denied = result.map_or(0, |result| result.permission_denials.len());
        self.yes("permission_denials", Some(denied.max(progress.denials as usize)));
        self.yes("api_retries", Some(result.map_or(0, |result| result.api_retries).max(progress.retries)));
        let Some(result) = result else { return };
        self.yes("is_error", Some(result.is_error));
        self.yes("subtype", Some(&result.subtype));
        self.yes("terminal_reason", result.terminal_reason.as_ref());
        self.yes("api_error_status", result.api_error_status);
        self.yes("cost_is_estimate", Some(result.cost_is_estimate));
        self.yes("final_text_truncated", Some(result.text.chars().count() > FINAL_CHARS));
    }
}

/// The reviewer's words for the states of a budget.
fn budget_word(state: BudgetState) -> &'static str {
    match state {
        BudgetState::WithinBudget => "ok",
        BudgetState::SoftExceeded => "warned",
        BudgetState::Truncated => "truncated",
        BudgetState::Stopped => "stopped",
    }
}

/// A plain enum's name as it is stored.
pub(crate) fn name(value: &impl serde::Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(ToOwned::to_owned)
}

fn end_of(text: &str) -> String {
    let skip = text.chars().count().saturating_sub(FINAL_CHARS);
    text.chars().skip(skip).collect()
}

#[cfg(test)]
mod tests;
