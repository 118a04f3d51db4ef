//! The predecessor's run records, read as ours. Its files are never written.
//!
//! claude-code-orchestrator-skill 0.7.1 wrote `metadata.json` without a `format`, with other fields for blocking,
//! streaming and visible runs, and the worker's answer only in `stdout.txt`.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use cc_domain::{
    ActualRoute, Role, Route, RunId, RunMode, RunRecord, RunResult, RunStatus, StopReason, Usage,
};
use serde_json::Value;

/// What is read of the end of `stdout.txt` to find the answer, bytes.
const MOST_OF_OUTPUT: u64 = 1 << 20;

/// Whether a record is the predecessor's.
pub(crate) fn is_its(record: &Value) -> bool {
    record["format"].is_null() && record["run_id"].is_string() && record["profile"].is_object()
}

/// Its record as ours; none when it names no run or role that could be one.
pub(crate) fn record(its: &Value, dir: &Path) -> Option<RunRecord> {
    let run_id: RunId = text(its, "run_id")?.parse().ok()?;
    let role: Role = text(its, "role").unwrap_or_default().parse().unwrap_or_default();
    let task_type =
        text(its, "task_type").and_then(|t| t.parse().ok()).unwrap_or_else(|| role.default_task_type());
    let status = status(its);
    let path = |key: &str| PathBuf::from(text(its, key).unwrap_or_default());
    let started_at = text(its, "started_at").unwrap_or_default();
    let route = route(its, &role, &task_type);
    let usual = RunRecord::starting(run_id, started_at, route, &path("workspace_root"));
    let limit = its["timeout_seconds"].as_u64().and_then(|seconds| u32::try_from(seconds).ok());
    Some(RunRecord {
        mode: mode(its),
        status,
        finished_at: text(its, "finished_at").or_else(|| text(its, "stopped_at")),
        duration_ms: its["duration_ms"].as_u64(),
        cwd: path("cwd"),
        artifact_root: path("artifact_root"),
        timeout_seconds: limit.filter(|seconds| *seconds > 0).unwrap_or(usual.timeout_seconds),
        permission_mode: text(its, "permission_mode").unwrap_or_else(|| usual.permission_mode.clone()),
        allow_write: its["allow_write"].as_bool().unwrap_or_default(),
        parent_run_id: text(its, "parent_run_id").and_then(|id| id.parse().ok()),
        team_id: text(its, "team_id").and_then(|id| id.parse().ok()),
        prompt_sha256: text(its, "prompt_sha256").unwrap_or_default(),
        exit_code: its["exit_code"].as_i64().and_then(|code| i32::try_from(code).ok()),
        stop_reason: text(its, "stop_reason").and_then(|reason| stop_reason(&reason)),
        error: (status == RunStatus::Lost)
            .then(|| "the predecessor never said how this run ended".to_owned()),
        result: Some(result(its, dir)),
        ..usual
    })
}

/// What it stored; where it stored nothing, what its exit code says.
fn status(its: &Value) -> RunStatus {
    let stored = text(its, "status").and_then(|status| RunStatus::parse(&status));
    match (stored, its["exit_code"].as_i64()) {
        _ if its["timed_out"] == true => RunStatus::TimedOut,
        (Some(status), _) if !status.is_active() => status,
        (_, Some(0)) => RunStatus::Succeeded,
        (_, Some(_)) => RunStatus::Failed,
        (_, None) => RunStatus::Lost,
    }
}

fn mode(its: &Value) -> RunMode {
    match its["mode"].as_str() {
        Some("streaming") => RunMode::Streaming,
        Some("visible_window") => RunMode::Visible,
        _ => RunMode::Blocking,
    }
}

fn route(its: &Value, role: &Role, task_type: &Role) -> Route {
    let profile = &its["profile"];
    Route {
        role: role.clone(),
        task_type: task_type.clone(),
        profile_id: text(profile, "id").unwrap_or_default(),
        profile_name: text(profile, "name").unwrap_or_default(),
        model: text(profile, "model"),
        score: None,
        reason: text(its, "route_reason").or_else(|| text(&its["route"], "reason")).unwrap_or_default(),
        trace: Vec::new(),
    }
}

fn result(its: &Value, dir: &Path) -> RunResult {
    let answer = answer(&dir.join("stdout.txt")).unwrap_or_default();
    let count = |key: &str| its[key].as_u64().unwrap_or_default();
    RunResult {
        text: text(&answer, "result").unwrap_or_default(),
        is_error: answer["is_error"].as_bool().unwrap_or(its["exit_code"].as_i64() != Some(0)),
        subtype: text(&answer, "subtype").unwrap_or_default(),
        actual: ActualRoute { model: text(its, "actual_model"), models: Vec::new() },
        usage: Usage {
            input_tokens: count("actual_input_tokens"),
            output_tokens: count("actual_output_tokens"),
            ..Usage::default()
        },
        cost_usd: its["actual_cost_usd"].as_f64(),
        // It took Claude Code's figure, which is made up for models whose price that does not know.
        cost_is_estimate: true,
        ..RunResult::default()
    }
}

fn stop_reason(name: &str) -> Option<StopReason> {
    serde_json::from_value(name.into()).ok()
}

/// The last line of the worker's output that is its answer.
fn answer(path: &Path) -> Option<Value> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST_OF_OUTPUT))).ok()?;
    let mut end = Vec::new();
    file.take(MOST_OF_OUTPUT).read_to_end(&mut end).ok()?;
    let lines = end.split(|byte| *byte == b'\n').rev();
    lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()).find(|line| line["type"] == "result")
}

fn text(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn streaming() -> Value {
        json!({
            "run_id": "20260301T101112Z-0a1b2c3d", "mode": "streaming", "status": "succeeded",
            "started_at": "2026-03-01T10:11:12+00:00", "finished_at": "2026-03-01T10:12:00+00:00",
            "duration_ms": 48000, "cwd": "/w", "workspace_root": "/w", "artifact_root": "/w/.agent-workspace/x",
            "role": "review", "task_type": "review", "allow_write": false, "permission_mode": "plan",
            "profile": { "id": "p1", "name": "智谱", "model": "glm-5.2" },
            "route": { "reason": "best score" }, "timeout_seconds": 600, "exit_code": 0, "timed_out": false,
            "actual_model": "glm-5.2", "actual_input_tokens": 123, "actual_output_tokens": 45, "actual_cost_usd": 0.99,
        })
    }

    #[test]
    fn a_streaming_run_is_read_with_its_answer() {
        let dir = tempfile::tempdir().unwrap();
        let lines =
            "{\"type\":\"assistant\"}\n{\"type\":\"result\",\"result\":\"all well\",\"is_error\":false}\n";
        std::fs::write(dir.path().join("stdout.txt"), lines).unwrap();
        assert!(is_its(&streaming()));
        let run = record(&streaming(), dir.path()).unwrap();
        assert_eq!(
            (run.status, run.mode, run.role.as_str()),
            (RunStatus::Succeeded, RunMode::Streaming, "review")
        );
        assert_eq!((run.route.profile_name.as_str(), run.route.reason.as_str()), ("智谱", "best score"));
        let result = run.result.unwrap();
        assert_eq!(
            (result.text.as_str(), result.usage.total(), result.cost_usd),
            ("all well", 168, Some(0.99))
        );
    }

    #[test]
    fn a_blocking_run_without_a_status_is_told_by_its_exit_code() {
        let with = |change: Value| {
            let mut its = streaming();
            its.as_object_mut().unwrap().remove("status");
            its.as_object_mut().unwrap().remove("mode");
            its.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            record(&its, Path::new("/nowhere")).unwrap()
        };
        assert_eq!(with(json!({})).status, RunStatus::Succeeded);
        assert_eq!(with(json!({ "exit_code": 2 })).status, RunStatus::Failed);
        assert_eq!(with(json!({ "exit_code": 124, "timed_out": true })).status, RunStatus::TimedOut);
        let lost = with(json!({ "exit_code": null, "status": "running" }));
        assert_eq!((lost.status, lost.error.is_some()), (RunStatus::Lost, true));
    }

    #[test]
    fn what_is_ours_or_no_record_is_left_alone() {
        let mut ours = streaming();
        ours["format"] = 1.into();
        assert!(!is_its(&ours) && !is_its(&json!({})) && !is_its(&json!({ "run_id": "x" })));
        let mut nameless = streaming();
        nameless["run_id"] = "../../etc".into();
        assert!(record(&nameless, Path::new("/nowhere")).is_none());
    }
}
