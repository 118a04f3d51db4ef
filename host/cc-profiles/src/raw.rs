//! What a store holds, whichever its form.

use std::collections::HashMap;

use cc_domain::ProfileHealth;
use serde_json::Value;

use crate::prices::PriceList;

/// A whole store, unjudged. Holds credentials, so it is not `Debug`.
#[derive(Default)]
pub(crate) struct RawStore {
    pub(crate) providers: Vec<RawProvider>,
    /// The user's common config, JSON text.
    pub(crate) common_config: Option<String>,
    /// By provider id.
    pub(crate) endpoints: HashMap<String, Vec<String>>,
    /// By provider id.
    pub(crate) health: HashMap<String, ProfileHealth>,
    pub(crate) prices: PriceList,
    /// What could not be read, a sentence each.
    pub(crate) warnings: Vec<String>,
}

/// One provider.
pub(crate) struct RawProvider {
    pub(crate) id: String,
    pub(crate) name: String,
    /// A Claude Code settings file, or why it cannot be read, in a sentence.
    pub(crate) settings: Result<Value, String>,
    /// CC Switch's own notes; an empty object when they cannot be read.
    pub(crate) meta: Value,
    pub(crate) category: Option<String>,
    pub(crate) sort_index: Option<i64>,
    pub(crate) created_at: Option<i64>,
    pub(crate) is_current: bool,
}

impl RawProvider {
    /// Sorts as the application lists them: those never moved by hand last.
    pub(crate) fn app_order(&self) -> (i64, Option<i64>, &str) {
        (self.sort_index.unwrap_or(999_999), self.created_at, &self.id)
    }
}

/// Parses JSON text; the error names the place and nothing of the content, which may be a key.
pub(crate) fn parse_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("not valid JSON from line {}, column {} on", error.line(), error.column()))
}
