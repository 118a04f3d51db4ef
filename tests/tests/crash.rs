//! Whatever process is killed: the record tells the truth, and no process is left behind.

use std::{
    fs,
    time::{Duration, Instant},
};

use cc_orchestrator_tests::{McpClient, Sandbox, eventually, processes, script::Step};
use serde_json::{Value, json};

/// From the issue: how long a worker's tree may outlive its supervisor.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// A worker that clings to life, with a descendant in a session of its own, under way.
fn stubborn_run(sandbox: &Sandbox) -> (McpClient<'_>, String) {
    sandbox.script(&[
        Step::IgnoreTerm,
        Step::Detach(sandbox.record("detached")),
        Step::Say("I am at it.".into()),
        Step::Mark(sandbox.record("worker")),
        Step::WaitFor(sandbox.record("go")),
        Step::finish("Done."),
    ]);
    let mut client = sandbox.mcp();
    let started = client.call("cc_run_agent", json!({ "task": "Go.", "wait_seconds": 0 })).structured;
    let run_id = started["run_id"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned();
    eventually("the worker's start", || sandbox.record("worker").exists().then_some(()));
    eventually("the worker's first words", || {
        sandbox.events(&run_id).iter().any(|event| event.to_string().contains("I am at it.")).then_some(())
    });
    (client, run_id)
}

fn pid_in(sandbox: &Sandbox, record: &str) -> u32 {
    fs::read_to_string(sandbox.record(record)).expect("a process id").parse().expect("a number")
}

/// Kills the run's process of that role.
fn kill(sandbox: &Sandbox, role: &str) {
    let all = processes::of(sandbox.root());
    let one = all.iter().find(|process| process.is(role)).unwrap_or_else(|| panic!("a {role} runs: {all:?}"));
    one.kill();
}

/// What is left of the worker and all it started.
fn tree(sandbox: &Sandbox) -> Vec<processes::Process> {
    let ours = ["mcp", "supervise", "guard"];
    let all = processes::of(sandbox.root()).into_iter();
    all.filter(|process| !ours.iter().any(|role| process.is(role))).collect()
}

fn status(sandbox: &Sandbox, run_id: &str) -> Value {
    sandbox.run(&["run-status", run_id, "--json"]).json()
}

fn ended(sandbox: &Sandbox, run_id: &str) -> Value {
    eventually("the run's end", || {
        let status = status(sandbox, run_id);
        (status["active"] == false).then_some(status)
    })
}

fn nothing_is_left(sandbox: &Sandbox) {
    eventually("an empty process table", || processes::of(sandbox.root()).is_empty().then_some(()));
}

#[test]
fn a_killed_supervisor_leaves_no_process_and_a_run_that_is_lost() {
    let sandbox = Sandbox::with_profiles();
    let (mut client, run_id) = stubborn_run(&sandbox);
    assert!(tree(&sandbox).iter().any(|process| process.pid == pid_in(&sandbox, "detached")));
    kill(&sandbox, "supervise");
    let begun = Instant::now();
    eventually("the end of the worker's tree", || tree(&sandbox).is_empty().then_some(()));
    let took = begun.elapsed();
    assert!(took <= GONE_WITHIN, "the tree was gone only after {took:?}");
    let told = client.call("cc_run_status", json!({ "run_id": run_id })).structured;
    assert_eq!(told["status"], "lost", "{told}");
    assert!(sandbox.events(&run_id).iter().any(|event| event.to_string().contains("I am at it.")));
    assert_eq!(sandbox.metadata(&run_id)["run_id"], json!(run_id), "the record is whole");
    assert!(client.close().success());
    nothing_is_left(&sandbox);
}

#[test]
fn a_killed_guard_takes_its_worker_with_it_and_the_record_says_so() {
    let sandbox = Sandbox::with_profiles();
    let (_client, run_id) = stubborn_run(&sandbox);
    kill(&sandbox, "guard");
    let told = ended(&sandbox, &run_id);
    assert_eq!(told["status"], "failed", "{told}");
    assert!(told["error"].as_str().is_some_and(|text| text.contains("guard")), "{told}");
    eventually("the end of the worker's tree", || tree(&sandbox).is_empty().then_some(()));
}

#[test]
fn when_nobody_is_left_to_tidy_the_next_reader_does() {
    let sandbox = Sandbox::with_profiles();
    let (mut client, run_id) = stubborn_run(&sandbox);
    let ours = processes::of(sandbox.root());
    for process in ours.iter().filter(|process| process.is("guard") || process.is("supervise")) {
        process.kill();
    }
    eventually("a run that is lost", || (status(&sandbox, &run_id)["status"] == "lost").then_some(()));
    eventually("the end of the worker's tree", || tree(&sandbox).is_empty().then_some(()));
    assert!(client.close().success());
    nothing_is_left(&sandbox);
}

#[test]
fn a_killed_worker_has_failed_and_takes_its_own_with_it() {
    let sandbox = Sandbox::with_profiles();
    let (_client, run_id) = stubborn_run(&sandbox);
    processes::kill(pid_in(&sandbox, "worker"));
    let told = ended(&sandbox, &run_id);
    assert_eq!((&told["status"], &told["exit_code"]), (&json!("failed"), &json!(137)), "{told}");
    eventually("the end of the worker's tree", || tree(&sandbox).is_empty().then_some(()));
}

#[test]
fn nothing_that_was_lost_keeps_a_key() {
    let sandbox = Sandbox::with_profiles();
    let (_client, run_id) = stubborn_run(&sandbox);
    for process in processes::of(sandbox.root()).iter().filter(|p| p.is("guard") || p.is("supervise")) {
        process.kill();
    }
    eventually("a run that is lost", || (status(&sandbox, &run_id)["status"] == "lost").then_some(()));
    let written = sandbox.written();
    let folders: Vec<_> = written.iter().map(AsRef::as_ref).collect();
    let keys = cc_orchestrator_tests::Leaks::of("sk-planted-for-tests-id-");
    eventually("the end of the private files", || keys.under(&folders).is_empty().then_some(()));
}

/// A small generator, so that a failing round can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn any_process_killed_at_any_time_leaves_a_true_record_and_no_process() {
    // More rounds by hand: CC_TEST_CHAOS_ROUNDS=200.
    let rounds = std::env::var("CC_TEST_CHAOS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let mut random = Random(20_261_123);
    for round in 0..rounds {
        let sandbox = Sandbox::with_profiles();
        sandbox.script(&[
            Step::IgnoreTerm,
            Step::Detach(sandbox.record("detached")),
            Step::Say("Hm.".into()),
            Step::finish("Done."),
        ]);
        let mut client = sandbox.mcp();
        let tool = ["cc_run_agent", "cc_run_streaming_agent"][usize::from(round % 2 == 1)];
        client.start_call(tool, json!({ "task": "Go." }));
        let role = ["mcp", "supervise", "guard", "worker", "--detached"]
            [usize::try_from(random.below(5)).expect("small")];
        let victim = eventually("a process to kill, or the run's end", || {
            let all = processes::of(sandbox.root());
            let worker =
                |p: &processes::Process| p.cmdline.first().is_some_and(|name| name.contains("fake_claude"));
            let found = all.iter().find(|p| if role == "worker" { worker(p) } else { p.is(role) }).cloned();
            let over = || {
                sandbox.run(&["run-status", "--include-finished", "--json"]).json()["runs"][0]["status"]
                    == "succeeded"
            };
            found.map(Some).or_else(|| over().then_some(None))
        });
        std::thread::sleep(Duration::from_millis(random.below(150)));
        if let Some(process) = victim {
            process.kill();
        }
        drop(client);
        let listed = eventually("runs that have ended", || {
            let listed = sandbox.run(&["run-status", "--include-finished", "--json"]).json();
            (listed["active_count"] == 0).then_some(listed)
        });
        for run in listed["runs"].as_array().expect("a list") {
            let known = ["succeeded", "failed", "lost"].iter().any(|status| run["status"] == *status);
            assert!(known, "round {round}, {role} killed: {run}");
            let run_id = run["run_id"].as_str().expect("an id");
            assert_eq!(status(&sandbox, run_id)["status"], run["status"], "round {round}, {role} killed");
            assert_eq!(sandbox.metadata(run_id)["run_id"], run["run_id"]);
            // Checks that every line is whole, and none is missing.
            assert!(!sandbox.events(run_id).is_empty());
        }
        nothing_is_left(&sandbox);
    }
}
