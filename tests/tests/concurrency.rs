//! Many servers and commands on one home, from its first moment on.

use std::{
    collections::BTreeSet,
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use cc_orchestrator_tests::{Sandbox, eventually, script::Step};
use serde_json::{Value, json};

const SERVERS: usize = 10;
const COMMANDS: usize = 10;

#[test]
fn twenty_at_once_on_a_fresh_home_lose_and_tear_nothing() {
    let sandbox = Sandbox::with_profiles();
    sandbox.overrides("[cost_guard]\nmax_concurrent = 20\n");
    sandbox.script(&[Step::Say("At work.".into()), Step::finish("Done.")]);
    let together = Barrier::new(SERVERS + COMMANDS);
    let over = AtomicBool::new(false);
    let ids: Vec<String> = thread::scope(|scope| {
        let servers = (0..SERVERS).map(|_| scope.spawn(|| through_a_server(&sandbox, &together)));
        let commands = (0..COMMANDS).map(|_| scope.spawn(|| through_a_command(&sandbox, &together)));
        let all: Vec<_> = servers.chain(commands).collect();
        let reader = scope.spawn(|| read_until(&sandbox, &over));
        let ids = all.into_iter().map(|one| one.join()).collect::<Vec<_>>();
        over.store(true, Ordering::Relaxed);
        reader.join().expect("no read was torn");
        ids.into_iter().map(|id| id.expect("a run")).collect()
    });
    let started: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(started.len(), SERVERS + COMMANDS, "every run has an id of its own");
    let listed = eventually("the end of every run", || {
        let listed = list(&sandbox);
        (listed["active_count"] == 0).then_some(listed)
    });
    let kept: BTreeSet<&str> = runs(&listed).map(|run| run["run_id"].as_str().expect("an id")).collect();
    assert_eq!(kept, started, "no run is lost and none is made up");
    for run in runs(&listed) {
        assert_eq!(run["status"], "succeeded", "{run}");
        let id = run["run_id"].as_str().expect("an id");
        assert_eq!(sandbox.metadata(id)["result"]["text"], "Done.");
        assert_eq!(sandbox.events(id).last().expect("events")["type"], "process_exited");
    }
}

/// A server that starts a run and reads those of others until its own has ended.
fn through_a_server(sandbox: &Sandbox, together: &Barrier) -> String {
    together.wait();
    let mut client = sandbox.mcp();
    let started = client.call("cc_run_agent", json!({ "task": "Go.", "wait_seconds": 0 }));
    let id = started.structured["run_id"].as_str().unwrap_or_else(|| panic!("{}", started.raw)).to_owned();
    eventually("the run's end", || {
        let listed = client.call("cc_run_status", json!({ "include_finished": true, "limit": 500 }));
        assert!(!listed.is_error, "{}", listed.raw);
        assert!(runs(&listed.structured).any(|run| run["run_id"] == id.as_str()), "its own run is listed");
        assert!(!client.call("cc_last_run", json!({})).is_error);
        let mine = client.call("cc_run_status", json!({ "run_id": id })).structured;
        (mine["status"] == "succeeded").then_some(())
    });
    assert!(client.close().success());
    id
}

/// A command that waits for its run.
fn through_a_command(sandbox: &Sandbox, together: &Barrier) -> String {
    together.wait();
    let ended = sandbox.run(&["run-agent", "Go.", "--json"]);
    let run = ended.json();
    assert_eq!((ended.code, &run["status"]), (Some(0), &json!("succeeded")), "{ended:?}");
    run["run_id"].as_str().expect("an id").to_owned()
}

/// Reads the records of all runs as they are being written, past the product: they are whole at any time.
fn read_until(sandbox: &Sandbox, over: &AtomicBool) {
    let folder = sandbox.run_dir("");
    while !over.load(Ordering::Relaxed) {
        for run in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if let Ok(record) = std::fs::read(run.path().join("metadata.json")) {
                let record: Value = serde_json::from_slice(&record).expect("a record is whole at any time");
                assert_eq!(record["run_id"].as_str(), run.file_name().to_str());
            }
        }
        thread::yield_now();
    }
}

fn list(sandbox: &Sandbox) -> Value {
    sandbox.run(&["run-status", "--include-finished", "--limit", "500", "--json"]).json()
}

fn runs(listed: &Value) -> impl Iterator<Item = &Value> {
    listed["runs"].as_array().into_iter().flatten()
}
