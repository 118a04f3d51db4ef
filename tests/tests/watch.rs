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
