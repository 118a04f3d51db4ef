//! Watching a run as a controller does: in few bytes, without asking thirty times, and byte for byte when needed.

use cc_orchestrator_tests::{Sandbox, eventually, script::Step};
use serde_json::{Value, json};

fn noisy(sandbox: &Sandbox) -> Value {
    let mut steps: Vec<Step> =
        (0..300).map(|n| Step::Say(format!("step {n}: \"é汉\" {}", "word ".repeat(50)))).collect();
    steps.push(Step::finish(&"a long \"answer\" é汉\n".repeat(500)));
    sandbox.script(&steps);
    sandbox.run(&["run-agent", "Be noisy.", "--json"]).json()
}

#[test]
fn a_poll_of_a_long_noisy_run_is_small() {
    let sandbox = Sandbox::with_profiles();
    let run = noisy(&sandbox);
    let id = run["run_id"].as_str().expect("a run");
    let mut client = sandbox.mcp();
    let poll = client.call("cc_poll_run", json!({ "run_id": id })).structured;
    assert!(poll.to_string().len() <= 2_048, "{} bytes: {poll}", poll.to_string().len());
    assert_eq!(
        (&poll["status"], &poll["activity"]["doing"]),
        (&json!("succeeded"), &json!("ended")),
        "{poll}"
    );
    assert!(poll["last_message"].as_str().is_some_and(|text| text.starts_with("a long")), "{poll}");
    assert_eq!(poll["offsets"]["next_event_offset"], poll["offsets"]["events_size"], "{poll}");
    for name in ["progress_summary.json", "risk_flags.json", "latest_decision.md", "tool_timeline.md"] {
        assert!(sandbox.run_dir(id).join(name).is_file(), "{name}");
    }
    assert!(sandbox.run_dir(id).join("checkpoints/checkpoint-001.md").is_file());
}

#[test]
fn a_waiting_poll_returns_when_the_run_ends() {
    let sandbox = Sandbox::with_profiles();
    let (begun, go) = (sandbox.record("begun"), sandbox.record("go"));
    sandbox.script(&[Step::Mark(begun.clone()), Step::WaitFor(go.clone()), Step::finish("Here I am.")]);
    let mut client = sandbox.mcp();
    let run = client.call("cc_run_agent", json!({ "task": "Wait.", "wait_seconds": 0 })).structured;
    eventually("the worker's start", || begun.exists().then_some(()));
    let ask = json!({ "run_id": run["run_id"], "wait_seconds": 280 });
    let poll = client.start_call("cc_poll_run", ask);
    let ask = json!({ "run_ids": [run["run_id"]], "wait_seconds": 280 });
    let any = client.start_call("cc_run_status", ask);
    assert!(client.is_waiting(poll) && client.is_waiting(any));
    std::fs::write(go, "").expect("a file");
    let poll = client.finish_call(poll).structured;
    assert_eq!((&poll["status"], &poll["active"]), (&json!("succeeded"), &json!(false)), "{poll}");
    let any = client.finish_call(any).structured;
    assert_eq!((&any["changed"], &any["runs"][0]["run_id"]), (&run["run_id"], &run["run_id"]), "{any}");
}

#[test]
fn raw_slices_are_the_output_byte_for_byte() {
    let sandbox = Sandbox::with_profiles();
    let run = noisy(&sandbox);
    let id = run["run_id"].as_str().expect("a run");
    let mut client = sandbox.mcp();
    let (mut text, mut at) = (String::new(), 0);
    loop {
        let ask = json!({ "run_id": id, "mode": "raw", "stdout_offset": at, "max_bytes": 1_000 });
        let slice = client.call("cc_poll_run", ask).structured["stdout"].clone();
        let part = slice["text"].as_str().expect("text");
        assert!(part.is_empty() || part.ends_with('\n'), "{slice}");
        text.push_str(part);
        at = slice["next_offset"].as_u64().expect("an offset");
        if slice["truncated"] == false {
            break;
        }
    }
    let kept = std::fs::read_to_string(sandbox.run_dir(id).join("stdout.txt")).expect("the output");
    assert!(kept.len() > 10_000 && text == kept);
}

#[test]
fn events_are_a_timeline_of_the_newest_or_from_an_offset() {
    let sandbox = Sandbox::with_profiles();
    let run = noisy(&sandbox);
    let mut client = sandbox.mcp();
    let newest = client.call("cc_compact_events", json!({ "run_id": run["run_id"] })).structured;
    let items = newest["items"].as_array().expect("items");
    assert_eq!((items.len(), &items[19]["type"]), (20, &json!("process_exited")), "{newest}");
    let ask = json!({ "run_id": run["run_id"], "event_offset": 0, "max_events": 2 });
    let first = client.call("cc_compact_events", ask).structured;
    assert_eq!((&first["items"][0]["seq"], &first["truncated"]), (&json!(1), &json!(true)), "{first}");
    assert!(items.iter().all(|item| item["text"].as_str().is_some_and(|text| text.chars().count() <= 241)));
}

#[test]
fn logs_are_followed_to_the_end_as_lines_or_events() {
    let sandbox = Sandbox::with_profiles();
    let go = sandbox.record("go");
    sandbox.script(&[
        Step::Say("first \u{1b}[2Jword".into()),
        Step::WaitFor(go.clone()),
        Step::Say("last word".into()),
        Step::finish("Done."),
    ]);
    let started = sandbox.run(&["run-streaming-agent", "Talk.", "--json"]).json();
    let id = started["run_id"].as_str().expect("a run");
    let so_far = eventually("the first word", || {
        let logs = sandbox.run(&["logs", id]).stdout;
        logs.contains("first").then_some(logs)
    });
    assert!(!so_far.contains('\u{1b}') && !so_far.contains("last word"), "{so_far}");
    let mut followed = sandbox.command();
    let child =
        followed.args(["logs", "-f", id]).stdout(std::process::Stdio::piped()).spawn().expect("logs -f");
    std::fs::write(go, "").expect("a file");
    let out = child.wait_with_output().expect("it ends with the run");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && text.contains("first") && text.contains("last word"), "{text}");
    let events = sandbox.run(&["logs", id, "--json"]).stdout;
    let kept = std::fs::read_to_string(sandbox.run_dir(id).join("events.ndjson")).expect("events");
    assert_eq!(events.lines().count(), kept.lines().count());
    assert!(events.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|e| e["run_id"] == id)));
}

#[test]
fn full_screen_views_say_what_to_use_without_a_terminal() {
    let sandbox = Sandbox::with_profiles();
    let run = sandbox.run(&["run-agent", "Talk.", "--json"]).json();
    let id = run["run_id"].as_str().expect("a run");
    let refused = sandbox.run(&["attach", id, "--json"]).json();
    assert!(refused["next_step"].as_str().is_some_and(|text| text.contains("logs -f")), "{refused}");
    let refused = sandbox.run(&["watch", "--json"]).json();
    assert!(refused["error"].as_str().is_some_and(|text| text.contains("terminal")), "{refused}");
}

#[test]
fn a_visible_run_opens_the_users_terminal_or_says_what_to_run() {
    let sandbox = Sandbox::with_profiles();
    let visible = |terminal: Option<&str>| {
        let mut command = sandbox.command();
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "TMUX", "SSH_CONNECTION"] {
            command.env_remove(name);
        }
        terminal.map(|terminal| command.env("CC_ORCHESTRATOR_TERMINAL", terminal));
        let out = command.args(["run-visible-agent", "Talk.", "--json"]).output().expect("a reply");
        serde_json::from_slice::<Value>(&out.stdout).expect("JSON")
    };
    let opened = visible(Some("cc-no-such-terminal"));
    assert_eq!((&opened["ok"], &opened["window"]["opened"]), (&json!(true), &json!(false)), "{opened}");
    assert!(
        opened["window"]["why"].as_str().is_some_and(|why| why.contains("cc-no-such-terminal")),
        "{opened}"
    );
    if cfg!(target_os = "linux") {
        let bare = visible(None);
        assert_eq!(bare["window"]["why"], "there is no display here", "{bare}");
        let command = bare["window"]["command"].as_str().expect("a command");
        assert!(command.contains("attach") && command.contains(bare["run_id"].as_str().expect("a run")));
        let shown = visible(Some("/usr/bin/env"));
        assert_eq!(
            (&shown["window"]["opened"], &shown["window"]["how"]),
            (&json!(true), &json!("/usr/bin/env"))
        );
        let metadata = sandbox.metadata(shown["run_id"].as_str().expect("a run"));
        assert_eq!(metadata["mode"], "visible");
    }
}
