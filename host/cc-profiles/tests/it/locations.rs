//! Which store is found.

use cc_profiles::{Origin, load};
use serde_json::json;

use crate::home::{Home, KEY, Schema, add_usable, ids};

/// Where the desktop application keeps its data, below a home directory.
const APP_DATA: &str = if cfg!(windows) {
    "AppData/Roaming"
} else if cfg!(target_os = "macos") {
    "Library/Application Support"
} else {
    ".local/share"
};

fn choose_folder(home: &Home, folder: &str) {
    let paths = json!({ "app_config_dir_override": folder }).to_string();
    home.write(&format!("{APP_DATA}/com.ccswitch.desktop/app_paths.json"), paths);
}

#[test]
fn a_folder_chosen_in_the_application_beats_the_usual_one() {
    let home = Home::new();
    add_usable(&home.database(), "usual");
    add_usable(&home.database_in("synced", Schema::V17), "chosen");
    assert_eq!(ids(&home.load()), ["usual"]);
    choose_folder(&home, &home.path().join("synced").display().to_string());
    assert_eq!(ids(&home.load()), ["chosen"]);
    choose_folder(&home, "~/synced");
    assert_eq!(ids(&home.load()), ["chosen"]);
    choose_folder(&home, "~/gone");
    assert_eq!(ids(&home.load()), ["usual"]);
    home.write(&format!("{APP_DATA}/com.ccswitch.desktop/app_paths.json"), "{broken");
    assert_eq!(ids(&home.load()), ["usual"]);
}

#[test]
fn the_current_profile_of_a_chosen_folder_is_named_in_the_usual_one() {
    let home = Home::new();
    let db = home.database_in("synced", Schema::V17);
    add_usable(&db, "a");
    add_usable(&db, "b");
    choose_folder(&home, "~/synced");
    home.write("synced/settings.json", r#"{"currentProviderClaude": "a"}"#);
    home.write(".cc-switch/settings.json", r#"{"currentProviderClaude": "b"}"#);
    assert_eq!(home.load().current().map(|profile| profile.id.as_str()), Some("b"));
}

#[test]
fn a_folder_named_by_the_caller_is_the_only_one_looked_into() {
    let home = Home::new();
    let usual = home.database();
    add_usable(&usual, "a");
    let named = home.database_in("named", Schema::V17);
    add_usable(&named, "a");
    add_usable(&named, "b");
    home.write(".cc-switch/settings.json", r#"{"currentProviderClaude": "b"}"#);
    let mut locations = home.locations();
    locations.ccswitch_home = Some(home.path().join("named"));
    let store = load(&locations).expect("a store");
    assert_eq!(store.origin, Origin::Database(home.path().join("named/cc-switch.db")));
    assert_eq!(store.current().map(|profile| profile.id.as_str()), Some("b"), "without a file of its own");
    home.write("named/settings.json", r#"{"currentProviderClaude": "a"}"#);
    let store = load(&locations).expect("a store");
    assert_eq!(store.current().map(|profile| profile.id.as_str()), Some("a"), "its own file comes first");

    locations.ccswitch_home = Some(home.path().join("empty"));
    let store = load(&locations).expect("a store");
    assert_eq!((store.origin.clone(), ids(&store)), (Origin::OwnLogin, vec!["claude-login"]));
    assert!(store.warnings[0].contains("CCSWITCH_HOME"), "{:?}", store.warnings);
}

#[test]
fn without_cc_switch_there_is_claude_codes_own_login_as_the_user_set_it_up() {
    let home = Home::new();
    let store = home.load();
    assert_eq!(store.origin, Origin::OwnLogin);
    assert!(store.warnings.is_empty());
    let profile = store.current().expect("the only one");
    assert_eq!((profile.id.as_str(), profile.name.as_str()), ("claude-login", "Claude Code login"));
    assert!(profile.usability.is_usable());

    home.write(".claude/settings.json", json!({"env": {"ANTHROPIC_API_KEY": KEY}}).to_string());
    let settings = home.load().worker_settings("claude-login", Some("opus")).expect("usable");
    assert_eq!(
        settings.settings,
        json!({"env": {"ANTHROPIC_MODEL": "opus"}}),
        "nothing of the user's is undone"
    );
    assert_eq!(settings.secrets, [KEY], "but what the worker will know is kept out of logs");
}
