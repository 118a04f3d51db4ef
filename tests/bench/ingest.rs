//! What one supervisor costs: beside an idle worker, and beside one that writes as fast as it is read.

use std::{
    thread,
    time::{Duration, Instant},
};

use cc_orchestrator_tests::{Sandbox, eventually, processes, repository, script::Step};
use serde_json::json;

use super::memory;

/// What the issue of the supervisor's speed asks for.
const FLOOD: u64 = 1 << 30;
const LONG_LINE: usize = 50 << 20;
/// Until the last line is worked off and the worker is quiet.
pub(super) const SETTLE: Duration = Duration::from_secs(6);
const IDLE: Duration = Duration::from_secs(20);
const MEGABYTE: f64 = 1e6;

/// A worker that does nothing for a while.
pub(super) fn idle() {
    let sandbox = Sandbox::with_profiles();
    let real = ["thinking", "write-plan-denied"].map(begun).concat();
    let steps = [Step::Print(real), Step::Say("working".into()), Step::WaitFor(sandbox.record("go"))];
    sandbox.script(&steps);
    let mut client = sandbox.mcp();
    let run = client.call("cc_run_streaming_agent", json!({ "task": "Wait." })).structured;
    let id = run["run_id"].as_str().expect("a run");
    eventually("its words", || sandbox.events(id).iter().any(|e| e["text"] == "working").then_some(()));
    for role in ["supervise", "guard"] {
        let pid = of_role(&sandbox, role);
        thread::sleep(SETTLE);
        let before = processes::processor_seconds(pid).expect("it lives");
        thread::sleep(IDLE);
        let used = processes::processor_seconds(pid).expect("it lives") - before;
        let own = processes::proportional(pid).unwrap_or_default() as f64 / f64::from(1 << 20);
        println!(
            "{role} beside an idle worker: {} resident ({own:.1} MiB in proportion), {:.2} % of a core over {} s",
            memory(pid),
            used * 100.0 / IDLE.as_secs_f64(),
            IDLE.as_secs()
        );
    }
}

/// A stream of the real Claude Code, but for its end.
fn begun(name: &str) -> String {
    let path = repository().join(format!("tests/fixtures/claude/{name}.ndjson"));
    let stream = std::fs::read_to_string(path).expect("a stream");
    stream.split_inclusive('\n').filter(|line| !line.contains(r#""type":"result""#)).collect()
}

/// A long, noisy worker. The stream holds the kinds and sizes of lines that real ones hold.
pub(super) fn flood() {
    let told = watch(Step::Flood(FLOOD));
    println!("ingest of a {} MB stream, redacted: {told}", FLOOD / 1_000_000);
}

/// One line far longer than what is kept of it.
pub(super) fn long_line() {
    let told = watch(Step::HugeLine(LONG_LINE));
    println!("a single line of {} MB: {told}", LONG_LINE / 1_000_000);
}

/// Runs a worker that does this one thing, and says how fast it was read and what that took.
fn watch(step: Step) -> String {
    let sandbox = Sandbox::with_profiles();
    let (ready, go) = (sandbox.record("ready"), sandbox.record("go"));
    sandbox.script(&[Step::Mark(ready.clone()), Step::WaitFor(go.clone()), step, Step::finish("Done.")]);
    let mut client = sandbox.mcp();
    let asked = json!({ "task": "Write.", "output_budget_policy": "truncate" });
    let run = client.call("cc_run_streaming_agent", asked).structured;
    let id = run["run_id"].as_str().unwrap_or_else(|| panic!("a run in {run}")).to_owned();
    eventually("the worker", || ready.exists().then_some(()));
    let pid = of_role(&sandbox, "supervise");
    let at_rest = memory(pid);
    std::fs::write(&go, "").expect("a file");
    let begun = Instant::now();
    let (mut peak, mut processor) = (0, 0.0);
    while let Some(now) = processes::peak(pid) {
        peak = peak.max(now);
        processor = processes::processor_seconds(pid).unwrap_or(processor);
        thread::sleep(Duration::from_millis(10));
    }
    let took = begun.elapsed().as_secs_f64();
    let record = sandbox.metadata(&id);
    assert_eq!(record["status"], "succeeded", "{record}");
    let read = record["output_budget"]["observed_output_bytes"].as_f64().unwrap_or_default();
    format!(
        "{:.0} MB/s in {took:.1} s, {processor:.1} s of processor; memory {at_rest}, at most {:.1} MiB",
        read / MEGABYTE / took,
        peak as f64 / f64::from(1 << 20)
    )
}

fn of_role(sandbox: &Sandbox, role: &str) -> u32 {
    processes::of(sandbox.root()).iter().find(|process| process.is(role)).expect("a process").pid
}
