//! Rows, columns and tables that are missing, of the wrong type, or damaged.

use std::fs;

use cc_profiles::{Origin, ProfileError, load};
use rusqlite::params;
use serde_json::json;

use crate::home::{Home, KEY, Schema, add, add_usable, direct, ids};

#[test]
fn every_schema_yields_its_providers() {
    for schema in Schema::ALL {
        let home = Home::new();
        let db = home.database_in(".cc-switch", schema);
        add(&db, "a", "Ä", &direct(), &json!({"costMultiplier": "0.5"}));
        db.execute(
            "INSERT INTO providers (id, app_type, name, settings_config) VALUES ('a', 'codex', 'C', '{}')",
            [],
        )
        .expect("another application's provider");
        let store = home.load();
        assert_eq!(ids(&store), ["a"], "{schema:?}");
        assert!(store.warnings.is_empty(), "{schema:?}: {:?}", store.warnings);
        let profile = &store.profiles[0];
        assert_eq!((profile.name.as_str(), profile.default_model()), ("Ä", Some("m-1")), "{schema:?}");
        assert!(profile.usability.is_usable() && (profile.cost_multiplier - 0.5).abs() < 1e-9, "{schema:?}");
    }
}

#[test]
fn the_applications_order_holds_with_gaps_and_ties() {
    let home = Home::new();
    let db = home.database();
    for (id, sort_index, created_at) in [
        ("unsorted-late", None, Some(30)),
        ("unsorted-early", None, Some(10)),
        ("second", Some(2), Some(5)),
        ("tie-b", Some(1), Some(7)),
        ("tie-a", Some(1), Some(7)),
        ("undated", Some(1), None),
    ] {
        add_usable(&db, id);
        db.execute(
            "UPDATE providers SET sort_index = ?2, created_at = ?3 WHERE id = ?1",
            params![id, sort_index, created_at],
        )
        .expect("an order");
    }
    assert_eq!(ids(&home.load()), ["undated", "tie-a", "tie-b", "second", "unsorted-early", "unsorted-late"]);
}

#[test]
fn values_of_the_wrong_type_never_hide_other_rows() {
    let home = Home::new();
    let db = home.database();
    db.execute_batch("DROP TABLE providers; CREATE TABLE providers (id, app_type, name, settings_config, meta, category, sort_index, created_at, is_current)")
        .expect("a table without types or keys");
    let row = "INSERT INTO providers VALUES (?1, 'claude', ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let settings = direct().to_string();
    db.execute(row, params![42, 7, settings, 1, 2.5, "3", "x", "1"]).expect("numbers for texts");
    db.execute(row, params!["blob", b"\xffname", settings.as_bytes(), b"\xff", 0, 1.0, b"x", 1.0])
        .expect("blobs");
    db.execute(row, params!["bad-utf8", "n", b"{\"env\": \xff}", None::<u8>, 0, 2, 0, 0]).expect("no UTF-8");
    db.execute(
        row,
        params!["nulls", None::<u8>, None::<u8>, None::<u8>, None::<u8>, 4, None::<u8>, None::<u8>],
    )
    .expect("nulls");
    db.execute(row, params![None::<u8>, "no id", settings, "{}", 0, 5, 0, 0]).expect("no id");
    db.execute(row, params!["", "empty id", settings, "{}", 0, 5, 0, 0]).expect("an empty id");
    db.execute(row, params!["number", "n", 5, "{}", 0, 6, 0, 0]).expect("a number for settings");
    db.execute(row, params!["good", "good", settings, "{}", 0, 7, 0, 0]).expect("a good one");
    db.execute(row, params!["good", "again", settings, "{}", 0, 8, 0, 0]).expect("the same id");
    let store = home.load();
    assert_eq!(ids(&store), ["blob", "bad-utf8", "42", "nulls", "number", "good"]);
    let usable: Vec<_> =
        store.profiles.iter().filter(|p| p.usability.is_usable()).map(|p| p.id.as_str()).collect();
    assert_eq!(usable, ["blob", "42", "good"]);
    assert_eq!(store.find("nulls").expect("listed").name, "nulls", "the id stands for a name");
    assert_eq!(store.find("good").expect("listed").name, "good");
    assert_eq!(store.current().map(|profile| profile.id.as_str()), Some("blob"));
    assert_eq!(store.warnings.len(), 4, "two without id, one double, one bad note: {:?}", store.warnings);
}

#[test]
fn oversized_values_are_not_loaded() {
    let home = Home::new();
    let db = home.database();
    let mut huge = direct();
    huge["env"]["FILL"] = json!("x".repeat(300_000));
    add(&db, "huge", &"n".repeat(300_000), &huge, &json!({}));
    add_usable(&db, "good");
    let store = home.load();
    assert_eq!(ids(&store), ["good", "huge"]);
    assert_eq!(store.profiles[1].name, "huge");
    assert!(!store.profiles[1].usability.is_usable());
}

#[test]
fn more_rows_than_any_user_has_are_cut_with_a_warning() {
    let home = Home::new();
    let db = home.database();
    db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
         INSERT INTO providers (id, app_type, name, settings_config) SELECT 'p' || i, 'claude', 'p', ?1 FROM n",
        [direct().to_string()],
    )
    .expect("rows");
    let store = home.load();
    assert_eq!((store.profiles.len(), store.warnings.len()), (1000, 1));
}

#[test]
fn missing_tables_are_no_trouble() {
    let home = Home::new();
    let db = home.database();
    add_usable(&db, "a");
    db.execute_batch("DROP TABLE provider_endpoints; DROP TABLE settings; DROP TABLE provider_health; DROP TABLE model_pricing")
        .expect("only the providers");
    assert_eq!(ids(&home.load()), ["a"]);
    assert!(home.load().warnings.is_empty());
}

#[test]
fn a_planted_view_is_not_asked() {
    let home = Home::new();
    let db = home.database();
    add_usable(&db, "a");
    // It never yields a row and never ends.
    db.execute_batch(
        "DROP TABLE model_pricing;
         CREATE VIEW model_pricing AS WITH RECURSIVE n(model_id) AS (SELECT 1 UNION ALL SELECT model_id FROM n)
            SELECT model_id, '1' AS input_cost_per_million FROM n WHERE model_id > 1;",
    )
    .expect("a view");
    let store = home.load();
    assert_eq!(ids(&store), ["a"]);
    assert!(store.profiles[0].prices.is_empty());
}

#[test]
fn tables_of_another_shape_are_named_in_a_warning() {
    let home = Home::new();
    let db = home.database();
    add_usable(&db, "a");
    db.execute_batch(
        "DROP TABLE provider_endpoints; CREATE TABLE provider_endpoints (provider_id TEXT, link TEXT)",
    )
    .expect("another shape");
    let store = home.load();
    assert_eq!(ids(&store), ["a"]);
    assert!(store.warnings[0].contains("provider_endpoints"), "{:?}", store.warnings);
}

#[test]
fn a_store_without_providers_leaves_claude_codes_own_login() {
    let home = Home::new();
    let file = home.write(".cc-switch/cc-switch.db", "");
    let store = home.load();
    assert_eq!(store.origin, Origin::Database(file));
    assert_eq!(ids(&store), ["claude-login"]);
    assert_eq!(store.warnings.len(), 2, "{:?}", store.warnings);
}

#[test]
fn a_file_that_is_no_database_is_refused_with_its_path() {
    let home = Home::new();
    home.write(".cc-switch/cc-switch.db", "this is no database, and long enough to be one".repeat(100));
    let file = home.path().join(".cc-switch").join("cc-switch.db");
    let error = load(&home.locations()).expect_err("no database");
    assert!(matches!(error, ProfileError::Database { .. }));
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

#[test]
fn a_damaged_page_costs_only_what_is_behind_it() {
    let home = Home::new();
    let db = home.database();
    let mut settings = direct();
    settings["env"]["FILL"] = json!("x".repeat(1500));
    for index in 0..60 {
        add(&db, &format!("p{index:02}"), "p", &settings, &json!({}));
    }
    let page_size: u32 = db.query_row("PRAGMA page_size", [], |row| row.get(0)).expect("a size");
    let page_size = page_size as usize;
    drop(db);
    let file = home.path().join(".cc-switch/cc-switch.db");
    let mut bytes = fs::read(&file).expect("the database");
    let page = bytes.windows(10).position(|text| text == b"p40claudep").expect("its row") / page_size;
    bytes[page * page_size..(page + 1) * page_size].fill(0xff);
    fs::write(&file, bytes).expect("the damage");
    let store = home.load();
    assert!((10..60).contains(&store.profiles.len()), "{}", store.profiles.len());
    assert!(store.profiles.iter().all(|profile| profile.usability.is_usable()));
    assert_eq!(store.warnings.len(), 1, "{:?}", store.warnings);
    assert!(store.worker_settings("p00", None).is_ok_and(|settings| settings.secrets == [KEY]));
}
