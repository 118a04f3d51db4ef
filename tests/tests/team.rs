//! Several workers on one task: begun together, compared by what they judged, checked by others.

use cc_orchestrator_tests::{Sandbox, eventually, script::Step};
use serde_json::{Value, json};

fn finding(role: &str, lines: &str) -> Step {
    let answer = format!("As {role} I looked.\n\n```findings\n{lines}\n```\n");
    Step::When(format!("You are {role}."), vec![Step::finish(&answer)])
}

fn texts<'a>(value: &'a Value, field: &str) -> Vec<&'a str> {
    value.as_array().expect("a list").iter().filter_map(|item| item[field].as_str()).collect()
}

#[test]
fn a_team_is_compared_by_what_it_judged() {
    let sandbox = Sandbox::with_profiles();
    let go = sandbox.record("go");
    sandbox.script(&[
        Step::WaitFor(go.clone()),
        finding("security", "problem | src/login.rs:42 | timing leak\nfine | src/session.rs | random ids"),
        finding("testing", "problem | login.rs:40 | no test of a wrong token"),
        finding("review", "problem | src/session.rs:7 | ids are reused after a restart"),
    ]);
    let mut client = sandbox.mcp();
    let ask = json!({ "task": "Look at the login.", "roles": ["security", "testing", "review"] });
    let team = client.call("cc_spawn_role_team", ask).structured;
    assert_eq!((&team["ok"], &team["status"]), (&json!(true), &json!("launched")), "{team}");
    let id = team["team_id"].clone();
    let early = client.call("cc_collect_team_results", json!({ "team_id": id })).structured;
    assert_eq!(
        (&early["pending"], early["agreements"].as_array().map(Vec::len)),
        (&json!(3), Some(0)),
        "{early}"
    );

    std::fs::write(go, "").expect("a file");
    let results = eventually("the team's end", || {
        let results = client.call("cc_collect_team_results", json!({ "team_id": id })).structured;
        (results["pending"] == 0).then_some(results)
    });
    assert_eq!(texts(&results["agreements"], "place"), ["src/login.rs:42"], "{results}");
    assert_eq!(texts(&results["conflicts"], "place"), ["src/session.rs:7"], "{results}");
    let says = results["agreements"][0]["says"].to_string();
    assert!(says.contains("security: problem: timing leak") && says.contains("testing: problem"), "{says}");
    assert_eq!(texts(&results["items"], "role"), ["security", "testing", "review"], "in the team's order");
    assert_eq!(results["items"][0]["answer"].as_str().map(|text| text.contains("findings")), Some(false));
}

#[test]
fn the_manifest_names_the_members_and_they_only_read() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let team = client.call("cc_spawn_role_team", json!({ "task": "Look." })).structured;
    let path = team["manifest_path"].as_str().expect("a path");
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(path).expect("a manifest")).expect("a manifest is JSON");
    assert_eq!(manifest["roles"], json!(["requirements", "architecture", "security", "testing"]));
    assert_eq!((&manifest["runs"], &manifest["status"]), (&team["runs"], &json!("launched")));
    for run in team["runs"].as_array().expect("runs") {
        let metadata = sandbox.metadata(run["run_id"].as_str().expect("an id"));
        assert_eq!((&metadata["team_id"], &metadata["allow_write"]), (&team["team_id"], &json!(false)));
    }
}

#[test]
fn a_member_that_cannot_start_takes_the_others_with_it() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    sandbox.script(&[Step::replay("text")]);
    let first = client.call("cc_run_agent", json!({ "task": "Make the database." })).structured;
    let database = rusqlite::Connection::open(sandbox.home().join("state.db")).expect("the database");
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON runs WHEN NEW.role = 'security'
                  BEGIN SELECT RAISE(ABORT, 'no security today'); END";
    database.execute_batch(refuse).expect("a trigger");
    sandbox.script(&[Step::WaitFor(sandbox.record("never"))]);

    let ask = json!({ "task": "Look.", "roles": ["review", "security", "testing"] });
    let team = client.call("cc_spawn_role_team", ask).structured;
    assert_eq!(
        (&team["ok"], &team["status"]),
        (&json!(false), &json!("rolled_back_partial_launch")),
        "{team}"
    );
    assert!(team["error"].as_str().is_some_and(|text| text.contains("no security today")), "{team}");
    assert_eq!(team["rollback"]["stopped_count"], 1, "{team}");
    let all = client.call("cc_run_status", json!({ "include_finished": true })).structured;
    let states: Vec<&str> = texts(&all["runs"], "status");
    assert_eq!(
        (states, &all["runs"][1]["run_id"]),
        (vec!["stopped", "succeeded"], &first["run_id"]),
        "{all}"
    );
}

#[test]
fn what_can_be_refused_is_before_anybody_starts() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    for (ask, told) in [
        (json!({ "task": "Look.", "roles": ["review", "review"] }), "twice"),
        (json!({ "task": "Look.", "cwd": "nowhere" }), "nowhere"),
        (json!({ "task": " " }), "empty"),
        (json!({ "task": "Look.", "timeout_seconds": 1 }), "timeout_seconds"),
    ] {
        let refused = client.call("cc_spawn_role_team", ask).structured;
        assert!(refused["error"].as_str().is_some_and(|text| text.contains(told)), "{refused}");
    }
    let all = client.call("cc_run_status", json!({ "include_finished": true })).structured;
    assert_eq!(all["count"], 0, "{all}");
}

#[test]
fn reviewers_are_given_the_answers_of_ended_runs() {
    let sandbox = Sandbox::with_profiles();
    let go = sandbox.record("go");
    let seen = sandbox.record("seen.json");
    sandbox.script(&[
        Step::When(
            "Check what other workers answered".into(),
            vec![
                Step::Record(seen.clone()),
                Step::finish("Right.\n```findings\nfine | The cache | holds\n```"),
            ],
        ),
        Step::When(
            "Look at the cache.".into(),
            vec![
                Step::WaitFor(go.clone()),
                Step::finish(
                    "The cache is never emptied.\n```findings\nproblem | the cache | never emptied\n```",
                ),
            ],
        ),
    ]);
    let mut client = sandbox.mcp();
    let source = client.call("cc_run_streaming_agent", json!({ "task": "Look at the cache." })).structured;
    let ask = json!({ "run_ids": [source["run_id"]], "reviewer_roles": ["security"] });
    let early = client.call("cc_cross_review", ask.clone()).structured;
    assert!(early["error"].as_str().is_some_and(|text| text.contains("no answer to review")), "{early}");

    std::fs::write(go, "").expect("a file");
    client.call("cc_run_status", json!({ "run_id": source["run_id"], "wait_seconds": 280 }));
    let review = client.call("cc_cross_review", ask).structured;
    let reviewer = review["review_runs"][0]["run_id"].clone();
    client.call("cc_run_status", json!({ "run_id": reviewer, "wait_seconds": 280 }));
    let given = sandbox.received(&seen).prompt;
    assert!(given.contains("never emptied") && given.contains("role=\"implementation\""), "{given}");
    let ask = json!({ "team_id": review["team_id"], "run_ids": [source["run_id"]] });
    let results = client.call("cc_collect_team_results", ask).structured;
    assert_eq!(texts(&results["conflicts"], "place"), ["the cache"], "{results}");
}

#[test]
fn the_self_test_holds_in_a_home_without_anything() {
    let sandbox = Sandbox::new();
    let tested = sandbox.run(&["mock-stream-test", "--timeout-seconds", "120", "--json"]).json();
    assert_eq!(
        (&tested["ok"], &tested["failed"], &tested["passed"]),
        (&json!(true), &json!(0), &json!(19)),
        "{tested}"
    );
}
