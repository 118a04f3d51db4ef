//! The tables of CC Switch's database.
//!
//! Columns are probed, never versions: the schema has had eighteen, and forks carry odd numbers. A row or a table
//! that cannot be read becomes a warning, and never hides another.

use std::collections::HashMap;

use cc_domain::{ModelPrice, ProfileHealth};
use rusqlite::{Connection, ErrorCode, Row, types::ValueRef};
use serde_json::Value;

use crate::{
    prices::PriceList,
    raw::{RawProvider, RawStore, parse_json},
};

/// Rows of one table, far above any real store.
const MAX_ROWS: usize = 1000;
/// Bytes of one text; a provider's settings are some thousand.
const MAX_TEXT: usize = 256 << 10;

/// Everything of interest, in one go.
///
/// # Errors
/// When SQLite cannot read the table of providers at all.
pub(crate) fn read_all(connection: &Connection) -> rusqlite::Result<RawStore> {
    let mut store = RawStore::default();
    read_providers(connection, &mut store)?;
    let read = Optional { connection };
    store.common_config = read.common_config(&mut store.warnings);
    store.endpoints = read.endpoints(&mut store.warnings);
    store.health = read.health(&mut store.warnings);
    store.prices = read.prices(&mut store.warnings);
    Ok(store)
}

const PROVIDERS: Table = Table {
    name: "providers",
    columns: &["id", "name", "settings_config", "meta", "category", "sort_index", "created_at", "is_current"],
    filter: "app_type = 'claude'",
};

fn read_providers(connection: &Connection, store: &mut RawStore) -> rusqlite::Result<()> {
    let Some(sql) = PROVIDERS.query(connection)? else {
        store.warnings.push("CC Switch's database has no table of providers".into());
        return Ok(());
    };
    let warnings = &mut store.warnings;
    let providers = &mut store.providers;
    let broken_off = for_each_row(connection, &sql, |row| match provider(row, warnings) {
        Some(provider) => providers.push(provider),
        None => warnings.push("a provider without an id was left out".into()),
    })?;
    if store.providers.len() >= MAX_ROWS {
        store.warnings.push(format!("only the first {MAX_ROWS} providers were read"));
    }
    match broken_off {
        Some(error) if store.providers.is_empty() => Err(error),
        Some(error) => {
            store.warnings.push(format!(
                "some providers could not be read ({error}); open CC Switch to check its database"
            ));
            Ok(())
        }
        None => Ok(()),
    }
}

fn provider(row: &Row<'_>, warnings: &mut Vec<String>) -> Option<RawProvider> {
    let id = text(row, 0).filter(|id| !id.is_empty())?;
    let meta = text(row, 3).map_or(Ok(Value::Null), |meta| parse_json(&meta)).unwrap_or_else(|why| {
        warnings.push(format!("the notes of provider {id:?} were ignored: they are {why}"));
        Value::Null
    });
    Some(RawProvider {
        name: text(row, 1).filter(|name| !name.trim().is_empty()).unwrap_or_else(|| id.clone()),
        settings: settings(row),
        meta,
        category: text(row, 4),
        sort_index: integer(row, 5),
        created_at: integer(row, 6),
        is_current: integer(row, 7) == Some(1),
        id,
    })
}

fn settings(row: &Row<'_>) -> Result<Value, String> {
    let text = match row.get_ref(2) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => std::str::from_utf8(bytes),
        _ => return Err("its settings are missing, no text, or far too long".into()),
    };
    parse_json(text.map_err(|_| "its settings are not UTF-8 text")?)
        .map_err(|why| format!("its settings are {why}"))
}

/// The tables that may be absent.
struct Optional<'a> {
    connection: &'a Connection,
}

impl Optional<'_> {
    fn common_config(&self, warnings: &mut Vec<String>) -> Option<String> {
        let table = Table { name: "settings", columns: &["value"], filter: "key = 'common_config_claude'" };
        let mut found = None;
        self.collect(&table, warnings, |row| found = text(row, 0));
        found
    }

    fn endpoints(&self, warnings: &mut Vec<String>) -> HashMap<String, Vec<String>> {
        let table = Table {
            name: "provider_endpoints",
            columns: &["provider_id", "url"],
            filter: "app_type = 'claude'",
        };
        let mut found: HashMap<String, Vec<String>> = HashMap::new();
        self.collect(&table, warnings, |row| {
            if let (Some(id), Some(url)) = (text(row, 0), text(row, 1)) {
                found.entry(id).or_default().push(url);
            }
        });
        found
    }

    fn health(&self, warnings: &mut Vec<String>) -> HashMap<String, ProfileHealth> {
        let table = Table {
            name: "provider_health",
            columns: &["provider_id", "is_healthy", "consecutive_failures", "last_error"],
            filter: "app_type = 'claude'",
        };
        let mut found = HashMap::new();
        self.collect(&table, warnings, |row| {
            if let (Some(id), Some(healthy)) = (text(row, 0), integer(row, 1)) {
                let failures = u32::try_from(integer(row, 2).unwrap_or(0).max(0)).unwrap_or(u32::MAX);
                let last_error = text(row, 3).filter(|error| !error.is_empty());
                found.insert(
                    id,
                    ProfileHealth { healthy: healthy != 0, consecutive_failures: failures, last_error },
                );
            }
        });
        found
    }

    fn prices(&self, warnings: &mut Vec<String>) -> PriceList {
        let table = Table {
            name: "model_pricing",
            columns: &[
                "model_id",
                "input_cost_per_million",
                "output_cost_per_million",
                "cache_read_cost_per_million",
                "cache_creation_cost_per_million",
            ],
            filter: "TRUE",
        };
        let mut found = PriceList::default();
        self.collect(&table, warnings, |row| {
            if let Some(price) = price(row) {
                found.add(price);
            }
        });
        found
    }

    fn collect(&self, table: &Table, warnings: &mut Vec<String>, each: impl FnMut(&Row<'_>)) {
        let outcome = table
            .query(self.connection)
            .and_then(|sql| sql.map_or(Ok(None), |sql| for_each_row(self.connection, &sql, each)));
        if let Ok(Some(error)) | Err(error) = outcome {
            warnings.push(format!("CC Switch's table {} could not be read in full: {error}", table.name));
        }
    }
}

fn price(row: &Row<'_>) -> Option<ModelPrice> {
    Some(ModelPrice {
        model: text(row, 0)?,
        input: decimal(row, 1)?,
        output: decimal(row, 2)?,
        cache_read: decimal(row, 3).unwrap_or(0.0),
        cache_write: decimal(row, 4).unwrap_or(0.0),
    })
}

/// Real tables only: CC Switch has no views, and one that somebody planted could compute for ever.
const COLUMNS: &str = "SELECT name FROM pragma_table_info(?1)
    WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";

/// A table, the columns wanted of it, and which rows.
struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    filter: &'static str,
}

impl Table {
    /// The query for what is there; none when the table, or its first column, is not. Oversized values read as NULL,
    /// without being loaded.
    fn query(&self, connection: &Connection) -> rusqlite::Result<Option<String>> {
        let present = connection
            .prepare(COLUMNS)?
            .query_map([self.name], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let has = |column: &str| present.iter().any(|name| name.eq_ignore_ascii_case(column));
        if self.columns.first().is_none_or(|key| !has(key)) {
            return Ok(None);
        }
        let column = |name: &&str| match has(name) {
            true => format!("CASE WHEN octet_length({name}) <= {MAX_TEXT} THEN {name} END"),
            false => "NULL".to_owned(),
        };
        let columns = self.columns.iter().map(column).collect::<Vec<_>>().join(", ");
        Ok(Some(format!("SELECT {columns} FROM {} WHERE {} LIMIT {MAX_ROWS}", self.name, self.filter)))
    }
}

/// Hands over row after row. A damaged page ends it early, with the error; what was read until then stands.
fn for_each_row(
    connection: &Connection,
    sql: &str,
    mut each: impl FnMut(&Row<'_>),
) -> rusqlite::Result<Option<rusqlite::Error>> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    loop {
        match rows.next() {
            Ok(Some(row)) => each(row),
            Ok(None) => return Ok(None),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                return Ok(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whatever the column's declared type, the value is what somebody stored.
fn text(row: &Row<'_>, index: usize) -> Option<String> {
    match row.get_ref(index).ok()? {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

fn integer(row: &Row<'_>, index: usize) -> Option<i64> {
    match row.get_ref(index).ok()? {
        ValueRef::Integer(number) => Some(number),
        #[allow(clippy::cast_possible_truncation)]
        ValueRef::Real(number) => Some(number as i64),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

/// Prices are decimals kept as text.
fn decimal(row: &Row<'_>, index: usize) -> Option<f64> {
    let number: f64 = text(row, index)?.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}
