//! SQL that the worker wrote, run on hidden data in a database in memory.
//!
//! It is foreign code: it gets no file, no further database and no extension, and a bounded number of steps, so that
//! neither an endless query nor a hostile one does harm.

use std::cell::Cell;

use rusqlite::{
    Batch, Connection,
    fallible_iterator::FallibleIterator as _,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    types::ValueRef,
};
use serde::Deserialize;

use super::{Seen, Verdict};
use crate::Prepared;

/// Steps of SQLite's machine between two looks, and looks in all: some seconds of work.
const STEPS: i32 = 1_000_000;
const LOOKS: u32 = 300;
const MOST_ROWS: usize = 10_000;
const MOST_CELL: i32 = 1 << 20;
/// Pages of 4 KiB.
const MOST_PAGES: u32 = 16_384;
/// Numbers that differ by less are the same: sums may be made in another order.
const SAME: f64 = 1e-6;

/// Runs `steps` in order and looks at rows: those of `query`, or of the last statement of the last step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlCheck {
    /// Files: `hidden/…` of the task, `repo/…` as the worker left it.
    steps: Vec<String>,
    query: Option<String>,
    /// Exactly these rows.
    rows: Option<Vec<Vec<toml::Value>>>,
    /// The rows that these steps give instead.
    like: Option<Vec<String>>,
    /// No rows at all, or some.
    empty: Option<bool>,
    /// Their order counts.
    #[serde(default)]
    ordered: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Datum {
    Null,
    Number(f64),
    Text(String),
}

type Rows = Vec<Vec<Datum>>;

impl SqlCheck {
    pub(super) fn problem(&self, prepared: &Prepared) -> Option<String> {
        let kinds = [self.rows.is_some(), self.like.is_some(), self.empty.is_some()];
        if kinds.iter().filter(|set| **set).count() != 1 {
            return Some("needs exactly one of 'rows', 'like' and 'empty'".into());
        }
        if self.steps.is_empty() || self.like.as_ref().is_some_and(Vec::is_empty) {
            return Some("'steps' and 'like' name at least one file".into());
        }
        let unknown = self.steps.iter().chain(self.like.iter().flatten()).find(|step| {
            let hidden = step.strip_prefix("hidden/").map(|name| prepared.hidden.text(name).is_some());
            !hidden.unwrap_or_else(|| step.starts_with("repo/"))
        });
        if let Some(step) = unknown {
            return Some(format!("step '{step}' is neither a file of hidden/ nor in repo/"));
        }
        let cells = self.rows.iter().flatten().flatten();
        let strange = cells.into_iter().find(|value| Datum::of(value).is_none());
        strange.map(|value| format!("a row holds {value}; use texts and numbers"))
    }

    pub(super) fn judge(&self, seen: &Seen<'_>) -> Verdict {
        let found = match self.run(&self.steps, seen) {
            Ok(rows) => rows,
            Err(reason) => return (false, reason),
        };
        if let Some(empty) = self.empty {
            return (found.is_empty() == empty, format!("{} rows", found.len()));
        }
        let wanted = match (&self.rows, &self.like) {
            (Some(rows), _) => rows.iter().map(|row| row.iter().filter_map(Datum::of).collect()).collect(),
            (None, like) => match self.run(like.as_deref().unwrap_or_default(), seen) {
                Ok(rows) => rows,
                Err(reason) => return (false, format!("the reference: {reason}")),
            },
        };
        compare(found, wanted, self.ordered)
    }

    fn run(&self, steps: &[String], seen: &Seen<'_>) -> Result<Rows, String> {
        let sources = steps.iter().map(|step| source(step, seen)).collect::<Result<Vec<_>, _>>()?;
        let mut db = Sandbox::open().map_err(|error| error.to_string())?;
        let mut rows = None;
        for (name, text) in steps.iter().zip(sources) {
            rows = db.script(text).map_err(|error| format!("{name}: {error}"))?;
        }
        if let Some(query) = &self.query {
            rows = db.script(query).map_err(|error| format!("the query: {error}"))?;
        }
        rows.ok_or_else(|| format!("{}: its last statement gives no rows", steps.join(", ")))
    }
}

fn source<'a>(step: &str, seen: &Seen<'a>) -> Result<&'a str, String> {
    let found = match (step.strip_prefix("hidden/"), step.strip_prefix("repo/")) {
        (Some(name), _) => seen.prepared.hidden.text(name),
        (None, Some(name)) => seen.left.files.text(name),
        (None, None) => None,
    };
    found.ok_or_else(|| format!("{step} is not there"))
}

/// A database in memory that reaches nothing else.
struct Sandbox(Connection);

impl Sandbox {
    fn open() -> rusqlite::Result<Self> {
        let mut db = Connection::open_in_memory()?;
        db.pragma_update(None, "max_page_count", MOST_PAGES)?;
        db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        db.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOST_CELL)?;
        db.authorizer(Some(|context: AuthContext<'_>| match context.action {
            // `VACUUM INTO` attaches as well.
            AuthAction::Attach { .. }
            | AuthAction::Detach { .. }
            | AuthAction::Pragma { .. }
            | AuthAction::CreateVtable { .. } => Authorization::Deny,
            AuthAction::Function { function_name }
                if function_name.eq_ignore_ascii_case("load_extension") =>
            {
                Authorization::Deny
            }
            _ => Authorization::Allow,
        }))?;
        let left = Cell::new(LOOKS);
        db.progress_handler(
            STEPS,
            Some(move || {
                left.set(left.get().saturating_sub(1));
                left.get() == 0
            }),
        )?;
        Ok(Self(db))
    }

    /// Runs every statement; the rows of the last one, if it gives any.
    fn script(&mut self, text: &str) -> rusqlite::Result<Option<Rows>> {
        let mut last = None;
        let mut batch = Batch::new(&self.0, text);
        while let Some(mut statement) = batch.next()? {
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            let mut found = Rows::new();
            while let Some(row) = rows.next()? {
                if found.len() < MOST_ROWS {
                    found.push(
                        (0..columns).map(|i| row.get_ref(i).map(Datum::read)).collect::<Result<_, _>>()?,
                    );
                }
            }
            last = (columns > 0).then_some(found);
        }
        Ok(last)
    }
}

impl Datum {
    fn of(value: &toml::Value) -> Option<Self> {
        Some(match value {
            toml::Value::String(text) => Self::Text(text.clone()),
            #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody compares rows")]
            toml::Value::Integer(number) => Self::Number(*number as f64),
            toml::Value::Float(number) => Self::Number(*number),
            _ => return None,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody compares rows")]
    fn read(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Number(number as f64),
            ValueRef::Real(number) => Self::Number(number),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Self::Text(String::from_utf8_lossy(bytes).into_owned())
            }
        }
    }

    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => (a - b).abs() <= SAME * a.abs().max(1.0),
            (a, b) => a == b,
        }
    }

    /// For an order that nearly equal numbers do not disturb.
    fn key(&self) -> String {
        match self {
            Self::Number(number) => format!("{number:.4}"),
            other => other.told(),
        }
    }

    fn told(&self) -> String {
        match self {
            Self::Null => "NULL".into(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("{text:?}"),
        }
    }
}

fn compare(mut found: Rows, mut wanted: Rows, ordered: bool) -> Verdict {
    if !ordered {
        let key = |row: &Vec<Datum>| row.iter().map(Datum::key).collect::<Vec<_>>();
        found.sort_by_cached_key(key);
        wanted.sort_by_cached_key(key);
    }
    let same =
        |(a, b): (&Vec<Datum>, &Vec<Datum>)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b));
    let differs = found.iter().zip(&wanted).position(|pair| !same(pair));
    let told = |rows: &Rows, at: usize| {
        let row = rows.get(at).map(|row| row.iter().map(Datum::told).collect::<Vec<_>>().join(", "));
        row.map_or_else(|| "no row".into(), |row| format!("({row})"))
    };
    let at = differs.unwrap_or_else(|| found.len().min(wanted.len()));
    if differs.is_none() && found.len() == wanted.len() {
        return (true, format!("{} rows as expected", found.len()));
    }
    (false, format!("row {}: {} instead of {}", at + 1, told(&found, at), told(&wanted, at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Option<Rows>, String> {
        Sandbox::open().unwrap().script(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_last_statement_gives_the_rows() {
        let found =
            rows("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (NULL, 2.5); SELECT * FROM t;");
        let expected =
            vec![vec![Datum::Number(1.0), Datum::Text("x".into())], vec![Datum::Null, Datum::Number(2.5)]];
        assert_eq!(found, Ok(Some(expected)));
        assert_eq!(rows("CREATE TABLE t (a)"), Ok(None));
    }

    #[test]
    fn foreign_sql_reaches_no_file_and_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.db").display().to_string();
        for text in [
            format!("ATTACH '{path}' AS x"),
            format!("VACUUM INTO '{path}'"),
            "PRAGMA writable_schema = 1".into(),
            "SELECT load_extension('x')".into(),
            "CREATE VIRTUAL TABLE t USING fts5(a)".into(),
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n".into(),
            "SELECT length(zeroblob(1000000000))".into(),
        ] {
            assert!(rows(&text).is_err(), "{text}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was written");
    }

    #[test]
    fn rows_compare_in_any_order_unless_theirs_counts() {
        let row = |n: f64| vec![Datum::Number(n)];
        let (up, down) = (vec![row(1.0), row(2.0)], vec![row(2.0), row(1.0 + 1e-9)]);
        assert!(compare(up.clone(), down.clone(), false).0);
        assert_eq!(compare(up.clone(), down, true), (false, "row 1: (1) instead of (2)".into()));
        assert_eq!(compare(up, vec![row(1.0)], true), (false, "row 2: (2) instead of no row".into()));
    }
}
