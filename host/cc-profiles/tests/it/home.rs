//! A home directory of its own, and stores as the versions of CC Switch have laid them out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cc_profiles::{Locations, ProfileStore, load};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A home directory, removed when dropped.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its folder");
        fs::write(&path, content).expect("the file");
        path
    }

    pub(crate) fn locations(&self) -> Locations {
        Locations { ccswitch_home: None, user_home: self.path().to_owned() }
    }

    pub(crate) fn load(&self) -> ProfileStore {
        load(&self.locations()).expect("a store")
    }

    /// A new database of today's schema in the usual place.
    pub(crate) fn database(&self) -> Connection {
        self.database_in(".cc-switch", Schema::V17)
    }

    pub(crate) fn database_in(&self, folder: &str, schema: Schema) -> Connection {
        let folder = self.path().join(folder);
        fs::create_dir_all(&folder).expect("its folder");
        let connection = Connection::open(folder.join("cc-switch.db")).expect("a database");
        schema.create(&connection);
        connection
    }
}

/// What differs between the versions, as far as a reader can notice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Schema {
    /// Providers, their endpoints and the settings.
    V1,
    /// Four columns more, which the application never writes.
    V2,
    /// Health and prices.
    V6,
    V17,
    /// With columns and tables nobody knows yet.
    V18,
    /// A fork: an odd number, and hardly a column.
    Fork,
}

impl Schema {
    pub(crate) const ALL: [Self; 6] = [Self::V1, Self::V2, Self::V6, Self::V17, Self::V18, Self::Fork];

    fn create(self, db: &Connection) {
        let more = match self {
            Self::V1 => "",
            Self::V18 => ", cost_multiplier TEXT DEFAULT '9', provider_type TEXT, vault_ref BLOB, tags TEXT",
            _ => {
                ", cost_multiplier TEXT DEFAULT '9', limit_daily_usd TEXT, limit_monthly_usd TEXT, provider_type TEXT"
            }
        };
        let rest = "website_url TEXT, category TEXT, created_at INTEGER, sort_index INTEGER, notes TEXT, icon TEXT,
            icon_color TEXT, meta TEXT, is_current BOOLEAN NOT NULL DEFAULT 0, in_failover_queue BOOLEAN DEFAULT 0";
        let rest = if self == Self::Fork { "meta TEXT" } else { rest };
        db.execute_batch(&format!(
            "CREATE TABLE providers (id TEXT NOT NULL, app_type TEXT NOT NULL, name TEXT, settings_config TEXT,
                {rest}{more}, PRIMARY KEY (id, app_type));
             PRAGMA user_version = {};",
            match self {
                Self::V1 => 1,
                Self::V2 => 2,
                Self::V6 => 6,
                Self::V17 => 17,
                Self::V18 => 18,
                Self::Fork => 9001,
            }
        ))
        .expect("providers");
        if self != Self::Fork {
            db.execute_batch(
                "CREATE TABLE provider_endpoints (id INTEGER PRIMARY KEY, provider_id TEXT, app_type TEXT, url TEXT);
                 CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT);",
            )
            .expect("endpoints and settings");
        }
        if matches!(self, Self::V6 | Self::V17 | Self::V18) {
            db.execute_batch(
                "CREATE TABLE provider_health (provider_id TEXT, app_type TEXT, is_healthy INTEGER,
                    consecutive_failures INTEGER, last_error TEXT, PRIMARY KEY (provider_id, app_type));
                 CREATE TABLE model_pricing (model_id TEXT PRIMARY KEY, input_cost_per_million TEXT,
                    output_cost_per_million TEXT, cache_read_cost_per_million TEXT,
                    cache_creation_cost_per_million TEXT);",
            )
            .expect("health and prices");
        }
    }
}

/// Adds a claude provider; any schema has these columns.
pub(crate) fn add(db: &Connection, id: &str, name: &str, settings: &Value, meta: &Value) {
    db.execute(
        "INSERT INTO providers (id, app_type, name, settings_config, meta) VALUES (?1, 'claude', ?2, ?3, ?4)",
        params![id, name, settings.to_string(), meta.to_string()],
    )
    .expect("a provider");
}

/// Adds a usable one.
pub(crate) fn add_usable(db: &Connection, id: &str) {
    add(db, id, id, &direct(), &json!({}));
}

pub(crate) fn direct() -> Value {
    json!({"env": {"ANTHROPIC_BASE_URL": "https://api.example", "ANTHROPIC_AUTH_TOKEN": KEY, "ANTHROPIC_MODEL": "m-1"}})
}

pub(crate) const KEY: &str = "sk-fake-0123456789";

pub(crate) fn ids(store: &ProfileStore) -> Vec<&str> {
    store.profiles.iter().map(|profile| profile.id.as_str()).collect()
}
