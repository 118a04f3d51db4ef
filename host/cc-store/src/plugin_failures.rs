//! How often plugins failed in a row, counted over all processes of a home.

use cc_domain::PluginRef;
use jiff::Timestamp;
use rusqlite::params;

use crate::{Result, Store};

/// A plugin that failed the last time it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginFailures {
    /// Its layer's name.
    pub layer: String,
    /// Its id.
    pub id: String,
    /// sha256 of the bytes that failed.
    pub digest: String,
    /// In a row, without an answer between.
    pub failures: u32,
    /// What it did the last time.
    pub reason: String,
    /// When that was. RFC 3339, UTC.
    pub at: String,
}

impl PluginFailures {
    /// Whether these are the failures of exactly this plugin.
    #[must_use]
    pub fn are_of(&self, plugin: &PluginRef) -> bool {
        self.layer == plugin.layer.as_str() && self.id == plugin.id && self.digest == plugin.digest
    }
}

impl Store {
    /// Counts a failure; how many it are in a row now.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn plugin_failed(&self, plugin: &PluginRef, reason: &str) -> Result<u32> {
        self.sql("count a plugin's failure", |db| {
            db.query_row(
                "INSERT INTO plugin_failures (layer, id, digest, failures, reason, at) VALUES (?1, ?2, ?3, 1, ?4, ?5)
                 ON CONFLICT (layer, id, digest)
                 DO UPDATE SET failures = failures + 1, reason = excluded.reason, at = excluded.at
                 RETURNING failures",
                params![plugin.layer.as_str(), plugin.id, plugin.digest, reason, Timestamp::now().to_string()],
                |row| row.get(0),
            )
        })
    }

    /// Ends the row of failures: the plugin answered.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn plugin_answered(&self, plugin: &PluginRef) -> Result<()> {
        self.sql("end a plugin's failures", |db| {
            db.execute(
                "DELETE FROM plugin_failures WHERE layer = ?1 AND id = ?2 AND digest = ?3",
                params![plugin.layer.as_str(), plugin.id, plugin.digest],
            )
        })
        .map(drop)
    }

    /// Forgets the failures of a plugin in every layer; whether there were any.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn forgive_plugin(&self, id: &str) -> Result<bool> {
        self.sql("forget a plugin's failures", |db| {
            db.execute("DELETE FROM plugin_failures WHERE id = ?1", [id])
        })
        .map(|rows| rows > 0)
    }

    /// Every plugin that failed the last time it was asked.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn plugin_failures(&self) -> Result<Vec<PluginFailures>> {
        self.sql("list failing plugins", |db| {
            let mut select =
                db.prepare("SELECT layer, id, digest, failures, reason, at FROM plugin_failures")?;
            let rows = select.query_map([], |row| {
                Ok(PluginFailures {
                    layer: row.get(0)?,
                    id: row.get(1)?,
                    digest: row.get(2)?,
                    failures: row.get(3)?,
                    reason: row.get(4)?,
                    at: row.get(5)?,
                })
            })?;
            rows.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use cc_domain::Layer;

    use super::*;
    use crate::Home;

    #[test]
    fn failures_are_counted_in_a_row_and_by_bytes_over_all_connections() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Store::open(&Home::at(folder.path())).unwrap();
        let of = |digest: &str| PluginRef {
            id: "acme.router".into(),
            version: "1.0.0".into(),
            digest: digest.into(),
            layer: Layer::User,
        };
        let (one, two, old, new) = (open(), open(), of("aa"), of("bb"));
        assert_eq!(one.plugin_failed(&old, "it trapped").unwrap(), 1);
        assert_eq!(two.plugin_failed(&old, "it was slow").unwrap(), 2);
        assert_eq!(two.plugin_failed(&new, "it trapped").unwrap(), 1, "other bytes start anew");
        let all = one.plugin_failures().unwrap();
        let found = all.iter().find(|row| row.are_of(&old)).unwrap();
        assert_eq!((found.failures, found.reason.as_str()), (2, "it was slow"));
        two.plugin_answered(&old).unwrap();
        assert_eq!(one.plugin_failed(&old, "again").unwrap(), 1);
        assert!(one.forgive_plugin("acme.router").unwrap());
        assert!(!one.forgive_plugin("acme.router").unwrap());
        assert_eq!(two.plugin_failures().unwrap(), []);
    }
}
