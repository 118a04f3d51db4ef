//! Benchmarks: what was to be run, and what came of each repetition.

use std::collections::{BTreeMap, BTreeSet};

use cc_domain::{
    BenchmarkId, BenchmarkResult, BenchmarkScore, CheckResult, Estimate, ResultState, Role, RunId, Usage,
};
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, named_params};
use serde_json::Value;

use crate::{Result, Store, runs::to_sql};

/// Results that are looked at for scores, newest benchmark first: routing must stay quick.
const RESULTS: u32 = 20_000;

/// One benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// Its id.
    pub id: BenchmarkId,
    /// The suite's id.
    pub suite: String,
    /// sha256 of the suite, hex.
    pub suite_digest: String,
    /// Its scores may speak for a model.
    pub ranks: bool,
    /// What is to be run.
    pub plan: Value,
}

impl Store {
    /// Keeps a benchmark, before its first run.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn create_benchmark(&self, benchmark: &Benchmark) -> Result<()> {
        let put = "INSERT INTO benchmarks (benchmark_id, created_ms, suite, suite_digest, ranks, plan)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = (
            benchmark.id.as_str(),
            Timestamp::now().as_millisecond(),
            &benchmark.suite,
            &benchmark.suite_digest,
            benchmark.ranks,
            benchmark.plan.to_string(),
        );
        self.sql("write a benchmark", |db| db.execute(put, values)).map(drop)
    }

    /// A benchmark, if there is one of that id.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn benchmark(&self, id: &BenchmarkId) -> Result<Option<Benchmark>> {
        let select = "SELECT suite, suite_digest, ranks, plan FROM benchmarks WHERE benchmark_id = ?1";
        self.sql("find a benchmark", |db| {
            let found = |row: &Row<'_>| {
                Ok(Benchmark {
                    id: id.clone(),
                    suite: row.get(0)?,
                    suite_digest: row.get(1)?,
                    ranks: row.get(2)?,
                    plan: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
                })
            };
            db.query_row(select, [id.as_str()], found).optional()
        })
    }

    /// Writes a result, or brings it up to date.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn put_benchmark_result(&self, result: &BenchmarkResult) -> Result<()> {
        let put = "INSERT OR REPLACE INTO benchmark_results (benchmark_id, profile_id, profile_name, model,
                actual_model, role, task, repetition, state, score, checks, input_tokens, output_tokens,
                cache_read_tokens, cache_write_tokens, cost_usd, duration_ms, run_id, at, error)
            VALUES (:benchmark_id, :profile_id, :profile_name, :model, :actual_model, :role, :task, :repetition,
                :state, :score, :checks, :input_tokens, :output_tokens, :cache_read_tokens, :cache_write_tokens,
                :cost_usd, :duration_ms, :run_id, :at, :error)";
        self.sql("write a benchmark's result", |db| {
            db.prepare(put)?.execute(named_params! {
                ":benchmark_id": result.benchmark_id.as_str(),
                ":profile_id": result.profile_id,
                ":profile_name": result.profile_name,
                ":model": result.model.as_deref().unwrap_or_default(),
                ":actual_model": result.actual_model,
                ":role": result.role.as_str(),
                ":task": result.task,
                ":repetition": result.repetition,
                ":state": result.state.as_str(),
                ":score": result.score,
                ":checks": serde_json::to_string(&result.checks).unwrap_or_default(),
                ":input_tokens": to_sql(result.usage.input_tokens),
                ":output_tokens": to_sql(result.usage.output_tokens),
                ":cache_read_tokens": to_sql(result.usage.cache_read_tokens),
                ":cache_write_tokens": to_sql(result.usage.cache_write_tokens),
                ":cost_usd": result.cost_usd,
                ":duration_ms": result.duration_ms.map(to_sql),
                ":run_id": result.run_id.as_ref().map(RunId::as_str),
                ":at": result.at,
                ":error": result.error,
            })
        })
        .map(drop)
    }

    /// A benchmark's results so far.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn benchmark_results(&self, id: &BenchmarkId) -> Result<Vec<BenchmarkResult>> {
        let select = "SELECT * FROM benchmark_results WHERE benchmark_id = ?1
                      ORDER BY profile_id, model, task, repetition";
        let rows = self.sql("list a benchmark's results", |db| {
            db.prepare(select)?.query_map([id.as_str()], result)?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// How each model did in each role: what the newest benchmark says that judged it there. A task that a caller
    /// made up says nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn benchmark_scores(&self) -> Result<Vec<BenchmarkScore>> {
        let select = format!(
            "SELECT r.*, b.suite, b.suite_digest FROM benchmark_results r JOIN benchmarks b USING (benchmark_id)
             WHERE r.state = 'judged' AND b.ranks = 1 ORDER BY b.created_ms DESC, b.rowid DESC LIMIT {RESULTS}"
        );
        let rows = self.sql("sum up benchmarks", |db| {
            let read = |row: &Row<'_>| Ok((result(row)?, row.get("suite")?, row.get("suite_digest")?));
            db.prepare(&select)?.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut newest: BTreeMap<(String, Option<String>, Role), Scored> = BTreeMap::new();
        for (result, suite, digest) in rows {
            let Some(result) = result else { continue };
            let key = (result.profile_id.clone(), result.model.clone(), result.role.clone());
            let scored = newest.entry(key).or_insert_with(|| Scored { suite, digest, results: Vec::new() });
            if scored.results.first().is_none_or(|first| first.benchmark_id == result.benchmark_id) {
                scored.results.push(result);
            }
        }
        Ok(newest.into_values().filter_map(Scored::score).collect())
    }
}

/// The results of one model in one role, of one benchmark.
struct Scored {
    suite: String,
    digest: String,
    results: Vec<BenchmarkResult>,
}

impl Scored {
    fn score(self) -> Option<BenchmarkScore> {
        let first = self.results.first()?;
        let scores: Vec<f64> = self.results.iter().filter_map(|result| result.score).collect();
        let costs: Vec<f64> = self.results.iter().filter_map(|result| result.cost_usd).collect();
        let times: Vec<u64> = self.results.iter().filter_map(|result| result.duration_ms).collect();
        let tasks: BTreeSet<&str> = self.results.iter().map(|result| result.task.as_str()).collect();
        let answered: BTreeSet<String> = self.results.iter().filter_map(|r| r.actual_model.clone()).collect();
        Some(BenchmarkScore {
            profile_id: first.profile_id.clone(),
            model: first.model.clone(),
            answered_by: answered.into_iter().collect(),
            role: first.role.clone(),
            score: Estimate::of(&scores)?,
            tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
            cost_usd: (!costs.is_empty()).then(|| costs.iter().sum::<f64>() / costs.len() as f64),
            duration_ms: times.iter().sum::<u64>().checked_div(times.len() as u64),
            benchmark_id: first.benchmark_id.clone(),
            at: self.results.iter().map(|result| result.at.clone()).max()?,
            suite: self.suite,
            suite_digest: self.digest,
        })
    }
}

/// None for one whose names this version would not accept.
fn result(row: &Row<'_>) -> rusqlite::Result<Option<BenchmarkResult>> {
    let text = |column: &str| row.get::<_, String>(column);
    let count = |column: &str| row.get::<_, i64>(column).map(|n| u64::try_from(n).unwrap_or_default());
    let (Ok(benchmark_id), Ok(role), Some(state)) =
        (text("benchmark_id")?.parse(), text("role")?.parse(), ResultState::parse(&text("state")?))
    else {
        return Ok(None);
    };
    let checks: Vec<CheckResult> = serde_json::from_str(&text("checks")?).unwrap_or_default();
    Ok(Some(BenchmarkResult {
        benchmark_id,
        profile_id: row.get("profile_id")?,
        profile_name: row.get("profile_name")?,
        model: Some(text("model")?).filter(|model| !model.is_empty()),
        actual_model: row.get("actual_model")?,
        role,
        task: row.get("task")?,
        repetition: row.get("repetition")?,
        state,
        score: row.get("score")?,
        checks,
        usage: Usage {
            input_tokens: count("input_tokens")?,
            output_tokens: count("output_tokens")?,
            cache_read_tokens: count("cache_read_tokens")?,
            cache_write_tokens: count("cache_write_tokens")?,
        },
        cost_usd: row.get("cost_usd")?,
        duration_ms: row.get::<_, Option<i64>>("duration_ms")?.and_then(|n| u64::try_from(n).ok()),
        run_id: row.get::<_, Option<String>>("run_id")?.and_then(|id| id.parse().ok()),
        at: row.get("at")?,
        error: row.get("error")?,
    }))
}
