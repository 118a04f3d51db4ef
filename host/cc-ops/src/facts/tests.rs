use cc_domain::{Event, RunId};
use cc_policy::PolicyConfig;
use serde_json::{Value, json};

use super::*;

const ID: &str = "20261123T061500Z-1a2b3c4d";

fn record(status: &str, model: &str, result: Value) -> RunRecord {
    let record = json!({
        "format": 1, "run_id": ID, "mode": "streaming", "status": status,
        "started_at": "2026-11-23T06:15:00Z", "finished_at": null, "duration_ms": null,
        "cwd": "/project", "workspace_root": "/project", "artifact_root": "/project/.a",
        "role": "development", "task_type": "development",
        "route": { "role": "development", "task_type": "development", "profile_id": "p",
                   "profile_name": "P", "model": model, "reason": "", "trace": [] },
        "permission_mode": "plan", "allow_write": false, "timeout_seconds": 900, "prompt_sha256": "",
        "command": [], "supervisor_pid": null, "child_pid": null, "exit_code": 0, "stop_reason": null,
        "error": null, "result": result,
    });
    serde_json::from_value(record).unwrap()
}

fn answer(text: &str, model: &str) -> Value {
    let result = cc_domain::RunResult {
        text: text.into(),
        subtype: "success".into(),
        terminal_reason: Some("completed".into()),
        actual: cc_domain::ActualRoute { model: Some(model.into()), models: Vec::new() },
        ..cc_domain::RunResult::default()
    };
    serde_json::to_value(result).unwrap()
}

fn progress(bodies: &[Value]) -> RunProgress {
    let events: Vec<Event> = bodies
        .iter()
        .zip(1_u64..)
        .map(|(body, seq)| {
            let mut event = body.clone();
            event["seq"] = json!(seq);
            event["ts"] = json!("2026-11-23T06:15:00Z");
            event["run_id"] = json!(ID.parse::<RunId>().unwrap());
            serde_json::from_value(event).unwrap()
        })
        .collect();
    RunProgress::of(&events)
}

/// By the bundled plugin, five minutes after the last event.
fn reviewed(record: &RunRecord, progress: &RunProgress) -> Reviewed {
    let home = tempfile::tempdir().unwrap();
    let policy = Policy::new(PolicyConfig { home: home.path().into(), project: None });
    let reviewed = Reviewed::by(&policy, record, progress, "2026-11-23T06:20:00Z".parse().unwrap());
    assert_eq!(reviewed.error, None);
    reviewed
}

fn codes(reviewed: &Reviewed) -> Vec<&str> {
    reviewed.flags.iter().map(|flag| flag.code.as_str()).collect()
}

fn call(name: &str, target: &str) -> Value {
    json!({ "type": "tool_call", "id": "t1", "name": name, "target": target, "fingerprint": "f" })
}

fn result(code: i32) -> Value {
    json!({ "type": "tool_result", "id": "t1", "is_error": code != 0, "exit_code": code, "text": "", "chars": 0 })
}

#[test]
fn a_report_of_passed_tests_raises_nothing_high() {
    let text = "All tests passed, 0 failed. Please format the code";
    let run = record("succeeded", "glm-5.2", answer(text, "glm-5.2"));
    let well = reviewed(&run, &progress(&[call("Bash", "cargo test"), result(0)]));
    assert!(well.flags.iter().all(|flag| flag.severity < Severity::High), "{:?}", well.flags);
    assert_eq!(well.recommended_action(run.status), "verify_run");
    let lied = reviewed(&run, &progress(&[call("Bash", "cargo test"), result(101)]));
    assert!(codes(&lied).contains(&"success_claim_after_test_failure"), "{:?}", lied.flags);
    assert_eq!(lied.recommended_action(run.status), "blocked_review");
}

#[test]
fn one_model_under_two_names_is_no_mismatch() {
    let of = |declared: &str, actual: &str| {
        let run = record("succeeded", declared, answer("Done.", actual));
        reviewed(&run, &RunProgress::default()).route_mismatch()
    };
    for (declared, actual) in [
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("anthropic/claude-sonnet-5", "claude-sonnet-5"),
        ("deepseek-v4-pro[1M]", "deepseek-v4-pro"),
        ("opus", "claude-opus-5"),
        ("global.anthropic.claude-opus-5", "claude-opus-5"),
    ] {
        assert!(!of(declared, actual), "{declared} {actual}");
    }
    assert!(of("glm-5.2", "claude-haiku-4-5") && of("deepseek-v4-pro", "deepseek-v4-flash"));
}

#[test]
fn silence_is_a_stall_only_when_nothing_explains_it() {
    let run = record("running", "glm-5.2", Value::Null);
    let said = json!({ "type": "message", "text": "Now.", "chars": 4 });
    let asked = json!({ "type": "permission_asked", "request_id": "q", "tool": "Write", "target": "a",
                        "input": "{}", "deadline": "2026-11-23T06:30:00Z" });
    let limited = json!({ "type": "rate_limit", "status": "rejected", "resets_at": "2026-11-23T09:00:00Z" });
    assert!(codes(&reviewed(&run, &progress(std::slice::from_ref(&said)))).contains(&"stalled"));
    for why in [call("Bash", "cargo build"), asked, limited] {
        let quiet = reviewed(&run, &progress(&[said.clone(), why.clone()]));
        assert!(!codes(&quiet).contains(&"stalled"), "{why}: {:?}", quiet.flags);
        assert_eq!(quiet.recommended_action(run.status), "continue_polling");
    }
}
