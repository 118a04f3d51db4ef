//! Sums of the ledger, as people ask for them.

use cc_domain::{Accuracy, RunMode, Usage};
use jiff::{civil::Date, tz::TimeZone};
use rusqlite::{Connection, Row, params};

use crate::{Result, Store};

/// What the sums are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UsageBy {
    Day,
    Model,
    Profile,
    Role,
    Project,
}

/// One sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageSum {
    /// The day, model, profile's id, role or project's folder; empty for the sum of all.
    pub key: String,
    /// The profile's name.
    pub name: Option<String>,
    /// A run's mode where such runs are kept apart; none for work.
    pub apart: Option<String>,
    /// Runs; one that used several models or went on over midnight counts once in each.
    pub runs: u64,
    /// Those that failed, timed out or were lost.
    pub failures: u64,
    /// Those that go on.
    pub active: u64,
    /// Tokens.
    pub usage: Usage,
    /// USD, as far as prices are known.
    pub usd: f64,
    /// USD of each accuracy, in the order of [`Accuracy::ALL`]; of the last one, which has no price, tokens.
    pub by_accuracy: [f64; 4],
}

impl Store {
    /// Sums of the days from `first` to `last`, both included; the most expensive first, days in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn usage(&self, by: UsageBy, first: Date, last: Date) -> Result<Vec<UsageSum>> {
        self.sql("sum up the ledger", |db| sums(db, Some(by), first, last))
    }

    /// The sum of all of them, each run counted once; those that are kept apart, apart.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn usage_in_all(&self, first: Date, last: Date) -> Result<Vec<UsageSum>> {
        self.sql("sum up the ledger", |db| sums(db, None, first, last))
    }
}

fn sums(db: &Connection, by: Option<UsageBy>, first: Date, last: Date) -> rusqlite::Result<Vec<UsageSum>> {
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_millisecond());
    let after = last.tomorrow().map_or(i64::MAX, midnight);
    let values = params![first.to_string(), last.to_string(), midnight(first), after];
    db.prepare(&select(by))?.query_map(values, sum)?.collect()
}

/// Runs without a line used nothing, and still were runs.
fn select(by: Option<UsageBy>) -> String {
    let key = match by {
        None => "''",
        Some(UsageBy::Day) => "used.day",
        Some(UsageBy::Model) => "used.model",
        Some(UsageBy::Profile) => "used.profile_id",
        Some(UsageBy::Role) => "used.role",
        Some(UsageBy::Project) => "used.project",
    };
    let order =
        if by == Some(UsageBy::Day) { "1" } else { "total(used.usd) DESC, total(used.tokens) DESC, 1" };
    let name = if by == Some(UsageBy::Profile) { "max(used.profile_name)" } else { "NULL" };
    let of = |accuracy: Accuracy| {
        format!("total(used.usd) FILTER (WHERE used.accuracy = '{}')", accuracy.as_str())
    };
    format!(
        "SELECT {key}, {name}, iif(used.mode IN ('{apart}'), used.mode, NULL),
             count(DISTINCT used.run_id),
             count(DISTINCT iif(runs.status IN ('failed', 'timed_out', 'lost'), used.run_id, NULL)),
             count(DISTINCT iif(runs.active = 1, used.run_id, NULL)),
             sum(used.input_tokens), sum(used.output_tokens), sum(used.cache_read_tokens),
             sum(used.cache_write_tokens), total(used.usd), {reported}, {priced}, {reckoned},
             total(used.tokens) FILTER (WHERE used.usd IS NULL)
         FROM (
             SELECT run_id, day, model, profile_id, profile_name, role, project, mode, input_tokens, output_tokens,
                 cache_read_tokens, cache_write_tokens, tokens, usd, accuracy
             FROM ledger WHERE day BETWEEN ?1 AND ?2
             UNION ALL
             SELECT run_id, date(started_ms / 1000, 'unixepoch'), coalesce(actual_model, model, ''), profile_id,
                 profile_name, role, workspace_root, mode, 0, 0, 0, 0, 0, NULL, '{none}'
             FROM runs WHERE started_ms >= ?3 AND started_ms < ?4
                 AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.run_id = runs.run_id)
         ) AS used LEFT JOIN runs ON runs.run_id = used.run_id
         GROUP BY 1, 3 ORDER BY {order}",
        apart = RunMode::APART.map(RunMode::as_str).join("', '"),
        reported = of(Accuracy::Reported),
        priced = of(Accuracy::Priced),
        reckoned = of(Accuracy::Reckoned),
        none = Accuracy::Unknown.as_str(),
    )
}

fn sum(row: &Row<'_>) -> rusqlite::Result<UsageSum> {
    let count = |at: usize| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or_default());
    Ok(UsageSum {
        key: row.get(0)?,
        name: row.get(1)?,
        apart: row.get(2)?,
        runs: count(3)?,
        failures: count(4)?,
        active: count(5)?,
        usage: Usage {
            input_tokens: count(6)?,
            output_tokens: count(7)?,
            cache_read_tokens: count(8)?,
            cache_write_tokens: count(9)?,
        },
        usd: row.get(10)?,
        by_accuracy: [row.get(11)?, row.get(12)?, row.get(13)?, row.get(14)?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_apart_are_demo_and_benchmark_runs() {
        assert_eq!(RunMode::APART.map(RunMode::as_str), ["demo", "benchmark"]);
        assert!(select(None).contains("'demo', 'benchmark'"));
    }
}
