//! Many runs: on disk, and at once.

use std::{thread, time::Instant};

use cc_orchestrator_tests::{Sandbox, eventually, processes, script::Step};
use serde_json::json;

use super::{CALLS, ingest::SETTLE, memory, ms, spread, timed};

const KEPT: usize = 10_000;
const AT_ONCE: usize = 100;

/// A poll and a list on a running server with that many runs on disk.
pub(super) fn on_disk() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let run = client.call("cc_run_agent", json!({ "task": "Say hello." })).structured;
    let id = run["run_id"].as_str().expect("a run").to_owned();
    let ids: Vec<String> = (0..KEPT).map(|n| format!("20260101T000000Z-{n:08x}")).collect();
    multiply(&sandbox, &id, &ids);
    let mut at = 0;
    let mut polls: Vec<_> = (0..CALLS)
        .map(|_| {
            at = (at + 7_919) % KEPT;
            let ask = json!({ "run_id": ids[at], "write_artifacts": false });
            timed(|| drop(client.call("cc_poll_run", ask)))
        })
        .collect();
    println!("cc_poll_run, {KEPT} runs on disk: {}", spread(&mut polls));
    let list = json!({ "include_finished": true });
    let mut lists: Vec<_> =
        (0..CALLS).map(|_| timed(|| drop(client.call("cc_run_status", list.clone())))).collect();
    println!("cc_run_status, {KEPT} runs on disk: {}", spread(&mut lists));
}

/// Copies of one run, in the index and in the project.
fn multiply(sandbox: &Sandbox, id: &str, ids: &[String]) {
    let folder = sandbox.run_dir(id);
    let files = ["metadata.json", "events.ndjson"]
        .map(|name| (name, std::fs::read_to_string(folder.join(name)).expect("a file of a run")));
    let mut db = rusqlite::Connection::open(sandbox.home().join("state.db")).expect("a database");
    let all = db.transaction().expect("a transaction");
    for new in ids {
        let copy = folder.with_file_name(new);
        std::fs::create_dir(&copy).expect("a folder");
        for (name, text) in &files {
            std::fs::write(copy.join(name), text.replace(id, new)).expect("a file");
        }
        all.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS one AS SELECT * FROM runs LIMIT 0; DELETE FROM one;",
        )
        .and_then(|()| all.execute("INSERT INTO one SELECT * FROM runs WHERE run_id = ?1", [id]))
        .and_then(|_| {
            all.execute("UPDATE one SET run_id = ?1, run_dir = replace(run_dir, ?2, ?1)", [new, id])
        })
        .and_then(|_| all.execute("INSERT INTO runs SELECT * FROM one", []))
        .expect("a row");
    }
    all.commit().expect("rows");
}

/// So many workers side by side, and the end of them all.
pub(super) fn at_once() {
    let sandbox = Sandbox::with_profiles();
    sandbox.overrides(&format!("[cost_guard]\nmax_concurrent = {AT_ONCE}\n"));
    sandbox.script(&[Step::Say("working".into()), Step::WaitFor(sandbox.record("never"))]);
    let mut client = sandbox.mcp();
    let begun = Instant::now();
    let ids: Vec<String> = (0..AT_ONCE)
        .map(|_| {
            let run = client.call("cc_run_streaming_agent", json!({ "task": "Wait." })).structured;
            run["run_id"].as_str().unwrap_or_else(|| panic!("a run in {run}")).to_owned()
        })
        .collect();
    println!("{AT_ONCE} workers started: {:.1} a second", AT_ONCE as f64 / begun.elapsed().as_secs_f64());
    for id in &ids {
        eventually("its words", || sandbox.events(id).iter().any(|e| e["text"] == "working").then_some(()));
    }
    thread::sleep(SETTLE);
    for role in ["supervise", "guard"] {
        let all: Vec<u32> =
            processes::of(sandbox.root()).iter().filter(|process| process.is(role)).map(|p| p.pid).collect();
        let each: Vec<u64> = all.iter().filter_map(|pid| processes::resident(*pid)).collect();
        let own: u64 = all.iter().filter_map(|pid| processes::proportional(*pid)).sum();
        println!(
            "  {} x {role}: {} MiB in all, each counted once; the largest {:.1} MiB resident",
            all.len(),
            own >> 20,
            each.iter().max().copied().unwrap_or_default() as f64 / 1_048_576.0
        );
    }
    println!("  the server: {}", memory(client.pid()));
    let begun = Instant::now();
    for id in &ids {
        client.call("cc_stop_run", json!({ "run_id": id, "force": true }));
    }
    let stopped = ids.iter().filter(|id| sandbox.metadata(id)["status"] == "stopped").count();
    let left = processes::of(sandbox.root()).iter().filter(|process| process.pid != client.pid()).count();
    println!("  stopped: {stopped} of {AT_ONCE} in {}; processes left: {left}", ms(begun.elapsed()));
}
