//! `config.json`, from before the database.

use cc_profiles::{Origin, ProfileError, load};
use serde_json::{Value, json};

use crate::home::{Home, add_usable, direct, ids};

fn config() -> Value {
    json!({
        "version": 2,
        "claude": {"current": "b", "providers": {
            "c": {"id": "c", "name": "C", "settingsConfig": direct()},
            "b": {"id": "b", "name": "B", "settingsConfig": direct(), "sortIndex": 2, "createdAt": 5,
                  "meta": {"commonConfigEnabled": true, "costMultiplier": "2", "custom_endpoints": {
                      "https://z.example": {"addedAt": 1}, "https://a.example": {"addedAt": 2}}}},
            "a": {"id": "a", "name": "A", "settingsConfig": {"env": {}}, "category": "official", "sortIndex": 1},
            "x": {"id": "x", "settingsConfig": null, "sortIndex": 3},
            "y": {"id": "y", "sortIndex": 4},
            "z": "no provider",
        }},
        "codex": {"current": "q", "providers": {"q": {"id": "q", "name": "Q", "settingsConfig": {}}}},
        "common_config_snippets": {"claude": "{\"env\": {\"EXTRA\": \"1\"}}"},
    })
}

#[test]
fn version_2_is_read_like_a_database() {
    let home = Home::new();
    let file = home.write(".cc-switch/config.json", config().to_string());
    let store = home.load();
    assert_eq!(store.origin, Origin::LegacyJson(file));
    assert_eq!(ids(&store), ["a", "b", "x", "y", "c"]);
    assert_eq!(store.current().map(|profile| profile.id.as_str()), Some("b"));
    assert_eq!(store.profiles[1].endpoints, ["https://z.example", "https://a.example"]);
    assert!((store.profiles[1].cost_multiplier - 2.0).abs() < 1e-9);
    let usable: Vec<_> = store.profiles.iter().map(|profile| profile.usability.is_usable()).collect();
    assert_eq!(usable, [true, true, false, false, true]);
    let extra = |id: &str| store.worker_settings(id, None).expect("usable").settings["env"]["EXTRA"].clone();
    assert_eq!((extra("b"), extra("c")), (json!("1"), Value::Null));
    assert_eq!(store.warnings.len(), 1, "{:?}", store.warnings);
}

#[test]
fn a_database_makes_it_void() {
    let home = Home::new();
    home.write(".cc-switch/config.json", config().to_string());
    add_usable(&home.database(), "new");
    assert_eq!(ids(&home.load()), ["new"]);
}

#[test]
fn version_1_is_refused_with_what_to_do() {
    let home = Home::new();
    home.write(".cc-switch/config.json", json!({"current": "a", "providers": {"a": {}}}).to_string());
    let error = load(&home.locations()).expect_err("too old");
    assert!(matches!(error, ProfileError::LegacyVersion { .. }));
    assert!(error.to_string().contains("start a current CC Switch once"), "{error}");
}

#[test]
fn a_file_that_is_no_store_is_refused_without_quoting_it() {
    let home = Home::new();
    for content in ["{\"claude\": {\"sk-fake-0123456789", "[]", "{}", "{\"claude\": 1}"] {
        home.write(".cc-switch/config.json", content);
        let error = load(&home.locations()).expect_err("no store");
        assert!(matches!(error, ProfileError::LegacyFormat { .. }), "{content}");
        assert!(!error.to_string().contains("sk-fake"), "{error}");
    }
}

#[test]
fn a_file_far_too_large_is_not_read() {
    let home = Home::new();
    let file = home.write(".cc-switch/config.json", "");
    std::fs::File::options()
        .write(true)
        .open(file)
        .and_then(|file| file.set_len((16 << 20) + 1))
        .expect("a large file");
    assert!(matches!(load(&home.locations()), Err(ProfileError::TooLarge { .. })));
}
