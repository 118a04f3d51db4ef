//! `cc_run_status`.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use cc_domain::RunId;
use cc_reports::Table;
use cc_store::RunFilter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::run_view::RunView;
use crate::{Context, Effect, OpError, Operation, Output, arguments};

/// Check or monitor how far a run or worker is, by run_id: progress, state, done, answer, cost, error.
/// Without run_id: lists running workers, active runs and jobs; include_finished: all runs.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunStatus {
    /// Default: list runs.
    run_id: Option<RunId>,
    /// Default false.
    #[arg(long)]
    #[serde(default)]
    include_output_tail: bool,
    /// Default false.
    #[arg(long)]
    #[serde(default)]
    include_finished: bool,
    /// 0-20000, default 4000.
    #[arg(long)]
    tail_chars: Option<u32>,
    /// 1-500, default 50.
    #[arg(long)]
    limit: Option<u32>,
}

/// One run, or a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Statuses {
    #[serde(flatten)]
    #[schemars(with = "Option<RunView>")]
    run: Option<Box<RunView>>,
    #[serde(flatten)]
    list: Option<RunList>,
}

/// Several runs, active ones first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunList {
    #[schemars(skip)]
    active_count: usize,
    #[schemars(skip)]
    count: usize,
    runs: Vec<RunLine>,
}

/// One run of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunLine {
    run_id: String,
    status: cc_domain::RunStatus,
    #[schemars(skip)]
    role: String,
    #[schemars(skip)]
    profile: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[schemars(skip)]
    started_at: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
}

impl Operation for RunStatus {
    const NAME: &'static str = "cc_run_status";
    const TITLE: &'static str = "Status of a run: is it still running, finished or failed";
    const EFFECT: Effect = Effect::READS;
    type Output = Statuses;

    async fn run(self, cx: Context) -> Result<Statuses, OpError> {
        let tail_chars = arguments::number_within("tail_chars", self.tail_chars.unwrap_or(4_000), 0, 20_000)?;
        let limit = arguments::number_within("limit", self.limit.unwrap_or(50), 1, 500)?;
        cx.blocking(move |cx| match &self.run_id {
            Some(id) => one(cx, id, self.include_output_tail.then_some(tail_chars as usize)),
            None => list(cx, self.include_finished, limit),
        })
        .await
    }
}

fn one(cx: &Context, id: &RunId, tail_chars: Option<usize>) -> Result<Statuses, OpError> {
    let store = cx.store()?;
    let record = crate::wait::read(&store, id)?;
    let run_dir = store.run_dir(&record.run_id)?;
    let mut view = RunView::of(&record, run_dir.path(), true);
    if let Some(chars) = tail_chars {
        view.details.stdout_tail = tail(&run_dir.stdout(), chars);
        view.details.stderr_tail = tail(&run_dir.stderr(), chars.min(2_000));
    }
    Ok(Statuses { run: Some(Box::new(view)), list: None })
}

fn list(cx: &Context, include_finished: bool, limit: u32) -> Result<Statuses, OpError> {
    let active = if include_finished { None } else { Some(true) };
    let runs = cx.store()?.list_runs(&RunFilter { active, limit, ..RunFilter::default() })?;
    let runs: Vec<RunLine> = runs
        .into_iter()
        .map(|run| RunLine {
            run_id: run.run_id.to_string(),
            status: run.status,
            role: run.role.to_string(),
            profile: run.profile_name,
            model: run.model,
            started_at: run.started_at,
            duration_ms: run.duration_ms,
            cost_usd: run.cost_usd,
        })
        .collect();
    let active_count = runs.iter().filter(|run| run.status.is_active()).count();
    Ok(Statuses { run: None, list: Some(RunList { active_count, count: runs.len(), runs }) })
}

/// The last characters of a text file, from a bounded read; none when there is no such file.
pub(crate) fn tail(path: &Path, chars: usize) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let most = (chars as u64) * 4;
    file.seek(SeekFrom::Start(length.saturating_sub(most))).ok()?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let skip = text.chars().count().saturating_sub(chars);
    Some(text.chars().skip(skip).collect())
}

impl Output for Statuses {
    fn text(&self) -> String {
        if let Some(run) = &self.run {
            return run.text();
        }
        let Some(list) = &self.list else { return String::new() };
        let mut table = Table::new(["run", "status", "role", "model", "profile", "started", "USD"]);
        for run in &list.runs {
            table.row([
                run.run_id.clone(),
                run.status.as_str().to_owned(),
                run.role.clone(),
                run.model.clone().unwrap_or_default(),
                run.profile.clone(),
                run.started_at.clone(),
                run.cost_usd.map(|usd| format!("{usd:.4}")).unwrap_or_default(),
            ]);
        }
        format!("{} active of {} listed\n\n{table}", list.active_count, list.count)
    }
}
