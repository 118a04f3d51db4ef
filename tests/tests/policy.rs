//! Who decides: the bundled, the user's and a project's router, and the user's override.

use std::fs;

use cc_orchestrator_tests::{
    Sandbox,
    plugin::{self, Router},
};
use serde_json::{Value, json};

const KIMI: Router<'_> = Router::Chooses { profile: "id-kimi", model: "kimi-k2.7-code" };
const DEEPSEEK: Router<'_> = Router::Chooses { profile: "id-deepseek", model: "deepseek-v4-pro" };

/// Adds a router to the user's home, as the user does.
fn add_user_router(sandbox: &Sandbox, id: &str, router: Router<'_>) {
    let folder = sandbox.record(id);
    plugin::write(&folder, id, router);
    let added = sandbox.run(&["plugin", "add", folder.to_str().expect("a path")]);
    assert_eq!(added.code, Some(0), "{added:?}");
}

/// Puts a router into the project, as a colleague does.
fn add_project_router(sandbox: &Sandbox, id: &str, router: Router<'_>) {
    plugin::write(&sandbox.project().join(".cc-orchestrator/plugins").join(id), id, router);
}

fn trust(sandbox: &Sandbox) {
    let trusted = sandbox.run(&["plugin", "trust", "."]);
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
}

fn pick(sandbox: &Sandbox) -> Value {
    let picked = sandbox.run(&["pick-profile", "--role", "review", "--json"]);
    assert_eq!(picked.code, Some(0), "{picked:?}");
    picked.json()
}

/// What each router of the trace came to, lowest layer first.
fn said(picked: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = picked["trace"].as_array().into_iter().flatten();
    let routers = steps.filter(|step| step["plugin"]["id"].as_str().is_some_and(|id| id.contains("router")));
    routers.map(|step| (text(&step["plugin"]["layer"]), text(&step["who"]), text(&step["said"]))).collect()
}

fn steps(expected: &[[&str; 3]]) -> Vec<(String, String, String)> {
    expected.iter().map(|[layer, who, said]| ((*layer).into(), (*who).into(), (*said).into())).collect()
}

#[test]
fn a_project_outranks_the_user_who_outranks_the_default() {
    let sandbox = Sandbox::with_profiles();
    let default = pick(&sandbox);
    assert_eq!(said(&default), steps(&[["bundled", "cc.router", "chose"]]), "{default}");

    add_user_router(&sandbox, "our.router", KIMI);
    let picked = pick(&sandbox);
    assert_eq!(picked["model"], "kimi-k2.7-code", "{picked}");

    add_project_router(&sandbox, "team.router", DEEPSEEK);
    trust(&sandbox);
    let picked = pick(&sandbox);
    assert_eq!(picked["model"], "deepseek-v4-pro", "{picked}");
    let expected = [
        ["bundled", "cc.router", "chose"],
        ["user", "our.router", "chose"],
        ["project", "team.router", "chose"],
    ];
    assert_eq!(said(&picked), steps(&expected), "{picked}");
}

#[test]
fn a_run_keeps_the_trace_of_who_chose_with_the_digests() {
    let sandbox = Sandbox::with_profiles();
    add_user_router(&sandbox, "our.router", KIMI);
    let run = sandbox.run(&["run-agent", "Hi.", "--json"]).json();
    let kept = sandbox.metadata(run["run_id"].as_str().expect("an id"));
    assert_eq!(kept["route"]["profile_id"], "id-kimi", "{kept}");
    for step in kept["route"]["trace"].as_array().expect("a trace") {
        let digest = step["plugin"]["digest"].as_str().unwrap_or_else(|| panic!("a plugin in {step}"));
        assert_eq!(digest.len(), 64, "{step}");
    }
}

#[test]
fn a_project_that_is_not_trusted_decides_nothing() {
    let sandbox = Sandbox::with_profiles();
    let before = pick(&sandbox);
    add_project_router(&sandbox, "evil.router", KIMI);
    let picked = pick(&sandbox);
    assert_eq!((&picked["model"], &picked["profile"]), (&before["model"], &before["profile"]), "{picked}");
    assert!(said(&picked).iter().all(|(layer, ..)| layer != "project"), "{picked}");
    let listed = sandbox.run(&["plugin", "list", "--json"]).stdout;
    assert!(listed.contains("evil.router") && listed.contains("trust"), "the list says why: {listed}");
}

#[test]
fn bytes_that_changed_after_trust_decide_nothing() {
    let sandbox = Sandbox::with_profiles();
    add_project_router(&sandbox, "team.router", Router::Keeps);
    trust(&sandbox);
    let before = pick(&sandbox);
    assert!(said(&before).contains(&("project".into(), "team.router".into(), "kept".into())), "{before}");
    add_project_router(&sandbox, "team.router", KIMI);
    let picked = pick(&sandbox);
    assert_eq!(picked["model"], before["model"], "{picked}");
}

#[test]
fn the_override_has_the_last_word() {
    let sandbox = Sandbox::with_profiles();
    add_user_router(&sandbox, "our.router", KIMI);
    let config = r#"{"preferred_profiles": {"review": "id-deepseek"}}"#;
    let shown = sandbox.run(&["local-policy", "--config", config, "--json"]).json();
    assert_eq!(shown["applied"], false, "{shown}");
    assert_eq!(pick(&sandbox)["model"], "kimi-k2.7-code", "what was only shown is not in force");
    let saved = sandbox.run(&["local-policy", "--config", config, "--apply", "--json"]).json();
    assert_eq!(saved["applied"], true, "{saved}");
    let picked = pick(&sandbox);
    assert_eq!(picked["model"], "deepseek-v4-pro", "{picked}");
    let last = picked["trace"].as_array().and_then(|trace| trace.last()).expect("a trace");
    assert_eq!((&last["who"], &last["said"]), (&json!("override"), &json!("chose")), "{last}");
}

#[test]
fn an_override_that_cannot_be_read_stops_everything_and_says_where() {
    let sandbox = Sandbox::with_profiles();
    fs::create_dir_all(sandbox.home()).expect("a folder");
    fs::write(
        sandbox.home().join("overrides.toml"),
        "notes = \"mine\"\n[preferred_modles]\nreview = \"x\"\n",
    )
    .expect("a file");
    let refused = sandbox.run(&["pick-profile", "--json"]);
    let error = refused.json();
    assert!(refused.code.is_some_and(|code| code >= 2), "{refused:?}");
    for word in ["overrides.toml", "preferred_modles", "2"] {
        assert!(error["error"].as_str().is_some_and(|text| text.contains(word)), "'{word}' in {error}");
    }
}

#[test]
fn a_router_that_fails_is_named_and_the_layer_below_stands() {
    for hostile in [Router::Loops, Router::Traps, Router::Chooses { profile: "nobody", model: "nothing" }] {
        let sandbox = Sandbox::with_profiles();
        let before = pick(&sandbox);
        add_user_router(&sandbox, "bad.router", hostile);
        for _ in 0..2 {
            let picked = pick(&sandbox);
            assert_eq!(picked["model"], before["model"], "{hostile:?}: {picked}");
            let expected = [["bundled", "cc.router", "chose"], ["user", "bad.router", "failed"]];
            assert_eq!(said(&picked), steps(&expected), "{hostile:?}: {picked}");
        }
    }
}

#[test]
fn a_running_server_sees_what_the_user_changes() {
    let sandbox = Sandbox::with_profiles();
    let mut client = sandbox.mcp();
    let picked = |client: &mut cc_orchestrator_tests::McpClient<'_>| {
        client.call("cc_pick_profile", json!({ "role": "review" })).structured
    };
    assert_eq!(said(&picked(&mut client)), steps(&[["bundled", "cc.router", "chose"]]));
    add_user_router(&sandbox, "our.router", KIMI);
    assert_eq!(picked(&mut client)["model"], "kimi-k2.7-code");
}

#[test]
fn who_insists_on_a_profile_gets_it() {
    let sandbox = Sandbox::with_profiles();
    add_user_router(&sandbox, "our.router", KIMI);
    for query in ["id-deepseek", "DeepSeek"] {
        let picked = sandbox.run(&["pick-profile", "--profile", query, "--json"]).json();
        assert_eq!(picked["selected_profile"]["id"], "id-deepseek", "{picked}");
    }
}
