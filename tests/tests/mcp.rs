//! The MCP server, as a controller meets it.

use cc_orchestrator_tests::{McpClient, Sandbox, eventually, script::Step, shape};
use serde_json::{Value, json};

/// A worker that says it has begun, and answers once it is told to.
fn patient_worker(sandbox: &Sandbox) {
    sandbox.script(&[
        Step::Mark(sandbox.record("begun")),
        Step::WaitFor(sandbox.record("go")),
        Step::finish("Here I am."),
    ]);
}

fn let_go(sandbox: &Sandbox) {
    std::fs::write(sandbox.record("go"), "").expect("a file");
}

/// Starts the patient worker through a call that waits for it.
fn waiting_call(sandbox: &Sandbox, client: &mut McpClient<'_>) -> u64 {
    let id = client.start_call("cc_run_agent", json!({ "task": "Wait for me." }));
    eventually("the worker's start", || sandbox.record("begun").exists().then_some(()));
    id
}

/// The only run's status, asked by a process of its own.
fn only_run(sandbox: &Sandbox) -> Value {
    let listed = sandbox.run(&["run-status", "--include-finished", "--json"]).json();
    assert_eq!(listed["count"], 1, "{listed}");
    listed["runs"][0].clone()
}

fn finished_by_itself(sandbox: &Sandbox) {
    eventually("the run's end", || (only_run(sandbox)["status"] == "succeeded").then_some(()));
}

#[test]
fn the_server_says_who_it_is_and_how_to_work_with_it() {
    let sandbox = Sandbox::new();
    let mut client = sandbox.mcp_silent();
    let hello = client.initialize();
    assert_eq!(hello["serverInfo"]["name"], "cc-orchestrator");
    assert!(hello["instructions"].as_str().is_some_and(|text| text.contains("cc_run_agent")), "{hello}");
    assert!(hello["capabilities"].get("logging").is_none(), "logging is not offered: {hello}");
}

#[test]
fn the_tools_are_these() {
    insta::assert_json_snapshot!("tools", Sandbox::new().mcp().list_tools());
}

#[test]

fn the_list_of_tools_is_small() {
    let sandbox = Sandbox::new();
    let mut client = sandbox.mcp();
    let id = client.send("tools/list", json!({}));
    let bytes = client.wait_bytes(id);
    let tools = client.list_tools();
    // Those that start and steer workers take the predecessor's many arguments; most take few.
    assert!(bytes <= 1_050 * tools.len(), "{bytes} bytes for {} tools", tools.len());
}

#[test]
fn every_tool_says_all_a_controller_needs() {
    let sandbox = Sandbox::new();
    for tool in sandbox.mcp().list_tools() {
        for part in ["name", "title", "description", "annotations", "inputSchema", "outputSchema"] {
            assert!(!tool[part].is_null(), "{part} of {tool}");
        }
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
    }
}

#[test]
fn every_reply_fits_the_schema_it_was_announced_with() {
    let sandbox = Sandbox::with_profiles();
    sandbox.script(&[Step::finish("Hello.")]);
    let mut client = sandbox.mcp();
    let tools = client.list_tools();
    let calls = [
        ("cc_healthcheck", json!({})),
        ("cc_list_profiles", json!({})),
        ("cc_pick_profile", json!({ "role": "review" })),
        ("cc_score_models", json!({})),
        ("cc_workflow_plan", json!({ "task": "Say hello." })),
        ("cc_score_models", json!({ "role": "testing" })),
        ("cc_run_agent", json!({ "task": "Say hello." })),
        ("cc_run_status", json!({ "include_finished": true })),
        ("cc_last_run", json!({})),
        ("cc_prompt_pack", json!({})),
        ("cc_local_policy", json!({})),
        ("cc_write_strategy_reports", json!({})),
        ("cc_export_report", json!({ "date": "2026-11-25", "format": "html" })),
        ("cc_write_claude_md", json!({ "role": "security" })),
        ("cc_dashboard", json!({})),
        ("cc_cost_guard", json!({ "config": { "usd": { "day": 5 } } })),
        ("cc_usage_summary", json!({ "days": 2, "format": "csv", "write_report": true })),
        ("cc_model_registry", json!({})),
        ("cc_model_registry", json!({ "model": "glm-5.2", "apply": true })),
        ("cc_calibrate_policy", json!({ "preferences": { "explore": 0.1, "tone": "brief" } })),
        ("cc_upgrade_check", json!({})),
        ("cc_list_profiles", json!({ "response_format": "markdown" })),
        ("cc_benchmark_suite", json!({})),
        (
            "cc_benchmark_model",
            json!({ "task": "Say hello.", "expect": "Hello", "repeat": 1, "execute": true, "details": true }),
        ),
        ("cc_queue_submit", json!({ "task": "Say hello." })),
        ("cc_queue_status", json!({})),
        ("cc_queue_tick", json!({})),
        ("cc_queue_policy", json!({})),
    ];
    let run = client.call("cc_run_streaming_agent", json!({ "task": "Say hello." })).structured;
    let of_run = |more: Value| {
        let mut arguments = json!({ "run_id": run["run_id"] });
        if let (Value::Object(all), Value::Object(more)) = (&mut arguments, more) {
            all.extend(more);
        }
        arguments
    };
    let of_that_run = [
        ("cc_run_streaming_agent", json!({ "task": "Say hello." })),
        ("cc_poll_run", of_run(json!({ "wait_seconds": 60, "wait_for": "end" }))),
        ("cc_poll_run", of_run(json!({ "mode": "raw" }))),
        ("cc_summarize_run", of_run(json!({}))),
        ("cc_compact_events", of_run(json!({}))),
        ("cc_open_run_folder", of_run(json!({ "open_folder": false }))),
        ("cc_cross_review", json!({ "run_ids": [run["run_id"]] })),
        ("cc_collect_team_results", json!({ "run_ids": [run["run_id"]] })),
        ("cc_spawn_role_team", json!({ "task": "Say hello." })),
        ("cc_run_visible_agent", json!({ "task": "Say hello." })),
        ("cc_mock_stream_test", json!({ "timeout_seconds": 120 })),
        ("cc_send_instruction", of_run(json!({ "instruction": "Once more." }))),
    ];
    let change = json!({ "task": "Change it.", "allow_write": true });
    sandbox.git();
    let written = client.call("cc_run_agent", change.clone()).structured["run_id"].clone();
    let mut isolated = change;
    isolated["isolate"] = true.into();
    let isolated = client.call("cc_run_agent", isolated).structured["run_id"].clone();
    let of_a_change = [
        ("cc_preflight_write_scope", json!({ "allowed_paths": ["src/"] })),
        ("cc_check_write_scope", json!({ "run_id": written })),
        ("cc_diff_summary", json!({ "run_id": written })),
        ("cc_git_diff", json!({ "run_id": written })),
        ("cc_secret_scan_run", json!({ "run_id": written })),
        ("cc_verify_run", json!({ "run_id": written, "test_commands": ["exit 0"] })),
        ("cc_score_worker", json!({ "run_id": written, "solved": true })),
        ("cc_rollback_run", json!({ "run_id": written })),
        ("cc_apply_run", json!({ "run_id": isolated })),
    ];
    let job = client.call("cc_queue_submit", json!({ "task": "Not now.", "priority": -9 })).structured;
    let of_that_job = [
        ("cc_queue_status", json!({ "job_id": job["job_id"] })),
        ("cc_queue_cancel", json!({ "job_id": job["job_id"] })),
    ];
    let mut covered = vec!["cc_stop_run"];
    for (name, arguments) in calls.into_iter().chain(of_that_run).chain(of_a_change).chain(of_that_job) {
        covered.push(name);
        let tool =
            tools.iter().find(|tool| tool["name"] == name).unwrap_or_else(|| panic!("{name} is listed"));
        let reply = client.call(name, arguments.clone());
        assert!(!reply.is_error, "{name} {arguments}: {}", reply.structured);
        let misfits = shape::misfits(&tool["outputSchema"], &reply.structured);
        assert!(misfits.is_empty(), "{name} {arguments}: {misfits:#?}");
    }
    let stopped = client.call("cc_stop_run", of_run(json!({}))).structured;
    let tool = tools.iter().find(|tool| tool["name"] == "cc_stop_run").expect("it is listed");
    assert_eq!(shape::misfits(&tool["outputSchema"], &stopped), [""; 0], "{stopped}");
    let uncovered: Vec<&Value> =
        tools.iter().map(|tool| &tool["name"]).filter(|name| !covered.iter().any(|c| *name == c)).collect();
    assert!(uncovered.is_empty(), "no call above covers {uncovered:?}");
}

#[test]
fn arguments_come_flat_wrapped_or_as_text() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let flat = client.call("cc_pick_profile", json!({ "role": "review" })).structured;
    assert_eq!(flat["role"], "review", "{flat}");
    for arguments in [
        json!({ "params": { "role": "review" } }),
        json!({ "params": "{\"role\": \"review\"}" }),
        json!({ "role": "review", "task_type": null }),
    ] {
        assert_eq!(client.call("cc_pick_profile", arguments.clone()).structured, flat, "{arguments}");
    }
}

#[test]
fn a_refused_call_says_everything_in_its_structured_part() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let cases = [
        ("cc_pick_profile", json!({ "rol": "review" }), "invalid_input", "rol"),
        ("cc_pick_profile", json!({ "role": 7 }), "invalid_input", "role"),
        ("cc_pick_profile", json!({ "profile": "nobody" }), "not_found", "nobody"),
        ("cc_run_status", json!({ "run_id": "../../etc" }), "invalid_input", "run_id"),
        (
            "cc_run_status",
            json!({ "run_id": "20200101T000000Z-00000000" }),
            "not_found",
            "20200101T000000Z-00000000",
        ),
        ("cc_run_agent", json!({ "task": " " }), "invalid_input", "task"),
        ("cc_run_agent", json!({ "task": "x".repeat(20_001) }), "invalid_input", "20000"),
        ("cc_run_agent", json!({ "task": "x", "timeout_seconds": 9 }), "invalid_input", "timeout_seconds"),
        ("cc_run_agent", json!({ "task": "x", "wait_seconds": 281 }), "invalid_input", "wait_seconds"),
        ("cc_run_agent", json!({ "task": "x", "cwd": "no/such/folder" }), "not_found", "no/such/folder"),
        ("cc_last_run", json!({}), "not_found", "no run"),
        ("cc_prompt_pack", json!({ "template": "nothing-like-it" }), "unavailable", "nothing-like-it"),
    ];
    for (tool, arguments, kind, word) in cases {
        let reply = client.call(tool, arguments.clone());
        let said = &reply.structured;
        assert!(reply.is_error, "{tool} {arguments}: {said}");
        assert_eq!((&said["ok"], &said["kind"]), (&json!(false), &json!(kind)), "{tool} {arguments}: {said}");
        assert!(said["error"].as_str().is_some_and(|text| text.contains(word)), "'{word}' in {said}");
        assert!(said["next_step"].as_str().is_some_and(|text| !text.is_empty()), "{said}");
    }
}

#[test]
fn what_is_no_tool_is_an_error_of_the_protocol() {
    let sandbox = Sandbox::new();
    let mut client = sandbox.mcp();
    let error =
        client.request("tools/call", json!({ "name": "cc_no_such_tool", "arguments": {} })).unwrap_err();
    assert_eq!(error["code"], -32602, "{error}");
    let error = client.request("no/such/method", json!({})).unwrap_err();
    assert_eq!(error["code"], -32601, "{error}");
}

#[test]
fn a_call_never_waits_for_another() {
    let sandbox = Sandbox::with_profiles();
    patient_worker(&sandbox);
    let mut client = sandbox.mcp();
    let slow = waiting_call(&sandbox, &mut client);
    let quick = client.call("cc_list_profiles", json!({}));
    assert_eq!(quick.structured["count"], 3);
    assert!(client.is_waiting(slow), "the worker has not answered, but its call has");
    let_go(&sandbox);
    let reply = client.finish_call(slow).structured;
    assert_eq!((&reply["status"], &reply["result"]), (&json!("succeeded"), &json!("Here I am.")), "{reply}");
}

#[test]
fn who_will_not_wait_gets_a_run_to_ask_for() {
    let sandbox = Sandbox::with_profiles();
    patient_worker(&sandbox);
    let mut client = sandbox.mcp();
    let started =
        client.call("cc_run_agent", json!({ "task": "Wait for me.", "wait_seconds": 0 })).structured;
    assert_eq!((&started["ok"], &started["active"]), (&json!(true), &json!(true)), "{started}");
    let run_id = started["run_id"].clone();
    assert!(started["next_step"].as_str().is_some_and(|text| text.contains(run_id.as_str().expect("an id"))));
    let_go(&sandbox);
    let ended = eventually("the run's end", || {
        let status = client.call("cc_run_status", json!({ "run_id": run_id })).structured;
        (status["active"] == false).then_some(status)
    });
    assert_eq!((&ended["status"], &ended["result"]), (&json!("succeeded"), &json!("Here I am.")), "{ended}");
}

#[test]
fn progress_is_told_to_those_who_ask() {
    let sandbox = Sandbox::with_profiles();
    patient_worker(&sandbox);
    let mut client = sandbox.mcp();
    let params = json!({ "name": "cc_run_agent", "arguments": { "task": "Wait." }, "_meta": { "progressToken": "p1" } });
    let id = client.send("tools/call", params);
    eventually("news of progress", || {
        assert!(client.is_waiting(id), "the call waits");
        client.notifications().iter().find(|note| note["params"]["progressToken"] == "p1").cloned()
    });
    let_go(&sandbox);
    assert_eq!(client.finish_call(id).structured["status"], "succeeded");
}

#[test]
fn cancelling_ends_the_wait_and_not_the_worker() {
    let sandbox = Sandbox::with_profiles();
    patient_worker(&sandbox);
    let mut client = sandbox.mcp();
    let id = waiting_call(&sandbox, &mut client);
    client.cancel(id);
    assert_eq!(client.call("cc_run_status", json!({})).structured["active_count"], 1);
    let_go(&sandbox);
    finished_by_itself(&sandbox);
    // An answer may come, but no result: nobody waits for one.
    if !client.is_waiting(id) {
        client.wait(id).expect_err("a cancelled call has no result");
    }
}

#[test]
fn a_client_that_hangs_up_ends_the_server_and_not_the_worker() {
    let sandbox = Sandbox::with_profiles();
    patient_worker(&sandbox);
    let mut client = sandbox.mcp();
    waiting_call(&sandbox, &mut client);
    assert!(client.close().success());
    assert_eq!(only_run(&sandbox)["status"], "running");
    let_go(&sandbox);
    finished_by_itself(&sandbox);
}

#[test]
fn a_server_that_is_killed_takes_no_worker_with_it() {
    let sandbox = Sandbox::with_profiles();
    patient_worker(&sandbox);
    let mut client = sandbox.mcp();
    waiting_call(&sandbox, &mut client);
    client.kill();
    assert_eq!(only_run(&sandbox)["status"], "running");
    let_go(&sandbox);
    finished_by_itself(&sandbox);
}

#[test]
fn a_client_that_says_nothing_ends_the_server_too() {
    assert!(Sandbox::new().mcp_silent().close().success());
    assert!(Sandbox::new().mcp().close().success());
}

#[test]
fn templates_are_prompts_as_well() {
    let sandbox = Sandbox::new();
    let mut client = sandbox.mcp();
    let prompts = client.request("prompts/list", json!({})).expect("prompts")["prompts"].clone();
    let prompts = prompts.as_array().expect("a list");
    let bugfix = prompts.iter().find(|prompt| prompt["name"] == "bugfix").expect("bugfix is among them");
    let arguments: serde_json::Map<String, Value> = bugfix["arguments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|argument| {
            (argument["name"].as_str().expect("a name").to_owned(), json!("the login page is blank"))
        })
        .collect();
    let got =
        client.request("prompts/get", json!({ "name": "bugfix", "arguments": arguments })).expect("a prompt");
    let text = got["messages"][0]["content"]["text"].as_str().expect("a text");
    assert!(text.contains("the login page is blank"), "{text}");
    client.request("prompts/get", json!({ "name": "no-such-prompt" })).expect_err("there is no such prompt");
}
