//! `config.json`, CC Switch's store before it had a database.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{
    ProfileError,
    raw::{RawProvider, RawStore},
    snapshot,
};

/// Reads a `config.json` of version 2.
///
/// # Errors
/// When it cannot be read, is of version 1, or is no store.
pub(crate) fn read(path: &Path) -> Result<RawStore, ProfileError> {
    let bad = |detail: String| ProfileError::LegacyFormat { path: path.to_owned(), detail };
    let config: Value = serde_json::from_slice(&snapshot::read_bounded(path)?)
        .map_err(|error| bad(format!("no valid JSON at line {}, column {}", error.line(), error.column())))?;
    let Some(claude) = config.get("claude").and_then(Value::as_object) else {
        // Version 1 kept the providers of its only application at the top.
        return Err(match config.get("providers") {
            Some(_) => ProfileError::LegacyVersion { path: path.to_owned() },
            None => bad("it has no `claude` section".into()),
        });
    };
    let current = claude.get("current").and_then(Value::as_str);
    let mut store = RawStore { common_config: common_config(&config), ..RawStore::default() };
    for (id, provider) in claude.get("providers").and_then(Value::as_object).into_iter().flatten() {
        add(&mut store, id, provider, current);
    }
    Ok(store)
}

fn common_config(config: &Value) -> Option<String> {
    let snippet =
        config.pointer("/common_config_snippets/claude").or(config.get("claude_common_config_snippet"))?;
    snippet.as_str().map(str::to_owned)
}

fn add(store: &mut RawStore, id: &str, provider: &Value, current: Option<&str>) {
    let Some(fields) = provider.as_object() else {
        store.warnings.push(format!("provider {id:?} was left out: its entry is not an object"));
        return;
    };
    let meta = fields.get("meta").cloned().unwrap_or(Value::Null);
    let endpoints = custom_endpoints(&meta);
    if !endpoints.is_empty() {
        store.endpoints.insert(id.to_owned(), endpoints);
    }
    store.providers.push(RawProvider {
        id: id.to_owned(),
        name: text(fields, "name").unwrap_or_else(|| id.to_owned()),
        settings: fields.get("settingsConfig").cloned().ok_or_else(|| "it has no settings".to_owned()),
        meta,
        category: text(fields, "category"),
        sort_index: fields.get("sortIndex").and_then(Value::as_i64),
        created_at: fields.get("createdAt").and_then(Value::as_i64),
        is_current: current == Some(id),
    });
}

fn text(fields: &Map<String, Value>, key: &str) -> Option<String> {
    fields.get(key)?.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// The URLs, the oldest first as the database has them.
fn custom_endpoints(meta: &Value) -> Vec<String> {
    let mut found: Vec<(Option<i64>, String)> = meta
        .get("custom_endpoints")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(url, entry)| (entry.get("addedAt").and_then(Value::as_i64), url.clone()))
        .collect();
    found.sort();
    found.into_iter().map(|(_, url)| url).collect()
}
