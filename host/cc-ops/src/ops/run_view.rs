//! A run as controllers see it: one form for every operation that shows one.

use std::path::Path;

use cc_domain::{
    Accuracy, Activity, PermissionDenial, RunId, RunMode, RunRecord, RunStatus, StopReason, Usage,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Context, OpError, facts, snapshot::Snapshot};

/// Longest answer a reply holds, in characters: Codex cuts a result at about 48,000.
const ANSWER_CHARS: usize = 20_000;

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunView {
    pub(crate) run_id: String,
    pub(crate) status: RunStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    next_step: String,
    #[serde(flatten)]
    #[schemars(skip)]
    pub(crate) details: RunDetails,
}

/// What a controller rarely asks for by name; in the reply, and not in the schema.
#[derive(Debug, Serialize)]
pub(crate) struct RunDetails {
    pub(crate) active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    role: String,
    task_type: String,
    mode: RunMode,
    profile: RunProfile,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_model: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    route_mismatch: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<Activity>,
    allow_write: bool,
    permission_mode: String,
    timeout_seconds: u32,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<StopReason>,
    #[serde(skip_serializing_if = "is_false")]
    result_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_error_status: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permission_denials: Vec<PermissionDenial>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "is_false")]
    cost_is_estimate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_accuracy: Option<Accuracy>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    cwd: String,
    run_dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stdout_tail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stderr_tail: Option<String>,
}

/// The profile of a run.
#[derive(Debug, Serialize)]
struct RunProfile {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(value: &bool) -> bool {
    !value
}

impl RunView {
    /// Shows a run; with its answer, or without for a list.
    pub(crate) fn of(record: &RunRecord, run_dir: &Path, with_answer: bool) -> Self {
        let result = record.result.as_ref();
        let answer = result.filter(|_| with_answer).map(|r| r.text.as_str()).filter(|text| !text.is_empty());
        let mut details = RunDetails::of(record, run_dir);
        details.result_truncated = answer.is_some_and(|text| text.chars().count() > ANSWER_CHARS);
        Self {
            run_id: record.run_id.to_string(),
            status: record.status,
            result: answer.map(|text| text.chars().take(ANSWER_CHARS).collect()),
            error: error(record),
            next_step: next_step(record),
            details,
        }
    }

    /// A run as it is now, with what it does and what the reviewer says of its route.
    pub(crate) fn now(cx: &Context, id: &RunId, with_answer: bool) -> Result<Self, OpError> {
        let run = Snapshot::of(cx, id, 0)?;
        let mut view = Self::of(&run.record, run.dir.path(), with_answer);
        view.details.activity = run.active().then(|| run.activity());
        view.details.route_mismatch = run.review.route_mismatch();
        view.details.review_error.clone_from(&run.review.error);
        Ok(view)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let details = &self.details;
        let model = details.profile.model.as_deref().unwrap_or("default model");
        let mut lines = vec![format!(
            "run {}: {} ({} as {}, {})",
            self.run_id,
            self.status.as_str(),
            model,
            details.role,
            details.profile.name
        )];
        lines.extend(self.details.activity.iter().map(|activity| format!("now: {}", activity.text())));
        lines.extend(self.figures());
        lines.extend(details.warnings.iter().map(|warning| format!("warning: {warning}")));
        lines.extend(self.error.iter().map(|error| format!("error: {error}")));
        for denial in &self.details.permission_denials {
            lines.push(format!("refused: {} {}", denial.tool_name, denial.input));
        }
        if let Some(result) = &self.result {
            lines.push(format!("\n{result}\n"));
        }
        for (name, tail) in [("stdout", &self.details.stdout_tail), ("stderr", &self.details.stderr_tail)] {
            if let Some(tail) = tail.as_ref().filter(|tail| !tail.is_empty()) {
                lines.push(format!("--- end of {name}\n{tail}"));
            }
        }
        lines.push(format!("record: {}", self.details.run_dir));
        lines.push(format!("next: {}", self.next_step));
        lines.join("\n")
    }

    fn figures(&self) -> Option<String> {
        let mut figures = Vec::new();
        if let Some(ms) = self.details.duration_ms {
            figures.push(format!("{:.1} s", ms as f64 / 1000.0));
        }
        if let Some(usage) = self.details.usage {
            figures.push(format!("{} tokens", usage.total()));
        }
        if let Some(cost) = self.details.cost_usd {
            let mark = if self.details.cost_is_estimate { " (estimated)" } else { "" };
            figures.push(format!("{cost:.4} USD{mark}"));
        }
        if self.details.cost_accuracy == Some(Accuracy::Unknown) {
            figures.push("no price is known".to_owned());
        }
        if self.details.route_mismatch {
            figures.push(format!(
                "answered by {}",
                self.details.actual_model.as_deref().unwrap_or("another model")
            ));
        }
        (!figures.is_empty()).then(|| figures.join(", "))
    }
}

impl RunDetails {
    fn of(record: &RunRecord, run_dir: &Path) -> Self {
        let result = record.result.as_ref();
        let actual = result.and_then(|r| r.actual.model.as_deref());
        let spent = record.output_budget.spent;
        Self {
            active: record.status.is_active(),
            task: None,
            role: record.role.to_string(),
            task_type: record.task_type.to_string(),
            mode: record.mode,
            profile: RunProfile {
                id: record.route.profile_id.clone(),
                name: record.route.profile_name.clone(),
                model: record.route.model.clone(),
            },
            route_mismatch: false,
            review_error: None,
            activity: None,
            actual_model: actual.map(ToOwned::to_owned),
            allow_write: record.allow_write,
            permission_mode: record.permission_mode.clone(),
            timeout_seconds: record.timeout_seconds,
            started_at: record.started_at.clone(),
            finished_at: record.finished_at.clone(),
            duration_ms: record.duration_ms,
            exit_code: record.exit_code,
            stop_reason: record.stop_reason,
            result_truncated: false,
            api_error_status: result.and_then(|r| r.api_error_status),
            permission_denials: result.map(|r| r.permission_denials.clone()).unwrap_or_default(),
            usage: facts::usage(record),
            cost_usd: facts::cost(record),
            cost_is_estimate: spent.map_or_else(
                || result.is_some_and(|r| r.cost_is_estimate),
                |spent| spent.accuracy > Accuracy::Priced,
            ),
            cost_accuracy: spent.map(|spent| spent.accuracy),
            warnings: record.warnings.clone(),
            session_id: result.and_then(|r| r.session_id.clone()),
            cwd: record.cwd.display().to_string(),
            run_dir: run_dir.display().to_string(),
            stdout_tail: None,
            stderr_tail: None,
        }
    }
}

/// What went wrong, from our own word or the worker's.
fn error(record: &RunRecord) -> Option<String> {
    if record.error.is_some() {
        return record.error.clone();
    }
    let result = record.result.as_ref()?;
    if !result.errors.is_empty() {
        return Some(result.errors.join("; "));
    }
    let reason = result.terminal_reason.clone().unwrap_or_else(|| result.subtype.clone());
    result.is_error.then(|| format!("the worker ended with an error: {reason}"))
}

fn next_step(record: &RunRecord) -> String {
    let denied = record.result.as_ref().is_some_and(|r| !r.permission_denials.is_empty());
    match record.status {
        status if status.is_active() => {
            format!("still running; ask cc_run_status with run_id {}", record.run_id)
        }
        RunStatus::Succeeded if denied && !record.allow_write => {
            "review the answer; the worker was refused some tools: start it with allow_write if it should edit".into()
        }
        RunStatus::Succeeded => "review the answer before you rely on it".into(),
        RunStatus::TimedOut => "give a longer timeout_seconds or a smaller task".into(),
        RunStatus::Lost => "its supervisor was killed; start the task again".into(),
        _ => "read the error; cc_run_status with include_output_tail shows the last output".into(),
    }
}
