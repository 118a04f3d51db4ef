//! What an upgrade leaves as it was. `tests/upgrade` does the same with the binaries of earlier releases.

use std::{fs, path::PathBuf};

use cc_orchestrator_tests::Sandbox;
use serde_json::Value;

fn check(sandbox: &Sandbox, args: &[&str]) -> Value {
    let output = sandbox.command().args(["--json", "upgrade-check"]).args(args).output().expect("it works");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// A home with something of the user's in it, and the name of the version that worked there.
fn used(sandbox: &Sandbox) -> String {
    let config = r#"{"notes":"mine"}"#;
    let output =
        sandbox.command().args(["local-policy", "--apply", "--config", config]).output().expect("it works");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::create_dir_all(sandbox.home().join("prompts")).expect("it works");
    fs::write(sandbox.home().join("prompts/review.md"), "be strict\n").expect("it works");
    check(sandbox, &[])["version"].as_str().expect("it works").to_owned()
}

/// Lets the home look as if an earlier version had worked there last, with another router and an older database.
fn of_an_earlier_version(sandbox: &Sandbox, name: &str) {
    let versions = sandbox.home().join("versions");
    let path = versions.join(format!("{name}.json"));
    let mut record: Value = serde_json::from_slice(&fs::read(&path).expect("it works")).expect("it works");
    record["version"] = "0.0.9".into();
    record["build"] = "00000000".into();
    record["schema"] = 2.into();
    record["bundled"][0]["digest"] = "another".into();
    fs::remove_file(path).expect("it works");
    fs::write(versions.join("0.0.9-00000000.json"), record.to_string()).expect("it works");
    fs::write(versions.join("accepted"), "0.0.9-00000000\n").expect("it works");
}

fn item<'a>(found: &'a Value, what: &str) -> &'a Value {
    let items = found["items"].as_array().expect("it works");
    items.iter().find(|item| item["what"] == what).unwrap_or_else(|| panic!("no {what} in {found}"))
}

#[test]
fn the_first_version_in_a_home_has_nothing_to_compare() {
    let sandbox = Sandbox::with_profiles();
    let name = used(&sandbox);
    let found = check(&sandbox, &[]);
    assert_eq!(
        (found["previous_version"].as_str(), found["ok"].as_bool()),
        (Some(name.as_str()), Some(true))
    );
    assert_eq!(found["items"], serde_json::json!([]));
    assert!(found["preserved"].as_u64().expect("it works") >= 2, "{found}");
}

#[test]
fn a_new_home_is_no_upgrade() {
    let sandbox = Sandbox::with_profiles();
    let output = sandbox.command().args(["upgrade-check"]).output().expect("it works");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.starts_with("a new home -> "), "{said}");
    assert!(said.contains("no earlier version worked here"), "{said}");
}

#[test]
fn each_thing_of_the_users_is_accounted_for() {
    let sandbox = Sandbox::with_profiles();
    let name = used(&sandbox);
    of_an_earlier_version(&sandbox, &name);
    fs::remove_file(sandbox.home().join("prompts/review.md")).expect("it works");
    fs::write(sandbox.home().join("overrides.toml"), "notes = \"still mine\"\n").expect("it works");
    let before = bytes(&sandbox);

    let found = check(&sandbox, &[]);
    assert_eq!(found["previous_version"], "0.0.9-00000000");
    assert_eq!((found["ok"].as_bool(), found["nothing_lost"].as_bool()), (Some(false), Some(false)));
    assert_eq!(item(&found, "prompts/review.md")["fate"], "missing");
    assert_eq!(item(&found, "overrides.toml")["fate"], "changed");
    let router =
        found["bundled"].as_array().expect("it works").iter().filter(|plugin| plugin["changed"] == true);
    assert_eq!(router.count(), 1, "{found}");
    assert_eq!(bytes(&sandbox), before, "a check writes nothing of the user's");
}

#[test]
fn an_override_that_this_version_cannot_read_is_named() {
    let sandbox = Sandbox::with_profiles();
    let name = used(&sandbox);
    of_an_earlier_version(&sandbox, &name);
    fs::write(sandbox.home().join("overrides.toml"), "of_a_later_version = 1\n").expect("it works");
    let found = check(&sandbox, &[]);
    assert_eq!(found["items"][0]["fate"], "incompatible");
    assert!(found["items"][0]["note"].as_str().expect("it works").contains("line 1"), "{found}");
}

#[test]
fn accepting_and_going_back_loses_nothing() {
    let sandbox = Sandbox::with_profiles();
    let name = used(&sandbox);
    of_an_earlier_version(&sandbox, &name);
    let applied = check(&sandbox, &["--apply"]);
    assert_eq!(applied["applied"], true);
    let copy = PathBuf::from(applied["backups"][0].as_str().expect("it works"));
    assert_eq!(fs::read(copy.join("files/prompts/review.md")).expect("it works"), b"be strict\n");
    assert_eq!(check(&sandbox, &[])["previous_version"], name);

    fs::write(sandbox.home().join("overrides.toml"), "notes = \"of the new version\"\n").expect("it works");
    let back = check(&sandbox, &["--rollback"]);
    assert_eq!(back["previous_version"], "0.0.9-00000000");
    assert_eq!(
        (back["schema"]["found"].as_u64(), item(&back, "overrides.toml")["fate"].as_str()),
        (Some(2), Some("changed"))
    );
    assert!(fs::read_to_string(sandbox.home().join("overrides.toml")).expect("it works").contains("mine"));
    let kept = PathBuf::from(back["backups"][0].as_str().expect("it works"));
    assert!(
        fs::read_to_string(kept.join("overrides.toml")).expect("it works").contains("of the new version")
    );

    let output = sandbox.command().args(["upgrade-check", "--rollback"]).output().expect("it works");
    assert_eq!(output.status.code(), Some(3), "there is no second way back");
}

#[test]
fn apply_and_rollback_exclude_each_other() {
    let sandbox = Sandbox::new();
    let output =
        sandbox.command().args(["upgrade-check", "--apply", "--rollback"]).output().expect("it works");
    assert_eq!(output.status.code(), Some(2));
}

/// The user's own files.
fn bytes(sandbox: &Sandbox) -> Vec<Option<Vec<u8>>> {
    let files = ["overrides.toml", "prompts/review.md", "plugins.lock"];
    files.iter().map(|name| fs::read(sandbox.home().join(name)).ok()).collect()
}
