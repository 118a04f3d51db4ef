//! One run from start to end, however the worker behaves.

use std::path::Path;

use cc_orchestrator_tests::{Finished, Sandbox, eventually, script::Step};
use serde_json::{Value, json};

fn run_agent(sandbox: &Sandbox, more: &[&str]) -> (Finished, Value) {
    let ended = sandbox.run(&[&["run-agent", "Say hello.", "--json"], more].concat());
    let value = ended.json();
    (ended, value)
}

/// A world whose worker does this.
fn with_worker(steps: &[Step]) -> Sandbox {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(steps);
    sandbox
}

fn id(run: &Value) -> &str {
    run["run_id"].as_str().unwrap_or_else(|| panic!("a run id in {run}"))
}

fn size_of(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    files.map(|file| file.metadata().map_or(0, |data| data.len())).sum()
}

#[test]
fn a_good_run_is_told_and_kept_with_answer_model_tokens_and_cost() {
    let sandbox = with_worker(&[Step::replay("provider-env")]);
    let (ended, run) = run_agent(&sandbox, &["--role", "review"]);
    assert_eq!((ended.code, &run["status"]), (Some(0), &json!("succeeded")), "{run}");
    assert_eq!(run["result"], "Hello from glm.");
    assert_eq!(run["actual_model"], "glm-5.1");
    assert_eq!(run["usage"]["output_tokens"], 20);
    assert_eq!(
        (&run["cost_usd"], &run["cost_accuracy"]),
        (&Value::Null, &json!("unknown")),
        "it was made up"
    );
    let kept = sandbox.metadata(id(&run));
    assert_eq!(kept["result"]["text"], run["result"]);
    assert!(kept["route"]["trace"].as_array().is_some_and(|trace| !trace.is_empty()), "{kept}");
    let events = sandbox.events(id(&run));
    assert_eq!(events.first().expect("events")["type"], "run_started");
    assert_eq!(events.last().expect("events")["type"], "process_exited");
}

#[test]
fn people_read_the_answer_and_what_to_do_next() {
    let sandbox = with_worker(&[Step::replay("text")]);
    let shown = sandbox.run(&["run-agent", "Say hello."]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    for part in ["Hello from the mock model.", "record: ", "next: "] {
        assert!(shown.stdout.contains(part), "'{part}' in {}", shown.stdout);
    }
}

#[test]
fn thinking_comes_before_an_answer_and_is_none() {
    let (_, run) = run_agent(&with_worker(&[Step::replay("thinking")]), &[]);
    assert_eq!(run["result"], "Thought about it.", "{run}");
}

#[test]
fn an_api_error_is_a_failure_though_the_worker_says_success() {
    for (stream, status) in [("api-401", 401), ("api-429", 429), ("rate-limit-rejected", 429)] {
        let (ended, run) = run_agent(&with_worker(&[Step::replay(stream), Step::Exit(1)]), &[]);
        assert_eq!((ended.code, &run["status"]), (Some(1), &json!("failed")), "{stream}: {run}");
        assert_eq!(
            (&run["ok"], &run["api_error_status"]),
            (&json!(false), &json!(status)),
            "{stream}: {run}"
        );
        assert!(run["error"].as_str().is_some_and(|text| !text.is_empty()), "{stream}: {run}");
    }
}

#[test]
fn an_api_error_is_a_failure_whatever_the_exit_code() {
    let (ended, run) = run_agent(&with_worker(&[Step::replay("api-401"), Step::Exit(0)]), &[]);
    assert_eq!((ended.code, &run["status"]), (Some(1), &json!("failed")), "{run}");
}

#[test]
fn refused_tools_are_listed() {
    let (_, run) = run_agent(&with_worker(&[Step::replay("write-plan-denied")]), &[]);
    assert_eq!((&run["status"], &run["permission_mode"]), (&json!("succeeded"), &json!("plan")), "{run}");
    assert_eq!(run["permission_denials"][0]["tool_name"], "Write", "{run}");
    assert!(run["next_step"].as_str().is_some_and(|text| text.contains("allow_write")), "{run}");
}

#[test]
fn only_allow_write_lets_a_worker_edit() {
    let sandbox = Sandbox::with_profiles();
    for (flags, mode) in [(&[][..], "plan"), (&["--allow-write"], "acceptEdits")] {
        let record = sandbox.record(mode);
        sandbox.script(&[Step::Record(record.clone()), Step::replay("text")]);
        let (_, run) = run_agent(&sandbox, flags);
        assert_eq!(run["permission_mode"], mode, "{run}");
        assert_eq!(sandbox.received(&record).flag("--permission-mode"), Some(mode));
    }
}

#[test]
fn the_time_limit_ends_a_worker_and_all_it_started() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[
        Step::IgnoreTerm,
        Step::Detach(sandbox.record("detached")),
        Step::Say("I have only just begun.".into()),
        Step::WaitFor(sandbox.record("never")),
    ]);
    let (ended, run) = run_agent(&sandbox, &["--timeout-seconds", "10"]);
    assert_eq!((ended.code, &run["status"]), (Some(1), &json!("timed_out")), "{run}");
    assert!(run["duration_ms"].as_u64().is_some_and(|ms| ms >= 10_000), "{run}");
    let events = sandbox.events(id(&run));
    assert!(events.iter().any(|event| event["type"] == "timeout"), "{events:?}");
    #[cfg(target_os = "linux")]
    {
        let left = cc_orchestrator_tests::processes::of(sandbox.root());
        assert!(left.iter().all(|process| process.is("supervise") || process.is("guard")), "{left:?}");
    }
}

#[test]
fn what_is_no_json_is_kept_and_harms_nothing() {
    let sandbox = with_worker(&[
        Step::Print("npm warn something\n{\"type\":\n\n[1,2]\n\"text\"\nnull\n{\"no\":\"type\"}\n".into()),
        Step::PrintBytes(b"\xff\xfe not UTF-8 \x00\n".to_vec()),
        Step::Print("half a ".into()),
        Step::Print("line\n".into()),
        Step::replay("text"),
    ]);
    let (_, run) = run_agent(&sandbox, &[]);
    assert_eq!(
        (&run["status"], &run["result"]),
        (&json!("succeeded"), &json!("Hello from the mock model.")),
        "{run}"
    );
    let events = sandbox.events(id(&run));
    for text in ["npm warn something", "half a line"] {
        let kept = events.iter().any(|event| event["type"] == "text" && event["text"] == text);
        assert!(kept, "'{text}' in {events:?}");
    }
}

#[test]
fn a_last_line_needs_no_newline() {
    let result = json!({ "type": "result", "subtype": "success", "is_error": false, "result": "Done." });
    let (_, run) = run_agent(&with_worker(&[Step::Print(result.to_string()), Step::Exit(0)]), &[]);
    assert_eq!((&run["status"], &run["result"]), (&json!("succeeded"), &json!("Done.")), "{run}");
}

#[test]
fn a_line_of_fifty_megabytes_is_cut_and_the_run_goes_on() {
    let sandbox = with_worker(&[Step::HugeLine(50 << 20), Step::finish("Done.")]);
    let (_, run) = run_agent(&sandbox, &[]);
    assert_eq!((&run["status"], &run["result"]), (&json!("succeeded"), &json!("Done.")), "{run}");
    let kept = size_of(&sandbox.run_dir(id(&run)));
    assert!(kept < 8 << 20, "{kept} bytes are kept");
}

#[test]
fn a_worker_that_ends_without_a_result_has_failed() {
    let (ended, run) = run_agent(&with_worker(&[Step::replay("sigterm-stream"), Step::Exit(0)]), &[]);
    assert_eq!((ended.code, &run["status"]), (Some(1), &json!("failed")), "{run}");
    assert!(run["error"].as_str().is_some_and(|text| text.contains("result")), "{run}");
}

#[test]
fn a_worker_that_complains_and_ends_is_quoted() {
    let complaint = "error: unknown option '--frobnicate'\n";
    let (_, run) = run_agent(&with_worker(&[Step::Complain(complaint.into()), Step::Exit(3)]), &[]);
    assert_eq!((&run["status"], &run["exit_code"]), (&json!("failed"), &json!(3)), "{run}");
    assert!(run["stderr_tail"].as_str().is_some_and(|text| text.contains("--frobnicate")), "{run}");
}

#[cfg(unix)]
#[test]
fn a_worker_that_crashes_has_failed_with_its_signal() {
    const SIGABRT: i32 = 6;
    let (_, run) = run_agent(&with_worker(&[Step::Die(SIGABRT)]), &[]);
    assert_eq!((&run["status"], &run["exit_code"]), (&json!("failed"), &json!(128 + SIGABRT)), "{run}");
}

#[test]
fn without_claude_code_the_answer_says_how_to_get_it() {
    let sandbox = Sandbox::with_profiles();
    let missing = sandbox.root().join("no-such-claude");
    let ended =
        Finished::of(sandbox.command().env("CLAUDE_CODE_BIN", &missing).args(["run-agent", "Hi.", "--json"]));
    let said = ended.json();
    assert_eq!((ended.code, &said["kind"]), (Some(5), &json!("unavailable")), "{said}");
    assert!(said["error"].as_str().is_some_and(|text| text.contains("no-such-claude")), "{said}");
    let runs = sandbox.run(&["run-status", "--include-finished", "--json"]).json();
    assert_eq!(runs["active_count"], 0, "nothing is left half-started: {runs}");
}

#[test]
fn git_projects_are_recorded_at_their_root_and_stay_clean() {
    let sandbox = Sandbox::with_profiles();
    sandbox.git();
    std::fs::create_dir(sandbox.project().join("inner")).expect("a folder");
    sandbox.script(&[Step::Record(sandbox.record("got")), Step::replay("text")]);
    let (_, run) = run_agent(&sandbox, &["--cwd", "inner"]);
    assert_eq!(run["status"], "succeeded", "{run}");
    assert!(sandbox.run_dir(id(&run)).is_dir(), "{run}");
    assert_eq!(sandbox.received(&sandbox.record("got")).cwd, sandbox.project().join("inner"));
    assert_eq!(sandbox.git_status(), "", "what a run leaves is hidden from git");
}

#[test]
fn the_last_run_is_found_again() {
    let sandbox = with_worker(&[Step::replay("text")]);
    let (_, run) = run_agent(&sandbox, &[]);
    let last = sandbox.run(&["last-run", "--json"]).json();
    assert_eq!((&last["run_id"], &last["result"]), (&run["run_id"], &run["result"]), "{last}");
    let listed = sandbox.run(&["run-status", "--include-finished", "--json"]).json();
    assert_eq!(listed["runs"][0]["run_id"], run["run_id"], "{listed}");
    let gone = eventually("the supervisor's end", || {
        let status = sandbox.run(&["run-status", id(&run), "--json"]).json();
        (status["active"] == false).then_some(status)
    });
    assert_eq!(gone["status"], "succeeded");
}
