//! The queue: jobs that wait for a worker, end once, and leave what happened to them.

use std::{fs, thread};

use cc_orchestrator_tests::{McpClient, Sandbox, eventually, processes, script::Step};
use serde_json::{Value, json};

fn submit(client: &mut McpClient<'_>, arguments: Value) -> String {
    let reply = client.call("cc_queue_submit", arguments);
    assert!(!reply.is_error, "{}", reply.structured);
    reply.structured["job_id"].as_str().expect("an id").to_owned()
}

fn job(sandbox: &Sandbox, id: &str) -> Value {
    sandbox.run(&["queue-status", id, "--json"]).json()["job"].clone()
}

fn ended(sandbox: &Sandbox, id: &str) -> Value {
    eventually("the job's end", || {
        let job = job(sandbox, id);
        (!job["ended_at"].is_null()).then_some(job)
    })
}

fn tick(client: &mut McpClient<'_>) -> Value {
    let reply = client.call("cc_queue_tick", json!({}));
    assert!(!reply.is_error, "{}", reply.structured);
    reply.structured
}

fn set_policy(sandbox: &Sandbox, policy: &Value) {
    let set = sandbox.run(&["queue-policy", "--config", &policy.to_string(), "--apply", "--json"]);
    assert_eq!(set.code, Some(0), "{set:?}");
}

fn let_go(sandbox: &Sandbox) {
    fs::write(sandbox.record("go"), "").expect("a file");
}

/// A worker that says it has begun, and answers once it is told to.
fn patient_in(sandbox: &Sandbox) {
    let wait = Step::WaitFor(sandbox.record("go"));
    sandbox.script(&[Step::Say("At it.".into()), wait, Step::finish("Done.")]);
}

#[test]
fn a_job_waits_for_a_tick_and_ends_with_its_run() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("Hello.")]);
    let mut client = sandbox.mcp();
    let key = ["gl", "pat-", "Zx8Kq2Lm9Rt4Vb7Np3Ws"].concat();
    let id = submit(&mut client, json!({ "task": format!("Use {key}."), "role": "review" }));
    assert_eq!(job(&sandbox, &id)["status"], "queued");
    assert!(!job(&sandbox, &id).to_string().contains(&key), "what is shown is redacted");
    let ticked = tick(&mut client);
    assert_eq!(ticked["started"][0]["job_id"], json!(id), "{ticked}");
    let done = ended(&sandbox, &id);
    assert_eq!((&done["status"], &done["attempts"]), (&json!("done"), &json!(1)), "{done}");
    let changes: Vec<&Value> =
        done["history"].as_array().expect("a history").iter().map(|h| &h["to"]).collect();
    assert_eq!(changes, ["queued", "running", "done"]);
    assert_eq!(sandbox.metadata(done["run_id"].as_str().expect("a run"))["status"], "succeeded");
    assert!(tick(&mut client)["started"].as_array().is_some_and(Vec::is_empty), "it is not started again");
    drop(client);
    let written = sandbox.written();
    let folders: Vec<_> = written.iter().map(AsRef::as_ref).collect();
    let held = rows_with(&sandbox, &key);
    assert_eq!(held, 0, "no row holds the task once the job has ended");
    let found = cc_orchestrator_tests::Leaks::of(&key).under(&folders);
    // SQLite overwrites what it freed when it needs the room.
    let in_files = found.iter().filter(|(path, _)| !path.to_string_lossy().contains("state.db")).count();
    assert_eq!(in_files, 0, "{found:?}");
}

fn rows_with(sandbox: &Sandbox, text: &str) -> u32 {
    let db = rusqlite::Connection::open(sandbox.home().join("state.db")).expect("the database");
    let count = "SELECT count(*) FROM jobs WHERE instr(coalesce(task, '') || coalesce(context, '') || shown || spec, ?1)";
    db.query_row(count, [text], |row| row.get(0)).expect("a number")
}

#[test]
fn looking_at_a_queue_that_never_was_makes_none() {
    let sandbox = Sandbox::with_profiles();
    let shown = sandbox.run(&["queue-status", "--json"]).json();
    assert_eq!((&shown["count"], &shown["state_counts"]["queued"]), (&json!(0), &json!(0)), "{shown}");
    assert!(!sandbox.home().join("state.db").exists());
}

#[test]
fn forty_submits_at_once_are_forty_jobs() {
    let sandbox = Sandbox::with_profiles();
    thread::scope(|scope| {
        for server in 0..8 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let mut client = sandbox.mcp();
                for n in 0..5 {
                    submit(&mut client, json!({ "task": format!("{server} {n}") }));
                }
            });
        }
    });
    let shown = sandbox.run(&["queue-status", "--json"]).json();
    assert_eq!((&shown["count"], &shown["state_counts"]["queued"]), (&json!(40), &json!(40)), "{shown}");
}

#[test]
fn a_key_makes_a_second_submit_the_same_job() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let arguments = json!({ "task": "Once.", "idempotency_key": "nightly" });
    let first = client.call("cc_queue_submit", arguments.clone()).structured;
    let second = client.call("cc_queue_submit", arguments).structured;
    assert_eq!((&first["created"], &second["created"]), (&json!(true), &json!(false)));
    assert_eq!(first["job_id"], second["job_id"]);
}

#[test]
fn wrong_jobs_are_refused_whole() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    for (arguments, kind, word) in [
        (json!({ "task": "x", "priority": 1001 }), "invalid_input", "priority"),
        (json!({ "task": "x", "max_retries": 6 }), "invalid_input", "max_retries"),
        (json!({ "task": "x", "paths": ["../y"] }), "invalid_input", "paths"),
        (json!({ "task": "x", "paths": ["[z-a]"] }), "invalid_input", "[z-a]"),
        (json!({ "task": "x", "profile": "nobody" }), "not_found", "nobody"),
        (json!({ "task": "x", "after": ["job-20200101T000000Z-00000000"] }), "not_found", "job-2020"),
        (json!({ "task": "x", "cwd": "no/such" }), "not_found", "no/such"),
    ] {
        let reply = client.call("cc_queue_submit", arguments.clone());
        assert!(reply.is_error, "{arguments}");
        assert_eq!(reply.structured["kind"], kind, "{}", reply.structured);
        assert!(reply.structured["error"].as_str().is_some_and(|e| e.contains(word)), "{}", reply.structured);
    }
    assert_eq!(sandbox.run(&["queue-status", "--json"]).json()["count"], 0);
}

#[test]
fn only_as_many_run_as_have_a_place_and_none_twice() {
    let sandbox = Sandbox::with_profiles();
    patient_in(&sandbox);
    set_policy(&sandbox, &json!({ "max_concurrent": 2 }));
    let mut client = sandbox.mcp();
    let low = submit(&mut client, json!({ "task": "low", "priority": 0 }));
    let high = submit(&mut client, json!({ "task": "high", "priority": 900 }));
    let mid = submit(&mut client, json!({ "task": "mid", "priority": 500 }));
    let started = tick(&mut client)["started"].clone();
    assert_eq!((&started[0]["job_id"], &started[1]["job_id"]), (&json!(high), &json!(mid)), "{started}");
    let again = tick(&mut client);
    assert_eq!((&again["started"], &again["slots_used"]), (&json!([]), &json!(2)), "{again}");
    let_go(&sandbox);
    ended(&sandbox, &high);
    ended(&sandbox, &mid);
    tick(&mut client);
    assert_eq!(ended(&sandbox, &low)["status"], "done");
    let runs = sandbox.run(&["run-status", "--include-finished", "--json"]).json();
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(3), "one run a job");
}

#[test]
#[cfg(target_os = "linux")]
fn a_stopped_run_cancels_its_job_for_good() {
    let sandbox = Sandbox::with_profiles();
    patient_in(&sandbox);
    let mut client = sandbox.mcp();
    let id = submit(&mut client, json!({ "task": "Wait.", "max_retries": 3 }));
    let after = submit(&mut client, json!({ "task": "Later.", "after": [id] }));
    let run = tick(&mut client)["started"][0]["run_id"].as_str().expect("a run").to_owned();
    eventually("the worker's first words", || {
        sandbox.events(&run).iter().any(|event| event["type"] == "message").then_some(())
    });
    client.call("cc_stop_run", json!({ "run_id": run, "force": true }));
    let stopped = ended(&sandbox, &id);
    assert_eq!(stopped["status"], "cancelled", "{stopped}");
    assert_eq!(tick(&mut client)["started"], json!([]), "it is not started again");
    let dependent = ended(&sandbox, &after);
    assert!(dependent["reason"].as_str().is_some_and(|reason| reason.contains(&id)), "{dependent}");
}

#[test]
#[cfg(target_os = "linux")]
fn queued_and_running_jobs_are_cancelled_and_ended_ones_stay() {
    let sandbox = Sandbox::with_profiles();
    patient_in(&sandbox);
    set_policy(&sandbox, &json!({ "max_concurrent": 1 }));
    let mut client = sandbox.mcp();
    let running = submit(&mut client, json!({ "task": "one" }));
    let queued = submit(&mut client, json!({ "task": "two" }));
    let run = tick(&mut client)["started"][0]["run_id"].as_str().expect("a run").to_owned();
    eventually("the worker's first words", || {
        sandbox.events(&run).iter().any(|event| event["type"] == "message").then_some(())
    });
    for id in [&queued, &running] {
        let told = client.call("cc_queue_cancel", json!({ "job_id": id })).structured;
        assert_eq!(
            (&told["cancelled"], &told["job"]["status"]),
            (&json!(true), &json!("cancelled")),
            "{told}"
        );
    }
    assert_eq!(sandbox.metadata(&run)["status"], "stopped");
    let again = client.call("cc_queue_cancel", json!({ "job_id": running })).structured;
    assert_eq!((&again["ok"], &again["cancelled"]), (&json!(true), &json!(false)), "{again}");
}

#[test]
fn a_failed_reader_is_tried_again_unless_it_asks_for_none() {
    let sandbox = Sandbox::with_profiles();
    set_policy(&sandbox, &json!({ "backoff_seconds": 0 }));
    sandbox.script(&[Step::Finish { text: "Overloaded.".into(), is_error: true }]);
    let mut client = sandbox.mcp();
    let none = submit(&mut client, json!({ "task": "once", "max_retries": 0 }));
    let usual = submit(&mut client, json!({ "task": "again" }));
    tick(&mut client);
    let failed = ended(&sandbox, &none);
    assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(1)), "{failed}");
    let waiting = eventually("the wait for the next attempt", || {
        let job = job(&sandbox, &usual);
        (job["status"] == "queued").then_some(job)
    });
    assert!(waiting["reason"].as_str().is_some_and(|reason| reason.contains("Overloaded")), "{waiting}");
    sandbox.script(&[Step::finish("Better.")]);
    tick(&mut client);
    let done = ended(&sandbox, &usual);
    assert_eq!((&done["status"], &done["attempts"]), (&json!("done"), &json!(2)), "{done}");
    assert_eq!(done["runs"].as_array().map(Vec::len), Some(2), "{done}");
}

/// A project with a file, under git.
fn project() -> Sandbox {
    let sandbox = Sandbox::with_profiles();
    for folder in ["src", "docs"] {
        fs::create_dir(sandbox.project().join(folder)).expect("a folder");
        fs::write(sandbox.project().join(folder).join("a.txt"), "one\n").expect("a file");
    }
    sandbox.git();
    sandbox
}

#[test]
#[cfg(unix)]
fn work_that_fails_its_tests_is_taken_back_and_done_again_with_what_was_wrong() {
    let sandbox = project();
    set_policy(&sandbox, &json!({ "backoff_seconds": 0 }));
    let shell = |command: &str| Step::Shell(command.into());
    sandbox.script(&[
        shell("test ! -e src/answer.txt && echo wrong >> src/answer.txt"),
        Step::When(
            "failed its verification".into(),
            vec![shell("echo right > src/answer.txt"), Step::Record(sandbox.record("second"))],
        ),
        Step::finish("Done."),
    ]);
    let mut client = sandbox.mcp();
    let id = submit(
        &mut client,
        json!({ "task": "Write the answer.", "allow_write": true, "max_retries": 1, "paths": ["src/"],
                "test_commands": ["cat src/answer.txt; grep -q right src/answer.txt"] }),
    );
    let run = sandbox.run(&["queue", "run", "--until-empty"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let done = job(&sandbox, &id);
    assert_eq!((&done["status"], &done["attempts"]), (&json!("done"), &json!(2)), "{done}");
    assert_eq!(done["verification"], "verified", "{done}");
    assert_eq!(done["failures"].as_array().map(Vec::len), Some(1), "{done}");
    let answer = fs::read_to_string(sandbox.project().join("src/answer.txt")).expect("the answer");
    assert_eq!(answer, "right\n", "the first attempt's work was taken back");
    let told = sandbox.received(&sandbox.record("second")).prompt;
    assert!(told.starts_with("Write the answer.") && told.contains("wrong"), "{told}");
}

#[test]
#[cfg(unix)]
fn work_that_cannot_be_taken_back_is_not_tried_again() {
    let sandbox = project();
    set_policy(&sandbox, &json!({ "backoff_seconds": 0 }));
    sandbox.script(&[Step::Shell("echo worker > src/a.txt".into()), Step::finish("Done.")]);
    let mut client = sandbox.mcp();
    // The test stands for somebody who goes on with the worker's file before it could be taken back.
    let meddles = format!("echo mine > '{}'; false", sandbox.project().join("src/a.txt").display());
    let id = submit(
        &mut client,
        json!({ "task": "Change it.", "allow_write": true, "max_retries": 3, "test_commands": [meddles] }),
    );
    let run = sandbox.run(&["queue", "run", "--until-empty"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let failed = job(&sandbox, &id);
    assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(1)), "{failed}");
    assert!(failed["reason"].as_str().is_some_and(|reason| reason.contains("taken back")), "{failed}");
    assert_eq!(fs::read_to_string(sandbox.project().join("src/a.txt")).expect("a file"), "mine\n");
}

#[test]
fn jobs_whose_paths_overlap_take_turns() {
    let sandbox = project();
    patient_in(&sandbox);
    let mut client = sandbox.mcp();
    let write = |task: &str, paths: Value| json!({ "task": task, "allow_write": true, "paths": paths });
    let src = submit(&mut client, write("a", json!(["src/"])));
    let deeper = submit(&mut client, write("b", json!(["/src/deep/*.rs"])));
    let docs = submit(&mut client, write("c", json!(["docs/"])));
    let anywhere = submit(&mut client, write("d", json!([])));
    let started = tick(&mut client)["started"].clone();
    let ids: Vec<&Value> = started.as_array().expect("a list").iter().map(|one| &one["job_id"]).collect();
    assert_eq!(ids, [&json!(src), &json!(docs)], "{started}");
    let_go(&sandbox);
    ended(&sandbox, &src);
    ended(&sandbox, &docs);
    assert_eq!(tick(&mut client)["started"][0]["job_id"], json!(deeper));
    ended(&sandbox, &deeper);
    assert_eq!(tick(&mut client)["started"][0]["job_id"], json!(anywhere));
    ended(&sandbox, &anywhere);
}

#[test]
#[cfg(unix)]
fn a_worker_that_leaves_its_paths_is_flagged_while_it_works() {
    let sandbox = project();
    sandbox.script(&[
        Step::Shell("echo two >> docs/a.txt".into()),
        Step::WaitFor(sandbox.record("go")),
        Step::finish("Done."),
    ]);
    let mut client = sandbox.mcp();
    let id = submit(&mut client, json!({ "task": "x", "allow_write": true, "paths": ["src/"] }));
    let run = tick(&mut client)["started"][0]["run_id"].as_str().expect("a run").to_owned();
    let flagged = eventually("a warning", || {
        let job = job(&sandbox, &id);
        (!job["scope_warning"].is_null()).then_some(job)
    });
    assert_eq!(flagged["status"], "running", "{flagged}");
    assert!(flagged["scope_warning"].as_str().is_some_and(|text| text.contains("docs/a.txt")), "{flagged}");
    assert!(sandbox.events(&run).iter().any(|event| event["type"] == "scope_warned"));
    let_go(&sandbox);
    ended(&sandbox, &id);
}

#[test]
fn a_server_dispatches_when_the_policy_says_so() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("Hello.")]);
    set_policy(&sandbox, &json!({ "dispatch": true }));
    let mut client = sandbox.mcp();
    let id = submit(&mut client, json!({ "task": "By itself." }));
    assert_eq!(ended(&sandbox, &id)["status"], "done");
}

#[test]
fn the_policy_is_shown_previewed_and_saved() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let preview = client.call("cc_queue_policy", json!({ "config": { "max_concurrent": 7 } })).structured;
    assert_eq!((&preview["applied"], &preview["policy"]["max_concurrent"]), (&json!(false), &json!(7)));
    assert_eq!(client.call("cc_queue_policy", json!({})).structured["policy"]["max_concurrent"], 3);
    set_policy(&sandbox, &json!({ "max_concurrent": 7, "ageing_seconds": 0 }));
    assert_eq!(client.call("cc_queue_policy", json!({})).structured["policy"]["max_concurrent"], 7);
    let wrong = client.call("cc_queue_policy", json!({ "config": { "max_concurent": 7 }, "apply": true }));
    assert!(
        wrong.is_error && wrong.structured["error"].as_str().is_some_and(|e| e.contains("max_concurent"))
    );
}

#[test]
fn a_poll_of_a_long_queue_is_short() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    for n in 0..30 {
        submit(&mut client, json!({ "task": format!("{n} {}", "long ".repeat(100)) }));
    }
    let db = rusqlite::Connection::open(sandbox.home().join("state.db")).expect("the database");
    let changes = || db.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).expect("a number");
    let before = changes();
    let shown = client.call("cc_queue_status", json!({})).structured;
    assert_eq!(changes(), before, "looking changes nothing");
    assert!(shown.to_string().len() < 2_000, "{} bytes", shown.to_string().len());
    let more = client.call("cc_queue_status", json!({ "limit": 20 })).structured;
    assert_eq!(more["jobs"].as_array().map(Vec::len), Some(20));
}

#[test]
fn a_shutdown_is_no_stop_and_the_job_is_tried_again() {
    let sandbox = Sandbox::with_profiles();
    set_policy(&sandbox, &json!({ "backoff_seconds": 0 }));
    patient_in(&sandbox);
    let mut client = sandbox.mcp();
    let id = submit(&mut client, json!({ "task": "Look.", "role": "review", "max_retries": 1 }));
    let run = tick(&mut client)["started"][0]["run_id"].as_str().expect("a run").to_owned();
    eventually("the worker's first words", || {
        sandbox.events(&run).iter().any(|event| event.to_string().contains("At it.")).then_some(())
    });
    let all = processes::of(sandbox.root());
    let supervisor = all.iter().find(|process| process.is("supervise")).expect("a supervisor");
    processes::terminate(supervisor.pid);
    let ended_run = eventually("the run's end", || {
        let status = sandbox.run(&["run-status", &run, "--json"]).json();
        (status["active"] == false).then_some(status)
    });
    assert_eq!(ended_run["status"], "failed", "{ended_run}");
    assert!(ended_run["error"].as_str().is_some_and(|why| why.contains("shuts down")), "{ended_run}");
    let_go(&sandbox);
    eventually("the next attempt", || {
        tick(&mut client)["started"].as_array().is_some_and(|all| !all.is_empty()).then_some(())
    });
    let done = ended(&sandbox, &id);
    assert_eq!((&done["status"], &done["attempts"]), (&json!("done"), &json!(2)), "{done}");
}
