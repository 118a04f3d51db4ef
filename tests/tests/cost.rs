//! What runs cost, and the limits that they are kept to by every process together.

use std::{fs, path::Path, sync::Barrier, thread};

use cc_orchestrator_tests::{McpClient, Profile, Sandbox, eventually, script::Step};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

/// Tokens of one reply, and its price.
const TOKENS: u64 = 100;
const REPLY_USD: f64 = 0.02;

/// Three profiles; a reply on the first costs [`REPLY_USD`].
fn world(overrides: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.profiles(&[
        Profile::new("id-glm", "Zhipu GLM", "glm-5.2").price(200.0, 0.0).current(),
        Profile::new("id-kimi", "Kimi", "kimi-k2.7-code").price(400.0, 0.0),
        Profile::new("id-free", "Unlisted", "nobody-knows"),
    ]);
    sandbox.overrides(overrides);
    sandbox
}

fn reply(until: &Path) -> Step {
    Step::Reply { tokens: TOKENS, until: until.to_owned() }
}

fn on(profile: &str) -> Value {
    json!({ "task": "Spend.", "profile": profile })
}

fn start(client: &mut McpClient<'_>, profile: &str) -> String {
    let run = client.call("cc_run_streaming_agent", on(profile)).structured;
    run["run_id"].as_str().unwrap_or_else(|| panic!("a run in {run}")).to_owned()
}

/// What the ledger says, past the product: tokens of each run, and whether it goes on.
fn ledger(sandbox: &Sandbox) -> Vec<(String, u64, bool)> {
    let db = Connection::open_with_flags(sandbox.home().join("state.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
    let db = db.expect("the database");
    let mut select = db
        .prepare("SELECT run_id, (SELECT total(tokens) FROM ledger WHERE ledger.run_id = runs.run_id), active FROM runs")
        .expect("a ledger");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, f64>(1)? as u64, row.get(2)?)));
    rows.expect("rows").collect::<Result<_, _>>().expect("whole rows")
}

fn run_folders(sandbox: &Sandbox) -> usize {
    fs::read_dir(sandbox.run_dir("")).map_or(0, |all| all.flatten().filter(|one| one.path().is_dir()).count())
}

fn spent_today(client: &mut McpClient<'_>) -> f64 {
    let shown = client.call("cc_cost_guard", json!({})).structured;
    let lines = shown["standing"].as_array().unwrap_or_else(|| panic!("limits in {shown}"));
    let day = lines.iter().find(|line| line["limit"] == "usd.day").expect("the limit of the day");
    day["spent"].as_f64().expect("an amount")
}

#[test]
fn twenty_workers_of_many_processes_stop_within_one_response_of_the_days_limit() {
    let sandbox = world("[cost_guard]\nmax_concurrent = 24\n[cost_guard.usd]\nday = 1\n");
    let rounds: Vec<_> = (0..8).map(|round| sandbox.record(&format!("go-{round}"))).collect();
    sandbox.script(&rounds.iter().map(|go| reply(go)).collect::<Vec<_>>());
    let (mut killed, mut stays) = (sandbox.mcp(), sandbox.mcp());
    let ids: Vec<String> = thread::scope(|scope| {
        let by_command = |_| {
            let ended = sandbox.run(&["run-streaming-agent", "Spend.", "--profile", "id-glm", "--json"]);
            ended.json()["run_id"].as_str().unwrap_or_else(|| panic!("{ended:?}")).to_owned()
        };
        let commands: Vec<_> = (0..10).map(|n| scope.spawn(move || by_command(n))).collect();
        let mut ids: Vec<String> = (0..5).map(|_| start(&mut killed, "id-glm")).collect();
        ids.extend((0..5).map(|_| start(&mut stays, "id-glm")));
        ids.extend(commands.into_iter().map(|one| one.join().expect("a command")));
        ids
    });
    assert_eq!(ids.len(), 20);
    for (round, go) in rounds.iter().enumerate() {
        let due = TOKENS * (round as u64 + 1);
        eventually("every reply is in the ledger, or its worker has ended", || {
            ledger(&sandbox).iter().all(|(_, tokens, active)| *tokens >= due || !active).then_some(())
        });
        if round == 0 {
            killed.kill();
            assert!(
                spent_today(&mut stays) >= 20.0 * REPLY_USD - 1e-9,
                "a killed server takes nothing with it"
            );
        }
        fs::write(go, "").expect("a file");
        if ledger(&sandbox).iter().all(|(_, _, active)| !active) {
            break;
        }
    }
    eventually("the end of every run", || {
        ledger(&sandbox).iter().all(|(_, _, active)| !active).then_some(())
    });
    let spent = spent_today(&mut stays);
    println!("20 workers, limit 1 USD, one response {REPLY_USD} USD: {spent} USD spent");
    assert!((1.0..1.0 + 20.0 * REPLY_USD + 1e-9).contains(&spent), "{spent}");
    for id in &ids {
        let record = sandbox.metadata(id);
        assert_eq!(
            (&record["status"], &record["stop_reason"]),
            (&json!("stopped"), &json!("over_limit")),
            "{record}"
        );
        let told = sandbox.events(id).into_iter().find(|event| event["type"] == "limit_reached");
        assert_eq!(told.expect("an event")["limit"], "usd.day");
    }
    let summed = stays.call("cc_summarize_run", json!({ "run_id": ids[0] })).structured;
    let flags = summed["risk_flags"]["flags"].as_array().expect("flags");
    assert!(flags.iter().any(|flag| flag["code"] == "spend" && flag["severity"] == "high"), "{flags:?}");
    let before = (run_folders(&sandbox), ledger(&sandbox).len());
    let refused = stays.call("cc_run_streaming_agent", on("id-glm"));
    assert!(refused.is_error && refused.structured["kind"] == "over_limit", "{}", refused.raw);
    let text = refused.structured["error"].as_str().expect("a text");
    assert!(text.contains("usd.day") && text.contains("the day ends at"), "{text}");
    let by_command = sandbox.run(&["run-agent", "Spend.", "--profile", "id-kimi"]);
    assert_eq!(by_command.code, Some(7), "{by_command:?}");
    assert_eq!((run_folders(&sandbox), ledger(&sandbox).len()), before, "nothing is left of a refusal");

    // The call that the refusal names does raise the limit.
    let next = refused.structured["next_step"].as_str().expect("a hint");
    let call = next.split_once("cc_cost_guard ").expect("a call").1;
    stays.call("cc_cost_guard", serde_json::from_str(call).expect("its arguments"));
    sandbox.script(&[Step::finish("Done.")]);
    let goes_on = stays.call("cc_run_agent", on("id-glm")).structured;
    assert_eq!(goes_on["status"], "succeeded", "{goes_on}");
}

#[test]
fn a_limit_that_is_lowered_stops_a_worker_that_says_nothing() {
    let sandbox = world("");
    sandbox.script(&[reply(&sandbox.record("never"))]);
    let mut client = sandbox.mcp();
    let id = start(&mut client, "id-glm");
    eventually("its reply is in the ledger", || {
        ledger(&sandbox).iter().any(|(run, tokens, _)| *run == id && *tokens >= TOKENS).then_some(())
    });
    let running = client.call("cc_run_status", json!({ "run_id": id })).structured;
    assert_eq!(
        (&running["cost_usd"], &running["cost_accuracy"]),
        (&json!(REPLY_USD), &json!("reckoned")),
        "{running}"
    );
    let preview =
        client.call("cc_cost_guard", json!({ "config": { "usd": { "project": 0.01 } } })).structured;
    let line = &preview["standing"][0];
    assert_eq!(
        (&preview["applied"], &line["limit"], &line["reached"]),
        (&json!(false), &json!("usd.project"), &json!(true))
    );
    client.call("cc_cost_guard", json!({ "config": { "usd": { "project": 0.01 } }, "apply": true }));
    let ended = eventually("its end", || {
        let run = client.call("cc_run_status", json!({ "run_id": id })).structured;
        (run["active"] == false).then_some(run)
    });
    assert_eq!(
        (&ended["stop_reason"], &ended["cost_usd"]),
        (&json!("over_limit"), &json!(REPLY_USD)),
        "{ended}"
    );
    assert!(ended["error"].as_str().expect("why").contains("usd.project"), "{ended}");
}

#[test]
fn processes_that_start_at_once_never_pass_the_number_of_workers() {
    let sandbox = world("[cost_guard]\nmax_concurrent = 3\n");
    sandbox.script(&[reply(&sandbox.record("never"))]);
    let together = Barrier::new(9);
    let ended: Vec<_> = thread::scope(|scope| {
        let one = || {
            together.wait();
            sandbox.run(&["run-streaming-agent", "Wait.", "--profile", "id-glm", "--json"])
        };
        let all: Vec<_> = (0..9).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().expect("a command")).collect()
    });
    let mut codes: Vec<_> = ended.iter().map(|one| one.code.expect("a code")).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 0, 0, 7, 7, 7, 7, 7, 7], "{ended:?}");
    assert_eq!((run_folders(&sandbox), ledger(&sandbox).len()), (3, 3));
    let mut client = sandbox.mcp();
    let team = client.call("cc_spawn_role_team", json!({ "task": "Look." }));
    assert_eq!(team.structured["kind"], "over_limit", "{}", team.structured);
    assert_eq!(run_folders(&sandbox), 3, "no member was started");
}

#[test]
fn each_profile_is_paid_for_what_it_answered_and_demo_runs_stand_apart() {
    let sandbox = world("");
    let go = sandbox.record("go");
    fs::write(&go, "").expect("a file");
    let resumed = vec![reply(&go), reply(&go), Step::finish("Done."), Step::Exit(0)];
    let limited =
        [Step::When("interrupted".into(), resumed), reply(&go), Step::replay("api-429"), Step::Exit(1)];
    sandbox.script(&limited);
    let mut client = sandbox.mcp();
    let mut ask = on("id-glm");
    ask["on_limit"] = "failover".into();
    let run = client.call("cc_run_streaming_agent", ask).structured;
    let id = run["run_id"].as_str().unwrap_or_else(|| panic!("{run}")).to_owned();
    client.call("cc_poll_run", json!({ "run_id": id, "wait_seconds": 120, "wait_for": "end" }));
    let by_profile = client.call("cc_usage_summary", json!({ "group_by": "profile" })).structured;
    let of = |name: &str| {
        let groups = by_profile["groups"].as_array().expect("groups");
        groups
            .iter()
            .find(|group| group["key"] == name)
            .unwrap_or_else(|| panic!("{name} in {by_profile}"))
            .clone()
    };
    assert_eq!(
        (&of("id-glm")["input_tokens"], &of("id-glm")["cost_usd"]),
        (&json!(TOKENS), &json!(REPLY_USD))
    );
    assert_eq!(by_profile["totals"]["runs"], 1);
    let elsewhere = sandbox.metadata(&id)["route"]["profile_id"].as_str().expect("a profile").to_owned();
    assert_ne!(elsewhere, "id-glm");
    // Its result tells what Claude Code counted, and that is what is paid.
    assert_eq!(of(&elsewhere)["input_tokens"], TOKENS);
    let csv = sandbox.run(&["usage-summary", "--group-by", "profile", "--format", "csv"]);
    assert!(
        csv.stdout.starts_with("key,name,kind,runs,") && csv.stdout.contains("id-glm,Zhipu GLM,work,1,0,"),
        "{csv:?}"
    );
    let file = sandbox.record("usage.json");
    let path = file.to_str().expect("a path");
    let written =
        sandbox.run(&["usage-summary", "--format", "json", "--output", path, "--write-report", "--json"]);
    let rows: Value = serde_json::from_slice(&fs::read(&file).expect("the export")).expect("JSON");
    assert_eq!((written.code, rows[0]["kind"].as_str()), (Some(0), Some("work")), "{written:?}");
    let report =
        fs::read_to_string(written.json()["report_path"].as_str().expect("a report")).expect("it is there");
    assert!(report.starts_with("# Usage by model"), "{report}");
    assert_eq!(
        sandbox.run(&["usage-summary", "--format", "json", "--output", path]).code,
        Some(2),
        "not overwritten"
    );
}

#[test]
fn a_model_without_a_price_is_told_of_and_tokens_still_hold() {
    let sandbox = world("[cost_guard.usd]\nday = 5\n[cost_guard.tokens]\nrun = 250\n");
    let rounds: Vec<_> = (0..4).map(|round| sandbox.record(&format!("go-{round}"))).collect();
    rounds.iter().for_each(|go| fs::write(go, "").expect("a file"));
    let steps: Vec<_> = rounds.iter().map(|go| reply(go)).chain([reply(&sandbox.record("never"))]).collect();
    sandbox.script(&steps);
    let mut client = sandbox.mcp();
    let run = client.call("cc_run_streaming_agent", on("id-free")).structured;
    assert!(
        run["warnings"][0].as_str().expect("a warning").contains("no price is known for nobody-knows"),
        "{run}"
    );
    let id = run["run_id"].as_str().expect("a run").to_owned();
    client.call("cc_poll_run", json!({ "run_id": id, "wait_seconds": 120, "wait_for": "end" }));
    let ended = client.call("cc_run_status", json!({ "run_id": id })).structured;
    assert_eq!(
        (&ended["stop_reason"], &ended["cost_accuracy"]),
        (&json!("over_limit"), &json!("unknown")),
        "{ended}"
    );
    assert!(ended["error"].as_str().expect("why").contains("tokens.run"), "{ended}");

    // With a price of the user's own it is priced.
    sandbox
        .overrides("[cost_guard]\nmax_timeout_seconds = 60\n[prices.nobody-knows]\ninput = 10\noutput = 0\n");
    sandbox.script(&[Step::finish("Done.")]);
    let priced = client.call("cc_run_agent", on("id-free")).structured;
    assert_eq!(
        (&priced["cost_usd"], &priced["cost_accuracy"]),
        (&json!(0.001), &json!("priced")),
        "{priced}"
    );
    assert_eq!((&priced["timeout_seconds"], &priced["warnings"]), (&json!(60), &Value::Null), "{priced}");
}
