//! Steering workers: instructions, permission questions, stops, budgets and limits.

use cc_orchestrator_tests::{McpClient, Profile, Sandbox, eventually, processes, script::Step};
use serde_json::{Value, json};

/// A background run, started through MCP.
fn start<'s>(sandbox: &'s Sandbox, steps: &[Step], more: Value) -> (McpClient<'s>, String) {
    sandbox.script(steps);
    let mut client = sandbox.mcp();
    let mut arguments = json!({ "task": "Do it." });
    if let (Value::Object(all), Value::Object(more)) = (&mut arguments, more) {
        all.extend(more);
    }
    let run = client.call("cc_run_streaming_agent", arguments).structured;
    let id = run["run_id"].as_str().unwrap_or_else(|| panic!("a run in {run}")).to_owned();
    (client, id)
}

fn end_of(client: &mut McpClient<'_>, id: &str) -> Value {
    let ask = json!({ "run_id": id, "wait_seconds": 120, "wait_for": "end" });
    client.call("cc_poll_run", ask);
    client.call("cc_last_run", json!({ "run_id": id })).structured
}

fn types(sandbox: &Sandbox, id: &str) -> Vec<String> {
    sandbox.events(id).iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

#[test]
fn an_instruction_reaches_the_running_turn() {
    let sandbox = Sandbox::with_profiles();
    let begun = sandbox.record("begun");
    let (mut client, id) =
        start(&sandbox, &[Step::Mark(begun.clone()), Step::Heed, Step::finish("Done.")], json!({}));
    eventually("the worker's start", || begun.exists().then_some(()));
    let sent =
        client.call("cc_send_instruction", json!({ "run_id": id, "instruction": "Mind é and \"q\"." }));
    assert_eq!((&sent.structured["how"], &sent.structured["run_id"]), (&json!("delivered"), &json!(id)));
    assert_eq!(end_of(&mut client, &id)["status"], "succeeded");
    let types = types(&sandbox, &id);
    assert!(types.contains(&"instruction_sent".into()) && types.contains(&"instruction_read".into()));
    let heard = |event: &Value| event["text"] == "heard: Mind é and \"q\".";
    assert!(sandbox.events(&id).iter().any(heard));
}

#[test]
fn a_run_that_has_ended_is_resumed_in_its_session_on_the_same_route() {
    let sandbox = Sandbox::with_profiles();
    let record = sandbox.record("second");
    let (mut client, id) = start(&sandbox, &[Step::replay("text")], json!({}));
    let first = end_of(&mut client, &id);
    sandbox.script(&[Step::Record(record.clone()), Step::replay("text")]);
    let sent =
        client.call("cc_send_instruction", json!({ "run_id": id, "instruction": "Go on." })).structured;
    assert_eq!(
        (&sent["how"], &sent["route_drift"]["route_changed"]),
        (&json!("resumed"), &json!(false)),
        "{sent}"
    );
    let second = sent["run_id"].as_str().expect("a run").to_owned();
    assert_ne!(second, id);
    assert_eq!(end_of(&mut client, &second)["status"], "succeeded");
    let received: Value = serde_json::from_slice(&std::fs::read(record).expect("a record")).expect("JSON");
    let argv: Vec<&str> =
        received["argv"].as_array().expect("argv").iter().filter_map(Value::as_str).collect();
    let at = argv.iter().position(|arg| *arg == "--resume").expect("resumed");
    assert_eq!(
        (argv[at + 1], received["prompt"].as_str()),
        (first["session_id"].as_str().expect("a session"), Some("Go on."))
    );
    assert_eq!(sandbox.metadata(&second)["parent_run_id"], id);
}

#[test]
fn a_permission_question_is_shown_and_answered_both_ways() {
    for (answer, expected) in [("allow", "\"behavior\":\"allow\""), ("deny", "not that file")] {
        let sandbox = Sandbox::with_profiles();
        let (mut client, id) =
            start(&sandbox, &[Step::Ask("a.txt".into()), Step::finish("Done.")], json!({ "ask": true }));
        let poll = client.call("cc_poll_run", json!({ "run_id": id, "wait_seconds": 120 })).structured;
        let text = poll.to_string();
        assert!(text.contains("ask-1") && text.contains("a.txt"), "{text}");
        assert!(text.len() <= 2_048, "{} bytes", text.len());
        let reply = json!({ "run_id": id, "answer": answer, "instruction": "not that file" });
        let sent = client.call("cc_send_instruction", reply).structured;
        assert_eq!(sent["how"], "answered", "{sent}");
        assert_eq!(end_of(&mut client, &id)["status"], "succeeded");
        let said = sandbox
            .events(&id)
            .iter()
            .any(|event| event["text"].as_str().is_some_and(|t| t.contains(expected)));
        assert!(said, "{:?}", sandbox.events(&id));
    }
}

#[test]
fn a_stop_ends_even_a_process_in_a_session_of_its_own_that_ignores_it() {
    let sandbox = Sandbox::with_profiles();
    let (detached, never) = (sandbox.record("detached"), sandbox.record("never"));
    let steps = [Step::IgnoreTerm, Step::Detach(detached.clone()), Step::WaitFor(never)];
    let (mut client, id) = start(&sandbox, &steps, json!({}));
    eventually("the detached process", || detached.exists().then_some(()));
    let pid: u32 = eventually("its id", || std::fs::read_to_string(&detached).ok()?.trim().parse().ok());
    let stopped = client.call("cc_stop_run", json!({ "run_id": id, "timeout_seconds": 1 })).structured;
    assert_eq!((&stopped["stopped"], &stopped["survivors"]), (&json!(true), &json!([])), "{stopped}");
    assert!(!processes::is_alive(pid), "{pid} is gone");
    assert_eq!(sandbox.metadata(&id)["stop_reason"], "user_requested");
    let again = client.call("cc_stop_run", json!({ "run_id": id })).structured;
    assert_eq!(again["status"], "already_stopped", "{again}");
}

#[test]
fn budgets_stop_or_cut_and_never_lose_the_answer() {
    let much: Vec<Step> = (0..200).map(|n| Step::Say(format!("{n} {}", "word ".repeat(100)))).collect();
    let steps = [much, vec![Step::finish("The answer.")]].concat();
    let budget = json!({ "max_output_bytes": 20_000, "soft_output_bytes": 10_000, "output_budget_policy": "truncate" });
    let sandbox = Sandbox::with_profiles();
    let (mut client, id) = start(&sandbox, &steps, budget);
    let run = end_of(&mut client, &id);
    assert_eq!((&run["status"], &run["result"]), (&json!("succeeded"), &json!("The answer.")), "{run}");
    assert_eq!(sandbox.metadata(&id)["output_budget"]["state"], "truncated");
    let size = std::fs::metadata(sandbox.run_dir(&id).join("stdout.txt")).expect("a log").len();
    // The budget, and the answer beyond it.
    assert!(size <= 21_500, "{size}");
    let types = types(&sandbox, &id);
    assert_eq!(
        types.iter().filter(|t| t.starts_with("budget_")).count(),
        2,
        "one warning and one word on the end"
    );

    let sandbox = Sandbox::with_profiles();
    let (mut client, id) = start(&sandbox, &steps, json!({ "final_only": true, "max_output_bytes": 1_000 }));
    assert_eq!(end_of(&mut client, &id)["result"], "The answer.");
    let kept = std::fs::read_to_string(sandbox.run_dir(&id).join("stdout.txt")).expect("a log");
    assert_eq!(kept, "The answer.\n");

    let sandbox = Sandbox::with_profiles();
    let endless =
        [vec![Step::Say("word ".repeat(1_000)); 10], vec![Step::WaitFor(sandbox.record("never"))]].concat();
    let (mut client, id) = start(&sandbox, &endless, json!({ "max_output_bytes": 20_000 }));
    assert_eq!(end_of(&mut client, &id)["status"], "stopped");
    assert_eq!(sandbox.metadata(&id)["stop_reason"], "output_budget_exceeded");
}

#[test]
fn a_limited_run_is_parked_with_its_reset_or_goes_on_elsewhere() {
    let sandbox = Sandbox::with_profiles();
    let limited = [Step::replay("api-429"), Step::Exit(1)];
    let (mut client, id) = start(&sandbox, &limited, json!({}));
    eventually("it is parked", || (sandbox.metadata(&id)["status"] == "parked").then_some(()));
    assert!(sandbox.metadata(&id)["parked_until"].is_string());
    let stopped = client.call("cc_stop_run", json!({ "run_id": id })).structured;
    assert_eq!((&stopped["stopped"], &stopped["status"]), (&json!(true), &json!("stopped")), "{stopped}");

    let (mut client, id) =
        start(&sandbox, &limited, json!({ "on_limit": "failover", "timeout_seconds": 60 }));
    let resumed = eventually("it goes on elsewhere", || {
        sandbox.events(&id).into_iter().find(|event| event["type"] == "resumed")
    });
    assert!(resumed["profile"].is_string(), "{resumed}");
    client.call("cc_stop_run", json!({ "run_id": id, "force": true }));
}

#[test]
fn a_worker_that_outspends_its_budget_by_its_providers_prices_is_ended() {
    let sandbox = Sandbox::new();
    // One reply of the fake worker reads 100 tokens: 0.1 USD. What it would report at its end is far less.
    sandbox.profiles(&[Profile::new("id-glm", "Zhipu GLM", "glm-5.2").price(1_000.0, 1.0).current()]);
    let given = sandbox.record("given");
    let steps = [
        Step::Record(given.clone()),
        Step::Say("That was dear.".into()),
        Step::WaitFor(sandbox.record("never")),
        Step::finish("Done."),
    ];
    let (mut client, id) = start(&sandbox, &steps, json!({ "max_cost_usd": 0.09 }));
    let ended = end_of(&mut client, &id);
    assert_eq!(
        (&ended["status"], &ended["stop_reason"]),
        (&json!("stopped"), &json!("cost_budget_exceeded")),
        "{ended}"
    );
    assert!(types(&sandbox, &id).contains(&"budget_exceeded".into()));
    let counted = sandbox.metadata(&id)["output_budget"]["spent"]["usd"].as_f64().expect("a count");
    assert!((0.1..0.11).contains(&counted), "{counted}");
    assert_eq!(sandbox.received(&given).flag("--max-budget-usd"), None, "Claude Code makes up this price");
}

#[test]
fn a_budget_whose_prices_nobody_lists_is_claude_codes_to_keep() {
    let sandbox = Sandbox::with_profiles();
    let given = sandbox.record("given");
    let steps = [Step::Record(given.clone()), Step::finish("Done.")];
    let (mut client, id) = start(&sandbox, &steps, json!({ "max_cost_usd": 0.5 }));
    assert_eq!(end_of(&mut client, &id)["status"], "succeeded");
    assert_eq!(sandbox.received(&given).flag("--max-budget-usd"), Some("0.5"));
}
