//! One provider of every kind in one store.

use rusqlite::params;
use serde_json::{Value, json};

use crate::home::{Home, add, direct};

fn env(entries: &Value) -> Value {
    json!({ "env": entries })
}

fn at(url: &str, more: &Value) -> Value {
    let mut entries = json!({"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": "sk-fake-abcdef0123"});
    for (name, value) in more.as_object().expect("an object") {
        entries[name] = value.clone();
    }
    env(&entries)
}

/// Id, settings text, notes text, expected status.
fn every_kind() -> Vec<(&'static str, String, String, &'static str)> {
    let plain = || json!({"commonConfigEnabled": false, "apiFormat": "anthropic"}).to_string();
    let kind = |id, settings: Value, status| (id, settings.to_string(), plain(), status);
    let noted =
        |id, settings: Value, meta: Value, status| (id, settings.to_string(), meta.to_string(), status);
    vec![
        kind("claude-official", env(&json!({})), "own_login"),
        kind("vendor", at("https://glm.example/api", &json!({"ANTHROPIC_MODEL": "glm-5.1"})), "usable"),
        kind(
            "marked model",
            at("https://ds.example", &json!({"ANTHROPIC_MODEL": "deepseek-v4-pro[1M]"})),
            "usable",
        ),
        kind(
            "context",
            at("https://kimi.example", &json!({"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "262144"})),
            "usable",
        ),
        kind("relay", at("https://relay.example", &json!({"ANTHROPIC_API_KEY": ""})), "usable"),
        kind("key only", env(&json!({"ANTHROPIC_API_KEY": "sk-fake-key-1"})), "usable"),
        kind(
            "local",
            at("http://127.0.0.1:3456", &json!({"API_TIMEOUT_MS": 600_000, "X": true, "Y": null})),
            "usable",
        ),
        kind(
            "hostile",
            at("https://odd.example", &json!({"LD_PRELOAD": "/x.so", "PATH": "/x", "A B": "c"})),
            "usable",
        ),
        kind("bedrock", env(&json!({"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-west-1"})), "usable"),
        kind("vertex", env(&json!({"CLAUDE_CODE_USE_VERTEX": 1, "CLOUD_ML_REGION": "global"})), "usable"),
        kind(
            "whole settings",
            json!({"env": direct()["env"], "hooks": {}, "permissions": {}, "model": "opus"}),
            "usable",
        ),
        noted(
            "copilot",
            at("https://c.example", &json!({})),
            json!({"providerType": "github_copilot"}),
            "managed_login",
        ),
        noted(
            "codex",
            at("https://x.example", &json!({})),
            json!({"providerType": "codex_oauth"}),
            "managed_login",
        ),
        kind("copilot by address", at("https://api.githubcopilot.com", &json!({})), "managed_login"),
        noted(
            "chat",
            at("https://n.example", &json!({})),
            json!({"apiFormat": "openai_chat"}),
            "needs_proxy",
        ),
        noted(
            "responses",
            at("https://r.example", &json!({})),
            json!({"apiFormat": "openai_responses"}),
            "needs_proxy",
        ),
        noted(
            "gemini",
            at("https://g.example", &json!({})),
            json!({"apiFormat": "gemini_native"}),
            "needs_proxy",
        ),
        kind(
            "taken over",
            at("http://127.0.0.1:15721", &json!({"ANTHROPIC_AUTH_TOKEN": "PROXY_MANAGED"})),
            "needs_proxy",
        ),
        kind("template", at("https://kat.example/${ENDPOINT_ID}/x", &json!({})), "incomplete"),
        kind("no key", env(&json!({"ANTHROPIC_BASE_URL": "https://nokey.example"})), "incomplete"),
        kind("nothing", env(&json!({})), "incomplete"),
        ("cut off", r#"{"env": {"ANTHROPIC_AUTH_TOKEN": "sk-fake-cut"#.into(), plain(), "broken"),
        ("null", "null".into(), plain(), "broken"),
        (
            "text env",
            env(&json!("ANTHROPIC_BASE_URL=https://x.example")).to_string(),
            "{no json".into(),
            "broken",
        ),
        ("硅基流动 🚀 Ünï", at("https://sf.example", &json!({})).to_string(), plain(), "usable"),
    ]
}

#[test]
fn each_is_listed_in_the_applications_order_with_its_status() {
    let home = Home::new();
    let db = home.database();
    let kinds = every_kind();
    // Stored backwards: the order must come from the index.
    for (index, (id, settings, meta, _)) in kinds.iter().enumerate().rev() {
        db.execute(
            "INSERT INTO providers (id, app_type, name, settings_config, meta, sort_index) VALUES (?1, 'claude', ?1, ?2, ?3, ?4)",
            params![id, settings, meta, i64::try_from(index).expect("few")],
        )
        .expect("a provider");
    }
    let store = home.load();
    let listed: Vec<_> = store
        .profiles
        .iter()
        .map(|profile| {
            let status = serde_json::to_value(&profile.usability).expect("plain data")["status"].clone();
            (profile.id.as_str(), status.as_str().expect("a tag").to_owned())
        })
        .collect();
    let expected: Vec<_> = kinds.iter().map(|(id, _, _, status)| (*id, (*status).to_owned())).collect();
    assert_eq!(listed, expected);
    assert_eq!(store.find("hostile").expect("listed").dropped_env, ["A B", "LD_PRELOAD", "PATH"]);
    for profile in &store.profiles {
        let settings = store.worker_settings(&profile.id, None);
        assert_eq!(settings.is_ok(), profile.usability.is_usable(), "{}", profile.id);
    }
}

#[test]
fn nothing_that_is_shown_holds_a_credential() {
    let home = Home::new();
    let db = home.database();
    let settings = json!({"env": {
        "ANTHROPIC_BASE_URL": "https://joe:hunter2hunter@api.example/v1/sk-fake-0123456789?api_key=qwertyuiop",
        "ANTHROPIC_AUTH_TOKEN": "sk-fake-0123456789", "MY_SECRET": "abc-secret-def"}});
    add(&db, "a", "A", &settings, &json!({}));
    // Broken settings hold a key too, and the parser must not quote it.
    db.execute("INSERT INTO providers (id, app_type, settings_config) VALUES ('b', 'claude', '{\"k\": sk-fake-0123456789')", [])
        .expect("a provider");
    db.execute_batch(
        "INSERT INTO provider_endpoints (provider_id, app_type, url) VALUES ('a', 'claude', 'https://t0k3n-t0k3n@e.example/?token=asdfghjkl');
         INSERT INTO provider_health VALUES ('a', 'claude', 0, 3, '401: bad key sk-fake-0123456789');",
    )
    .expect("rows");
    let store = home.load();
    let shown = format!(
        "{store:?} {} {:?} {:?}",
        serde_json::to_string(&store.profiles).expect("plain data"),
        store.worker_settings("a", None).expect("usable"),
        store.worker_settings("b", None).expect_err("broken"),
    );
    for secret in
        ["sk-fake-0123456789", "hunter2hunter", "qwertyuiop", "abc-secret-def", "t0k3n", "asdfghjkl"]
    {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let health = store.profiles[0].health.clone().expect("health");
    assert_eq!((health.healthy, health.consecutive_failures), (false, 3));
    assert_eq!(health.last_error.as_deref(), Some("401: bad key ***"));
}

#[test]
fn a_name_counts_only_when_one_profile_has_exactly_it() {
    let home = Home::new();
    let db = home.database();
    for (id, name) in
        [("1", "Zhipu GLM"), ("2", "zhipu glm"), ("3", "Twin"), ("4", "Twin"), ("5", "3"), ("6", "智谱")]
    {
        add(&db, id, name, &direct(), &json!({}));
    }
    let store = home.load();
    let found = |query: &str| store.find(query).map(|profile| profile.id.as_str());
    assert_eq!(found("Zhipu GLM").ok(), Some("1"));
    assert_eq!(found("zhipu glm").ok(), Some("2"));
    assert_eq!(found("智谱").ok(), Some("6"));
    assert_eq!(found("3").ok(), Some("3"), "an id beats a name");
    let twins = found("Twin").expect_err("two of them").to_string();
    assert!(twins.contains("(id 3)") && twins.contains("(id 4)") && !twins.contains("(id 1)"), "{twins}");
    let unknown = found("ZHIPU GLM").expect_err("no such name").to_string();
    assert!(unknown.contains("Zhipu GLM") && unknown.contains("(id 6)"), "{unknown}");
    assert!(found("").is_err());
}

#[test]
fn the_settings_file_names_the_current_profile_and_the_database_only_without_it() {
    let home = Home::new();
    let db = home.database();
    for id in ["a", "b", "c"] {
        add(&db, id, id, &direct(), &json!({}));
    }
    db.execute_batch("UPDATE providers SET is_current = 1 WHERE id IN ('b', 'c')").expect("marks");
    let current =
        || home.load().profiles.iter().filter(|p| p.current).map(|p| p.id.clone()).collect::<Vec<_>>();
    assert_eq!(current(), ["b"], "the first mark, once");
    home.write(".cc-switch/settings.json", r#"{"currentProviderClaude": "a"}"#);
    assert_eq!(current(), ["a"]);
    home.write(".cc-switch/settings.json", r#"{"currentProviderClaude": "gone"}"#);
    assert_eq!(current(), ["b"]);
    home.write(".cc-switch/settings.json", "{broken");
    assert_eq!(current(), ["b"]);
    assert_eq!(home.load().warnings.len(), 1);
}

#[test]
fn common_config_is_laid_over_where_the_switch_is_on() {
    let home = Home::new();
    let db = home.database();
    let snippet = json!({"env": {"ANTHROPIC_MODEL": "common", "EXTRA": 1}, "model": "x"}).to_string();
    db.execute("INSERT INTO settings VALUES ('common_config_claude', ?1)", [snippet]).expect("the snippet");
    add(&db, "on", "on", &direct(), &json!({"commonConfigEnabled": true}));
    add(&db, "off", "off", &direct(), &json!({"commonConfigEnabled": false}));
    add(&db, "unset", "unset", &direct(), &json!({}));
    let mut contained = direct();
    contained["env"]["ANTHROPIC_MODEL"] = json!("common");
    contained["env"]["EXTRA"] = json!(1);
    contained["model"] = json!("x");
    add(&db, "contained", "contained", &contained, &json!({}));
    add(&db, "broken", "broken", &json!({"env": "text"}), &json!({"commonConfigEnabled": true}));
    let store = home.load();
    let seen = |id: &str| {
        let settings = store.worker_settings(id, None).expect("usable").settings;
        (settings["env"]["ANTHROPIC_MODEL"].clone(), settings["env"]["EXTRA"].clone())
    };
    assert_eq!(seen("on"), (json!("common"), json!("1")));
    assert_eq!(seen("off"), (json!("m-1"), Value::Null));
    assert_eq!(seen("unset"), (json!("m-1"), Value::Null));
    assert_eq!(seen("contained"), (json!("common"), json!("1")));
    assert!(!store.find("broken").expect("listed").usability.is_usable(), "its own key is lost");

    db.execute_batch("UPDATE settings SET value = '[1]'").expect("a bad snippet");
    let store = home.load();
    assert_eq!(store.warnings.len(), 1);
    assert_eq!(store.find("on").expect("listed").default_model(), Some("m-1"));
}

#[test]
fn prices_and_factors_come_from_their_decimals() {
    let home = Home::new();
    let db = home.database();
    let mut settings = direct();
    settings["env"]["ANTHROPIC_MODEL"] = json!("GLM-5.1[1M]");
    settings["env"]["ANTHROPIC_DEFAULT_HAIKU_MODEL"] = json!("bad-price");
    for (id, meta) in [
        ("text", json!({"costMultiplier": "0.5"})),
        ("number", json!({"costMultiplier": 2})),
        ("nonsense", json!({"costMultiplier": "much"})),
        ("negative", json!({"costMultiplier": "-1"})),
        ("infinite", json!({"costMultiplier": "inf"})),
        ("none", json!({})),
    ] {
        add(&db, id, id, &settings, &meta);
    }
    db.execute_batch(
        "INSERT INTO model_pricing VALUES ('glm-5.1', '1.4', '4.4', '0.26', NULL), ('bad-price', 'cheap', '1', '1', '1')",
    )
    .expect("prices");
    let store = home.load();
    let factor = |id: &str| store.find(id).expect("listed").cost_multiplier.to_string();
    assert_eq!(
        ["text", "number", "nonsense", "negative", "infinite", "none"].map(factor),
        ["0.5", "2", "1", "1", "1", "1"]
    );
    let profile = store.find("text").expect("listed");
    assert_eq!(profile.prices.len(), 1);
    let price = profile.price_of("glm-5.1").expect("listed");
    assert_eq!((price.input, price.output, price.cache_read, price.cache_write), (1.4, 4.4, 0.26, 0.0));
}
