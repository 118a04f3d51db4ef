//! `demo`: the main job with nothing installed.

use std::path::Path;

use cc_orchestrator_tests::{Finished, Sandbox};

/// Nothing of the user's is there: no Claude Code, no CC Switch, no home of the product's.
fn demo(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let mut command = sandbox.command();
    for name in ["CLAUDE_CODE_BIN", "CCSWITCH_HOME", "CC_ORCHESTRATOR_HOME"] {
        command.env_remove(name);
    }
    Finished::of(command.arg("demo").args(arguments))
}

#[test]
fn a_fresh_machine_sees_who_decides_what_the_worker_says_and_where_the_record_is() {
    let sandbox = Sandbox::new();
    let shown = demo(&sandbox, &[]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stdout.contains("cc.router"), "no route trace in {}", shown.stdout);
    let record =
        shown.stdout.lines().find_map(|line| line.strip_prefix("record: ")).expect("the record is named");
    let metadata =
        std::fs::read_to_string(Path::new(record).join("metadata.json")).expect("the record is there");
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("the record is whole");
    assert_eq!((&metadata["status"], &metadata["mode"]), (&"succeeded".into(), &"demo".into()), "{metadata}");
    let answer = metadata["result"]["text"].as_str().expect("an answer");
    assert!(!answer.is_empty() && shown.stdout.contains(answer), "the answer is shown: {}", shown.stdout);
}

#[test]
fn machines_get_the_same_as_json() {
    let sandbox = Sandbox::new();
    let shown = demo(&sandbox, &["--json"]);
    let value = shown.json();
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert_eq!(value["run"]["status"], "succeeded", "{value}");
    assert!(value["picked"]["trace"].as_array().is_some_and(|trace| !trace.is_empty()), "{value}");
    assert!(Path::new(value["run"]["run_dir"].as_str().expect("a folder")).is_dir());
}

#[test]
fn it_leaves_the_users_own_folders_alone() {
    let sandbox = Sandbox::new();
    demo(&sandbox, &[]);
    let left: Vec<_> = std::fs::read_dir(sandbox.project()).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "only the README stands in the folder it was started in: {left:?}");
}
