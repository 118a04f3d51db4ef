//! A CC Switch store with what the product reads of it, laid out as its schema 17 has it.

use std::{fs, path::Path};

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

/// One provider of the store.
#[derive(Clone, Debug)]
pub struct Profile {
    id: String,
    name: String,
    env: Map<String, Value>,
    current: bool,
    /// USD a million tokens, in and out.
    price: Option<[f64; 2]>,
}

impl Profile {
    /// A usable provider with a model; no request is ever sent to it.
    #[must_use]
    pub fn new(id: &str, name: &str, model: &str) -> Self {
        let env = json!({
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:9/anthropic",
            "ANTHROPIC_AUTH_TOKEN": format!("sk-planted-for-tests-{id}"),
            "ANTHROPIC_MODEL": model,
        });
        let Value::Object(env) = env else { unreachable!("an object literal") };
        Self { id: id.into(), name: name.into(), env, current: false, price: None }
    }

    /// With this key instead of a made-up one.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.env("ANTHROPIC_AUTH_TOKEN", key)
    }

    /// With one more variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// With its model's price in CC Switch's list, USD a million tokens.
    #[must_use]
    pub fn price(mut self, input: f64, output: f64) -> Self {
        self.price = Some([input, output]);
        self
    }

    /// Switched on in CC Switch.
    #[must_use]
    pub fn current(mut self) -> Self {
        self.current = true;
        self
    }
}

const SCHEMA: &str = "
    PRAGMA user_version = 17;
    CREATE TABLE providers (
        id TEXT NOT NULL, app_type TEXT NOT NULL, name TEXT NOT NULL, settings_config TEXT NOT NULL, website_url TEXT,
        category TEXT, created_at INTEGER, sort_index INTEGER, notes TEXT, icon TEXT, icon_color TEXT,
        meta TEXT NOT NULL DEFAULT '{}', is_current BOOLEAN NOT NULL DEFAULT 0,
        in_failover_queue BOOLEAN NOT NULL DEFAULT 0, cost_multiplier TEXT NOT NULL DEFAULT '1.0',
        limit_daily_usd TEXT, limit_monthly_usd TEXT, provider_type TEXT, PRIMARY KEY (id, app_type));
    CREATE TABLE provider_endpoints (
        id INTEGER PRIMARY KEY AUTOINCREMENT, provider_id TEXT NOT NULL, app_type TEXT NOT NULL, url TEXT NOT NULL,
        added_at INTEGER);
    CREATE TABLE provider_health (
        provider_id TEXT NOT NULL, app_type TEXT NOT NULL, is_healthy INTEGER NOT NULL DEFAULT 1,
        consecutive_failures INTEGER NOT NULL DEFAULT 0, last_success_at TEXT, last_failure_at TEXT, last_error TEXT,
        updated_at TEXT NOT NULL, PRIMARY KEY (provider_id, app_type));
    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT);
    CREATE TABLE model_pricing (
        model_id TEXT PRIMARY KEY, display_name TEXT NOT NULL, input_cost_per_million TEXT NOT NULL,
        output_cost_per_million TEXT NOT NULL, cache_read_cost_per_million TEXT NOT NULL DEFAULT '0',
        cache_creation_cost_per_million TEXT NOT NULL DEFAULT '0');
";

/// Writes a store into a folder, in place of any that is there.
pub(crate) fn write(folder: &Path, profiles: &[Profile]) {
    fs::create_dir_all(folder).expect("a folder for the store");
    let path = folder.join("cc-switch.db");
    let _ = fs::remove_file(&path);
    let mut store = Connection::open(path).expect("a new database");
    store.execute_batch(SCHEMA).expect("the schema");
    let rows = store.transaction().expect("a transaction");
    for (index, profile) in (0_i64..).zip(profiles) {
        rows.execute(
            "INSERT INTO providers (id, app_type, name, settings_config, category, created_at, sort_index, is_current)
             VALUES (?1, 'claude', ?2, ?3, 'third_party', 1755000000000 + ?4, ?4, ?5)",
            params![profile.id, profile.name, json!({ "env": profile.env }).to_string(), index, profile.current],
        )
        .expect("a provider");
        if let Some([input, output]) = profile.price {
            let model = profile.env["ANTHROPIC_MODEL"].as_str().expect("a model");
            rows.execute(
                "INSERT INTO model_pricing (model_id, display_name, input_cost_per_million, output_cost_per_million)
                 VALUES (?1, ?1, ?2, ?3)",
                params![model, input.to_string(), output.to_string()],
            )
            .expect("a price");
        }
    }
    rows.commit().expect("a commit");
}
