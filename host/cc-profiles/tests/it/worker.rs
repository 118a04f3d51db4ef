//! The settings file of a worker.

use cc_profiles::{ProfileError, WorkerSettings};
use serde_json::{Value, json};

use crate::home::{Home, KEY, add, direct};

fn settings_of(settings: &Value, model: Option<&str>) -> WorkerSettings {
    let home = Home::new();
    add(&home.database(), "id", "name", settings, &json!({}));
    home.load().worker_settings("id", model).expect("usable")
}

fn env_of(settings: &Value, model: Option<&str>) -> Value {
    settings_of(settings, model).settings["env"].clone()
}

#[test]
fn what_the_profile_sets_is_passed_on_and_every_other_route_is_closed() {
    let env = env_of(&direct(), None);
    assert_eq!(env["ANTHROPIC_BASE_URL"], "https://api.example");
    assert_eq!(env["ANTHROPIC_AUTH_TOKEN"], KEY);
    for name in [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_SMALL_FAST_MODEL",
        "ANTHROPIC_DEFAULT_OPUS_MODEL",
        "ANTHROPIC_DEFAULT_SONNET_MODEL",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL",
        "ANTHROPIC_DEFAULT_FABLE_MODEL",
        "ANTHROPIC_CUSTOM_HEADERS",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_SUBAGENT_MODEL",
    ] {
        assert_eq!(env[name], "", "{name}");
    }
    assert!(env.as_object().is_some_and(|env| env.values().all(Value::is_string)));
}

#[test]
fn only_variables_and_the_model_of_a_profile_are_taken() {
    let mut settings = direct();
    for (key, value) in [
        ("hooks", json!({"Stop": []})),
        ("permissions", json!({"allow": ["Bash"], "defaultMode": "bypassPermissions"})),
        ("statusLine", json!({"type": "command", "command": "x"})),
        ("apiKeyHelper", json!("x")),
        ("model", json!("opus")),
    ] {
        settings[key] = value;
    }
    let settings = settings_of(&settings, None).settings;
    let keys: Vec<_> = settings.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["apiKeyHelper", "env", "model"]);
    assert_eq!((&settings["apiKeyHelper"], &settings["model"]), (&json!(""), &json!("opus")));
}

#[test]
fn the_model_is_the_chosen_one_else_the_profiles_own() {
    let model = |settings: &Value, chosen| env_of(settings, chosen)["ANTHROPIC_MODEL"].clone();
    assert_eq!(model(&direct(), Some(" big[1M] ")), "big[1M]");
    assert_eq!(model(&direct(), None), "m-1");
    assert_eq!(model(&direct(), Some("")), "m-1");
    let mut alias = direct();
    alias["env"]["ANTHROPIC_MODEL"] = json!("sonnet");
    alias["env"]["ANTHROPIC_DEFAULT_OPUS_MODEL"] = json!("o");
    assert_eq!(model(&alias, None), "sonnet", "Claude Code resolves it");
    alias["env"]["ANTHROPIC_MODEL"] = json!("");
    assert_eq!(model(&alias, None), "o", "the first model it names");
    let mut none = direct();
    none["env"]["ANTHROPIC_MODEL"] = Value::Null;
    assert_eq!(model(&none, None), "");
}

#[test]
fn own_login_closes_every_route_but_its_own() {
    let home = Home::new();
    add(&home.database(), "claude-official", "Claude", &json!({"env": {}}), &json!({}));
    let settings = home.load().worker_settings("claude-official", None).expect("usable");
    let env = &settings.settings["env"];
    for name in ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_MODEL"] {
        assert_eq!(env[name], "", "{name}");
    }
    assert!(env.get("CLAUDE_CODE_OAUTH_TOKEN").is_none());
    assert!(settings.secrets.is_empty());
}

#[test]
fn a_cloud_login_is_replaced_as_a_whole_or_left_alone() {
    let bedrock = |more: &Value| {
        let mut settings = json!({"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}});
        for (name, value) in more.as_object().expect("an object") {
            settings["env"][name] = value.clone();
        }
        env_of(&settings, None)
    };
    let keys = bedrock(&json!({"AWS_ACCESS_KEY_ID": "AKIAFAKE", "AWS_SECRET_ACCESS_KEY": "fakefakefake"}));
    assert_eq!((&keys["AWS_SESSION_TOKEN"], &keys["AWS_PROFILE"]), (&json!(""), &json!("")));
    assert!(bedrock(&json!({})).get("AWS_PROFILE").is_none());
}

#[test]
fn secrets_come_longest_first_and_debug_shows_none() {
    let mut settings = direct();
    settings["env"]["HTTPS_PROXY"] = json!("http://u:proxy-password-longer-than-the-key@p.example");
    let worker = settings_of(&settings, None);
    let lengths: Vec<_> = worker.secrets.iter().map(String::len).collect();
    assert!(lengths.is_sorted_by(|a, b| a >= b) && worker.secrets.contains(&KEY.to_owned()), "{lengths:?}");
    let shown = format!("{worker:?}");
    assert!(worker.secrets.iter().all(|secret| !shown.contains(secret.as_str())), "{shown}");
    assert!(shown.contains("ANTHROPIC_AUTH_TOKEN"), "names are no secret");
}

#[test]
fn unusable_and_unknown_profiles_get_no_settings() {
    let home = Home::new();
    add(&home.database(), "id", "Empty", &json!({}), &json!({}));
    let store = home.load();
    let refused = store.worker_settings("id", None).expect_err("nothing in it");
    assert!(matches!(&refused, ProfileError::NotUsable { reason, .. } if !reason.is_empty()), "{refused}");
    let by_name = store.worker_settings("Empty", None).expect_err("not an id");
    assert!(matches!(by_name, ProfileError::Unknown { .. }));
}
