//! A store that CC Switch is using, or was using when it crashed.

use std::{fs, path::Path, time::Duration};

use cc_profiles::{ProfileError, load};
use rusqlite::Connection;
use serde_json::json;

use crate::home::{Home, Schema, add, add_usable, direct, ids};

#[test]
fn a_writer_that_has_not_begun_to_commit_is_no_hindrance() {
    let home = Home::new();
    let db = home.database();
    add_usable(&db, "a");
    db.execute_batch("BEGIN IMMEDIATE").expect("a RESERVED lock");
    add_usable(&db, "not yet");
    assert_eq!(ids(&home.load()), ["a"]);
}

#[test]
fn an_exclusive_writer_is_waited_for_and_then_named() {
    let home = Home::new();
    let db = home.database();
    add_usable(&db, "a");
    db.execute_batch("BEGIN EXCLUSIVE").expect("an EXCLUSIVE lock");
    let error = load(&home.locations()).expect_err("it is locked");
    assert!(matches!(error, ProfileError::Busy { waited_ms: 1500, .. }), "{error}");
    db.execute_batch("COMMIT").expect("the end");
    assert_eq!(ids(&home.load()), ["a"]);
}

#[test]
fn a_loaded_store_holds_no_lock() {
    let home = Home::new();
    let db = home.database();
    add_usable(&db, "a");
    db.busy_timeout(Duration::ZERO).expect("no patience");
    let store = home.load();
    db.execute_batch("BEGIN EXCLUSIVE; DELETE FROM providers; COMMIT").expect("a commit at once");
    assert_eq!(ids(&store), ["a"]);
}

/// What a crash in the middle of a commit leaves: pages of the new state in the database, the old ones in a journal.
fn crashed(home: &Home) {
    let other = Home::new();
    let db = other.database_in("live", Schema::V17);
    let mut settings = direct();
    settings["env"]["FILL"] = json!("x".repeat(2000));
    for index in 0..50 {
        add(&db, &format!("p{index:02}"), "before", &settings, &json!({}));
    }
    // A cache of two pages spills changed ones into the database long before a commit.
    db.execute_batch("PRAGMA cache_size = 2; BEGIN IMMEDIATE; UPDATE providers SET name = 'torn', meta = hex(randomblob(900))")
        .expect("a transaction under way");
    for file in ["cc-switch.db", "cc-switch.db-journal"] {
        let bytes = fs::read(other.path().join("live").join(file)).expect("both are there");
        home.write(&format!(".cc-switch/{file}"), bytes);
    }
}

#[test]
fn after_a_crash_the_state_before_it_is_read_and_nothing_is_touched() {
    let home = Home::new();
    crashed(&home);
    let folder = home.path().join(".cc-switch");
    assert!(
        !names_without_journal(&folder).iter().all(|name| name == "before"),
        "the database itself is torn"
    );
    let before = contents(&folder);
    let store = home.load();
    assert_eq!(store.profiles.len(), 50);
    assert!(store.profiles.iter().all(|profile| profile.name == "before"));
    assert!(store.warnings.is_empty(), "{:?}", store.warnings);
    assert_eq!(contents(&folder), before);
}

fn names_without_journal(folder: &Path) -> Vec<String> {
    let alone = Home::new();
    let copy = alone.write("torn.db", fs::read(folder.join("cc-switch.db")).expect("the database"));
    let db = Connection::open(copy).expect("a database");
    let mut statement = db.prepare("SELECT name FROM providers").expect("a query");
    let names = statement.query_map([], |row| row.get(0)).expect("rows");
    names.map(|name| name.unwrap_or_else(|_| "unreadable".into())).collect()
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("a file"))
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("its content"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_write_ahead_log_is_read_with_the_database() {
    let home = Home::new();
    let db = home.database();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").expect("a fork's mode");
    add_usable(&db, "in the log");
    assert_eq!(ids(&home.load()), ["in the log"]);

    // What a crash of such a fork leaves: no index of the log.
    let crashed = Home::new();
    for file in ["cc-switch.db", "cc-switch.db-wal"] {
        crashed.write(
            &format!(".cc-switch/{file}"),
            fs::read(home.path().join(".cc-switch").join(file)).expect("there"),
        );
    }
    assert_eq!(ids(&crashed.load()), ["in the log"]);
}

#[test]
fn a_path_that_looks_like_a_query_opens_no_other_file() {
    // `?` cannot be in a Windows name.
    let odd = if cfg!(windows) { "a#b%41 c" } else { "a?mode=rwc#b%41 c" };
    let home = Home::new();
    let db = home.database_in(odd, Schema::V17);
    add_usable(&db, "a");
    let mut locations = home.locations();
    locations.ccswitch_home = Some(home.path().join(odd));
    assert_eq!(ids(&load(&locations).expect("a store")), ["a"]);
    let entries = fs::read_dir(home.path()).expect("the home").count();
    assert_eq!(entries, 1, "nothing was created beside it");
}
