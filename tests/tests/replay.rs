//! Plugins that are tried before they act, that are set aside when they fail, and routes that are decided again.

use cc_orchestrator_tests::{
    Sandbox,
    plugin::{self, Router},
    script::Step,
};
use serde_json::{Value, json};

const ID: &str = "acme.router";
const KIMI: Router<'_> = Router::Chooses { profile: "id-kimi", model: "kimi-k2.7-code" };

fn package(sandbox: &Sandbox, router: Router<'_>) -> String {
    let folder = sandbox.record(ID);
    plugin::write(&folder, ID, router);
    folder.to_str().expect("a path").to_owned()
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let done = sandbox.run(&[arguments, &["--json"]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    done.json()
}

fn said(sandbox: &Sandbox) -> (Value, Value) {
    let picked = run(sandbox, &["pick-profile"]);
    let steps = picked["trace"].as_array().cloned().unwrap_or_default();
    let step = steps.into_iter().find(|step| step["who"] == ID).unwrap_or_default();
    (step["said"].clone(), step["reason"].clone())
}

#[test]
fn a_plugin_in_shadow_is_recorded_beside_what_was_done_and_acts_once_promoted() {
    let sandbox = Sandbox::with_profiles();
    let before = run(&sandbox, &["pick-profile"])["model"].clone();
    run(&sandbox, &["plugin", "add", &package(&sandbox, KIMI), "--shadow"]);
    assert_eq!(
        run(&sandbox, &["plugin", "list"]).as_array().and_then(|all| all.last()).expect("one")["status"],
        "shadow"
    );
    sandbox.script(&[Step::replay("text")]);
    run(&sandbox, &["run-agent", "Hi."]);
    assert_eq!(run(&sandbox, &["pick-profile"])["model"], before, "it does not act");

    let compared = run(&sandbox, &["plugin", "compare", ID]);
    assert_eq!((&compared["decisions"], &compared["differ"]), (&json!(1), &json!(1)), "{compared}");
    assert_eq!(compared["differences"][0]["would_choose"], "kimi-k2.7-code on id-kimi", "{compared}");
    let why = run(&sandbox, &["plugin", "why", "review"]);
    assert_eq!(why["decided_by"], "cc.router (bundled layer)", "{why}");
    assert_eq!(why["shadows"][0]["differs"], true, "{why}");

    let text = sandbox.run(&["plugin", "why", "review"]).stdout;
    for part in
        ["cc.router (bundled layer) had the last word", "in shadow: acme.router would change it to kimi"]
    {
        assert!(text.contains(part), "'{part}' in {text}");
    }

    run(&sandbox, &["plugin", "promote", ID]);
    assert_eq!(run(&sandbox, &["pick-profile"])["model"], "kimi-k2.7-code");
    assert_eq!(run(&sandbox, &["plugin", "why", "review"])["decided_by"], "acme.router (user layer)");
}

#[test]
fn a_plugin_that_fails_again_and_again_is_set_aside_over_all_processes() {
    let sandbox = Sandbox::with_profiles();
    let before = run(&sandbox, &["pick-profile"])["model"].clone();
    run(&sandbox, &["plugin", "add", &package(&sandbox, Router::Traps)]);
    for _ in 0..2 {
        assert_eq!(said(&sandbox).0, "failed");
    }
    let (last, reason) = said(&sandbox);
    assert_eq!(last, "failed");
    assert!(reason.as_str().is_some_and(|why| why.contains("failure 3 in a row")), "{reason}");
    let (now, reason) = said(&sandbox);
    assert_eq!(now, "skipped");
    assert!(reason.as_str().is_some_and(|why| why.contains("plugin enable acme.router")), "{reason}");
    assert_eq!(run(&sandbox, &["pick-profile"])["model"], before, "the layer below acts");
    let plugin =
        run(&sandbox, &["plugin", "list"]).as_array().and_then(|all| all.last()).cloned().expect("one");
    assert_eq!(plugin["status"], "set_aside", "{plugin}");

    run(&sandbox, &["plugin", "enable", ID]);
    assert_eq!(said(&sandbox).0, "failed", "it is asked again");
    run(&sandbox, &["plugin", "add", &package(&sandbox, KIMI)]);
    assert_eq!(said(&sandbox).0, "chose", "other bytes start anew");
}

#[test]
fn who_answers_between_is_not_set_aside_and_the_user_says_how_often_is_too_often() {
    let sandbox = Sandbox::with_profiles();
    run(&sandbox, &["plugin", "add", &package(&sandbox, Router::Traps)]);
    run(&sandbox, &["local-policy", "--config", r#"{"failing_plugins": {"set_aside_after": 1}}"#, "--apply"]);
    assert_eq!(said(&sandbox).0, "failed");
    assert_eq!(said(&sandbox).0, "skipped");
    run(&sandbox, &["local-policy", "--config", r#"{"failing_plugins": {"set_aside_after": 0}}"#, "--apply"]);
    for _ in 0..4 {
        assert_eq!(said(&sandbox).0, "failed", "0 is never");
    }
}

#[test]
fn recorded_routes_are_decided_again_with_a_plugin_that_was_not_added() {
    let sandbox = Sandbox::with_profiles();
    let empty = sandbox.run(&["plugin", "replay"]);
    assert!(empty.stdout.contains("no route was recorded yet"), "{empty:?}");
    sandbox.script(&[Step::replay("text")]);
    for role in ["review", "testing"] {
        run(&sandbox, &["run-agent", "Hi.", "--role", role]);
    }
    let same = run(&sandbox, &["plugin", "replay"]);
    assert_eq!((&same["routes"], &same["differ"]), (&json!(2), &json!(0)), "{same}");
    let candidate = package(&sandbox, KIMI);
    let other = run(&sandbox, &["plugin", "replay", &candidate]);
    assert_eq!((&other["routes"], &other["differ"]), (&json!(2), &json!(2)), "{other}");
    assert_eq!(other["differences"][0]["now"]["profile_id"], "id-kimi", "{other}");
    let text = sandbox.run(&["plugin", "replay", &candidate]).stdout;
    assert!(text.starts_with("2 of 2 routes differ:"), "{text}");
    assert!(!run(&sandbox, &["plugin", "list"]).to_string().contains(ID), "nothing was added");
}
