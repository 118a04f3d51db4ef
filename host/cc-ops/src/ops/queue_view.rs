//! A job as replies show it: in a line, or whole.

use cc_domain::{JobStage, JobState, RunId, one_line};
use cc_store::{Job, JobEvent};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

/// A job in a line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct JobLine {
    pub(crate) job_id: String,
    pub(crate) status: JobState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<JobStage>,
    pub(crate) role: String,
    #[schemars(skip)]
    pub(crate) priority: i32,
    #[schemars(skip)]
    pub(crate) attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<RunId>,
    /// Why it stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The next try.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) paths: Vec<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verification: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope_warning: Option<String>,
    #[schemars(skip)]
    pub(crate) task: String,
}

impl JobLine {
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            job_id: job.job_id.to_string(),
            status: job.state,
            stage: job.stage,
            role: job.spec.role.to_string(),
            priority: job.priority,
            attempts: job.attempts,
            run_id: job.run_id.clone(),
            reason: waits(job).map(|reason| one_line(&reason, 120)),
            not_before: time(job.not_before_ms),
            paths: job.spec.paths.clone(),
            verification: job.verification.clone(),
            scope_warning: job.scope_warning.as_deref().map(|warning| one_line(warning, 120)),
            task: one_line(&job.shown, 60),
        }
    }

    pub(crate) fn text(&self) -> String {
        let stage = self.stage.map(|stage| format!("/{}", stage.as_str())).unwrap_or_default();
        let more = |what: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("; {what}{text}")).unwrap_or_default()
        };
        let run = self.run_id.as_ref().map(|run| format!(", run {run}")).unwrap_or_default();
        format!(
            "- {} {}{stage}: {} ({}{run}){}{}",
            self.job_id,
            self.status.as_str(),
            self.task,
            self.role,
            more("", &self.reason),
            more("scope: ", &self.scope_warning),
        )
    }
}

/// Why it stands where it does, or what it waits for.
pub(crate) fn waits(job: &Job) -> Option<String> {
    if job.cancelling && job.state == JobState::Running {
        return Some("it is cancelled once its run has ended".into());
    }
    if job.state == JobState::Queued && job.waits_for > 0 {
        return Some(format!("waits for {} other jobs", job.waits_for));
    }
    job.reason.clone()
}

/// A job with all that is known of it.
pub(crate) fn whole(job: &Job, history: &[JobEvent]) -> Value {
    let mut runs: Vec<&RunId> = history.iter().filter_map(|event| event.run_id.as_ref()).collect();
    runs.dedup();
    json!({
        "job_id": job.job_id, "status": job.state, "stage": job.stage, "reason": waits(job),
        "task": job.shown, "role": job.spec.role, "cwd": job.cwd, "priority": job.priority,
        "created_at": time(Some(job.submitted_ms)), "updated_at": time(Some(job.changed_ms)),
        "started_at": time(job.started_ms), "ended_at": time(job.ended_ms), "not_before": time(job.not_before_ms),
        "timeout_seconds": job.spec.timeout_seconds, "allow_write": job.spec.allow_write, "isolate": job.spec.isolate,
        "attempts": job.attempts, "max_retries": job.spec.max_retries.or((job.attempts > 0).then_some(job.retries)),
        "profile_id": job.profile_id, "run_id": job.run_id, "runs": runs, "waits_for": job.waits_for,
        "paths": job.spec.paths, "scope_warning": job.scope_warning, "test_commands": job.spec.test_commands,
        "verification": job.verification, "last_failure": job.last_failure, "failures": job.failures,
        "idempotency_key": job.idempotency_key,
        "history": history.iter().map(change).collect::<Vec<_>>(),
    })
}

fn change(event: &JobEvent) -> Value {
    json!({ "at": time(Some(event.at_ms)), "from": event.from, "to": event.to, "reason": event.reason, "run_id": event.run_id })
}

fn time(ms: Option<i64>) -> Option<String> {
    Timestamp::from_millisecond(ms?).ok().map(|at| at.to_string())
}
