//! The index row of a run: all that lists and filters need, so that no folder is opened for them.

use std::path::{Path, PathBuf};

use cc_domain::{Accuracy, Role, RunId, RunMode, RunRecord, RunStatus, TaskType, TeamId, Usage};
use jiff::Timestamp;
use rusqlite::{Connection, Row, ToSql, named_params, types::Value as Sql};
use serde::Serialize;

use crate::RunDir;

/// One run as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// Where it stands.
    pub status: RunStatus,
    /// How it was asked for.
    pub mode: RunMode,
    /// The worker's role.
    pub role: Role,
    /// The kind of work.
    pub task_type: TaskType,
    /// CC Switch's id.
    pub profile_id: String,
    /// CC Switch's name.
    pub profile_name: String,
    /// The routed model; none for the provider's default.
    pub model: Option<String>,
    /// The one that answered.
    pub actual_model: Option<String>,
    /// The worker's folder.
    pub cwd: PathBuf,
    /// The project's folder.
    pub workspace_root: PathBuf,
    /// The run's folder.
    pub run_dir: PathBuf,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: Option<String>,
    /// From the worker's start to its end.
    pub duration_ms: Option<u64>,
    /// The worker's exit code.
    pub exit_code: Option<i32>,
    /// Claude Code's own word; none before there was a result.
    pub is_error: Option<bool>,
    /// Tokens.
    pub usage: Usage,
    /// USD.
    pub cost_usd: Option<f64>,
    /// The cost was made up for want of a price.
    pub cost_is_estimate: bool,
    /// What went wrong before or around the worker.
    pub error: Option<String>,
    /// The worker may change files.
    pub allow_write: bool,
}

/// Which runs to list. The default is the 50 that matter most: active ones first, then the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFilter {
    /// Only active or only ended ones.
    pub active: Option<bool>,
    /// Only these; empty asks for nothing.
    pub statuses: Vec<RunStatus>,
    /// Only these; empty asks for nothing.
    pub modes: Vec<RunMode>,
    /// Only of that role.
    pub role: Option<Role>,
    /// Only on that profile.
    pub profile_id: Option<String>,
    /// Only of that project.
    pub workspace_root: Option<PathBuf>,
    /// Only of that team.
    pub team_id: Option<TeamId>,
    /// Only started at or after.
    pub since: Option<Timestamp>,
    /// Only started before.
    pub until: Option<Timestamp>,
    /// Only routed to that model.
    pub model: Option<String>,
    /// Only those that may write, or may not.
    pub allow_write: Option<bool>,
    /// Only those whose id, role, model, profile, project or error holds each of these, whatever its case.
    pub words: Vec<String>,
    /// At most so many.
    pub limit: u32,
    /// After so many that are left out.
    pub offset: u32,
}

impl Default for RunFilter {
    fn default() -> Self {
        Self {
            active: None,
            statuses: Vec::new(),
            modes: Vec::new(),
            role: None,
            profile_id: None,
            workspace_root: None,
            team_id: None,
            since: None,
            until: None,
            model: None,
            allow_write: None,
            words: Vec::new(),
            limit: 50,
            offset: 0,
        }
    }
}

const COLUMNS: &str = "run_id, status, mode, role, task_type, profile_id, profile_name, model, actual_model, cwd, \
     workspace_root, run_dir, started_at, finished_at, duration_ms, exit_code, is_error, input_tokens, \
     output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, cost_is_estimate, error, allow_write";

/// Writes the row, or brings it up to the record.
pub(crate) fn put(db: &Connection, dir: &RunDir, record: &RunRecord) -> rusqlite::Result<()> {
    let result = record.result.as_ref();
    let spent = record.output_budget.spent;
    let usage = spent.map(|spent| spent.usage).or(result.map(|r| r.usage)).unwrap_or_default();
    let estimate = spent.map(|spent| spent.accuracy > Accuracy::Priced);
    let started_ms = record.started_at.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond);
    db.prepare(PUT)?
        .execute(named_params! {
            ":run_id": record.run_id.as_str(),
            ":status": record.status.as_str(),
            ":active": record.status.is_active(),
            ":mode": record.mode.as_str(),
            ":role": record.role.as_str(),
            ":task_type": record.task_type.as_str(),
            ":profile_id": record.route.profile_id,
            ":profile_name": record.route.profile_name,
            ":model": record.route.model,
            ":actual_model": result.and_then(|r| r.actual.model.as_deref()),
            ":cwd": text(&record.cwd),
            ":workspace_root": text(&record.workspace_root),
            ":run_dir": text(dir.path()),
            ":started_at": record.started_at,
            ":started_ms": started_ms,
            ":finished_at": record.finished_at,
            ":duration_ms": record.duration_ms.map(to_sql),
            ":exit_code": record.exit_code,
            ":is_error": result.map(|r| r.is_error),
            ":input_tokens": to_sql(usage.input_tokens),
            ":output_tokens": to_sql(usage.output_tokens),
            ":cache_read_tokens": to_sql(usage.cache_read_tokens),
            ":cache_write_tokens": to_sql(usage.cache_write_tokens),
            ":cost_usd": spent.map_or_else(|| result.and_then(|r| r.cost_usd), |spent| spent.usd),
            ":cost_is_estimate": estimate.unwrap_or_else(|| result.is_some_and(|r| r.cost_is_estimate)),
            ":told": spent.is_some() || result.is_some(),
            ":error": record.error,
            ":allow_write": record.allow_write,
            ":parent_run_id": record.parent_run_id.as_ref().map(RunId::as_str),
            ":team_id": record.team_id.as_ref().map(TeamId::as_str),
        })
        .map(drop)
}

const PUT: &str = "INSERT INTO runs (run_id, status, active, mode, role, task_type, profile_id, profile_name, model,
        actual_model, cwd, workspace_root, run_dir, started_at, started_ms, finished_at, duration_ms, exit_code,
        is_error, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost_usd, cost_is_estimate,
        error, allow_write, parent_run_id, team_id)
    VALUES (:run_id, :status, :active, :mode, :role, :task_type, :profile_id, :profile_name, :model,
        :actual_model, :cwd, :workspace_root, :run_dir, :started_at, :started_ms, :finished_at, :duration_ms, :exit_code,
        :is_error, :input_tokens, :output_tokens, :cache_read_tokens, :cache_write_tokens, :cost_usd, :cost_is_estimate,
        :error, :allow_write, :parent_run_id, :team_id)
    ON CONFLICT (run_id) DO UPDATE SET status = excluded.status, active = excluded.active,
        profile_id = excluded.profile_id, profile_name = excluded.profile_name,
        model = excluded.model, actual_model = excluded.actual_model, finished_at = excluded.finished_at,
        duration_ms = excluded.duration_ms, exit_code = excluded.exit_code, is_error = excluded.is_error,
        input_tokens = iif(:told, excluded.input_tokens, input_tokens),
        output_tokens = iif(:told, excluded.output_tokens, output_tokens),
        cache_read_tokens = iif(:told, excluded.cache_read_tokens, cache_read_tokens),
        cache_write_tokens = iif(:told, excluded.cache_write_tokens, cache_write_tokens),
        cost_usd = iif(:told, excluded.cost_usd, cost_usd),
        cost_is_estimate = iif(:told, excluded.cost_is_estimate, cost_is_estimate), error = excluded.error";

/// The rows that pass the filter, active ones first, then the newest.
pub(crate) fn list(db: &Connection, filter: &RunFilter) -> rusqlite::Result<Vec<RunSummary>> {
    let (conditions, values) = conditions(filter);
    let sql = format!(
        "SELECT {COLUMNS} FROM runs {conditions} ORDER BY active DESC, started_ms DESC, run_id DESC LIMIT {} OFFSET {}",
        filter.limit, filter.offset
    );
    let values: Vec<&dyn ToSql> = values.iter().map(|v| v as &dyn ToSql).collect();
    db.prepare(&sql)?.query_map(values.as_slice(), summary)?.collect()
}

/// The row of that run.
pub(crate) fn get(db: &Connection, id: &RunId) -> rusqlite::Result<RunSummary> {
    db.prepare(&format!("SELECT {COLUMNS} FROM runs WHERE run_id = ?1"))?.query_row([id.as_str()], summary)
}

/// `instr` and not `LIKE`: a word may hold its wildcards.
const SEARCHED: &str = "instr(lower(run_id || ' ' || role || ' ' || coalesce(model, '') || ' ' || profile_name || ' ' || \
     workspace_root || ' ' || coalesce(error, '')), lower(?)) > 0";

pub(crate) fn conditions(filter: &RunFilter) -> (String, Vec<Sql>) {
    let mut all = Conditions::default();
    if let Some(active) = filter.active {
        all.add("active = ?", [Sql::from(active)]);
    }
    all.any_of("status", filter.statuses.iter().map(|s| s.as_str()));
    all.any_of("mode", filter.modes.iter().map(|mode| mode.as_str()));
    all.any_of("role", filter.role.iter().map(Role::as_str));
    all.any_of("profile_id", filter.profile_id.iter().map(String::as_str));
    all.any_of("team_id", filter.team_id.iter().map(TeamId::as_str));
    if let Some(root) = &filter.workspace_root {
        all.add("workspace_root = ?", [Sql::from(text(root))]);
    }
    if let Some(since) = filter.since {
        all.add("started_ms >= ?", [Sql::from(since.as_millisecond())]);
    }
    if let Some(until) = filter.until {
        all.add("started_ms < ?", [Sql::from(until.as_millisecond())]);
    }
    all.any_of("model", filter.model.iter().map(String::as_str));
    if let Some(write) = filter.allow_write {
        all.add("allow_write = ?", [Sql::from(write)]);
    }
    for word in &filter.words {
        all.add(SEARCHED, [Sql::from(word.clone())]);
    }
    let clause =
        if all.texts.is_empty() { String::new() } else { format!("WHERE {}", all.texts.join(" AND ")) };
    (clause, all.values)
}

#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<Sql>,
}

impl Conditions {
    fn add(&mut self, text: impl Into<String>, values: impl IntoIterator<Item = Sql>) {
        self.texts.push(text.into());
        self.values.extend(values);
    }

    fn any_of<'a>(&mut self, column: &str, names: impl Iterator<Item = &'a str>) {
        let names: Vec<Sql> = names.map(|name| Sql::from(name.to_owned())).collect();
        if !names.is_empty() {
            self.add(format!("{column} IN ({})", vec!["?"; names.len()].join(", ")), names);
        }
    }
}

fn summary(row: &Row<'_>) -> rusqlite::Result<RunSummary> {
    let path = |name: &str| row.get::<_, String>(name).map(PathBuf::from);
    let count = |name: &str| row.get::<_, i64>(name).map(|n| u64::try_from(n).unwrap_or_default());
    Ok(RunSummary {
        run_id: parsed(row, "run_id", |t| t.parse().ok())?,
        status: parsed(row, "status", RunStatus::parse)?,
        mode: parsed(row, "mode", RunMode::parse)?,
        role: parsed(row, "role", |t| t.parse().ok())?,
        task_type: parsed(row, "task_type", |t| t.parse().ok())?,
        profile_id: row.get("profile_id")?,
        profile_name: row.get("profile_name")?,
        model: row.get("model")?,
        actual_model: row.get("actual_model")?,
        cwd: path("cwd")?,
        workspace_root: path("workspace_root")?,
        run_dir: path("run_dir")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        duration_ms: row.get::<_, Option<i64>>("duration_ms")?.and_then(|n| u64::try_from(n).ok()),
        exit_code: row.get("exit_code")?,
        is_error: row.get("is_error")?,
        usage: Usage {
            input_tokens: count("input_tokens")?,
            output_tokens: count("output_tokens")?,
            cache_read_tokens: count("cache_read_tokens")?,
            cache_write_tokens: count("cache_write_tokens")?,
        },
        cost_usd: row.get("cost_usd")?,
        cost_is_estimate: row.get("cost_is_estimate")?,
        error: row.get("error")?,
        allow_write: row.get("allow_write")?,
    })
}

/// A column that holds a name of ours.
pub(crate) fn parsed<T>(
    row: &Row<'_>,
    column: &str,
    read: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    read(&text).ok_or_else(|| {
        let index = row.as_ref().column_index(column).unwrap_or_default();
        let what = format!("'{text}' is not a {column} this version knows");
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, what.into())
    })
}

pub(crate) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// SQLite's integers are signed.
pub(crate) fn to_sql(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
