//! `cc_run_status`.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use cc_domain::{RunId, RunProgress, Verified, one_line};
use cc_reports::Table;
use cc_store::{RunDir, RunFilter, RunSummary};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::run_view::RunView;
use crate::{
    Context, Effect, OpError, Operation, Output, arguments, own,
    watch::{self, Awaited, WaitFor},
};

/// Status of a run by run_id or id: is it still going, is it finished yet; progress, state, answer, cost, error.
/// Without run_id: shows active runs and what the running workers are doing; include_finished: all runs. With
/// run_ids and wait_seconds: waits until any of several runs needs you or ends.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunStatus {
    /// Default: list runs.
    run_id: Option<RunId>,
    /// Up to 100; leave ended ones out when waiting.
    #[arg(long)]
    #[serde(default)]
    run_ids: Vec<RunId>,
    /// 0-280, default 0.
    #[arg(long)]
    wait_seconds: Option<u32>,
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
    /// Of a list: so many are left out first.
    #[arg(long)]
    offset: Option<u32>,
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
    /// The one that ended a wait.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<RunId>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// Of the oldest permission question that waits.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Of an ended run that was verified.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
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
    tokens: u64,
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
        let changed = self.wait(&cx).await?;
        cx.blocking(move |cx| match &self.run_id {
            Some(id) => one(cx, id, self.include_output_tail.then_some(tail_chars as usize)),
            None if self.run_ids.is_empty() => list(cx, &self.filter(limit)),
            None => several(cx, &self.run_ids, changed),
        })
        .await
    }
}

/// Runs that one call may name.
const MOST_NAMED: usize = 100;
/// Active runs whose activity a list tells, and ended ones whose verdict it does.
const TOLD: usize = 64;
/// Characters of a run's error in a list, and of its task when it is asked for alone.
const ERROR_CHARS: usize = 120;
const TASK_CHARS: usize = 400;

impl RunStatus {
    fn filter(&self, limit: u32) -> RunFilter {
        let active = if self.include_finished { None } else { Some(true) };
        RunFilter { active, limit, offset: self.offset.unwrap_or(0), ..RunFilter::default() }
    }

    /// Waits for the runs that are named; a list of all is given at once.
    async fn wait(&self, cx: &Context) -> Result<Option<RunId>, OpError> {
        let patience = watch::patience(self.wait_seconds, 0)?;
        if self.run_ids.len() > MOST_NAMED {
            let message = format!("'run_ids' names {} runs", self.run_ids.len());
            return Err(OpError::invalid(message, format!("name at most {MOST_NAMED}")));
        }
        let named = self.run_id.iter().chain(&self.run_ids);
        let awaited: Vec<Awaited> = named.map(|id| Awaited { id: id.clone(), from: None }).collect();
        if patience.is_zero() || awaited.is_empty() {
            return Ok(None);
        }
        watch::for_change(cx, awaited, WaitFor::Attention, patience).await
    }
}

fn one(cx: &Context, id: &RunId, tail_chars: Option<usize>) -> Result<Statuses, OpError> {
    let store = cx.store()?;
    let run_dir = store.run_dir(id)?;
    let mut view = RunView::now(cx, id, true)?;
    view.details.task = task(&run_dir);
    if let Some(chars) = tail_chars {
        view.details.stdout_tail = tail(&run_dir.stdout(), chars);
        view.details.stderr_tail = tail(&run_dir.stderr(), chars.min(2_000));
    }
    Ok(Statuses { run: Some(Box::new(view)), list: None })
}

fn list(cx: &Context, filter: &RunFilter) -> Result<Statuses, OpError> {
    let (mut active, mut ended) = (0, 0);
    let line = |run: RunSummary| {
        let so_far = if run.status.is_active() { &mut active } else { &mut ended };
        *so_far += 1;
        let told = *so_far <= TOLD;
        RunLine::of(cx, run, told)
    };
    let runs = cx.store()?.list_runs(filter)?;
    Ok(Statuses::list(runs.into_iter().map(line).collect(), None))
}

impl RunLine {
    /// A row of the index; when more is told, with what its folder says.
    fn of(cx: &Context, run: RunSummary, told: bool) -> Self {
        let dir = RunDir::at(&run.run_dir);
        let active = run.status.is_active();
        // From its events alone.
        let seen = (active && told).then(|| cx.watched().look(&run.run_id, &dir).ok()).flatten();
        let progress = seen.map(|seen| seen.progress);
        Self {
            run_id: run.run_id.to_string(),
            status: run.status,
            activity: progress.as_ref().map(|progress| progress.activity(Timestamp::now()).text()),
            request_id: progress.as_ref().and_then(asked),
            verified: (!active && told).then(|| verdict(&dir)).flatten(),
            error: run.error.as_deref().map(|error| one_line(error, ERROR_CHARS)),
            role: run.role.to_string(),
            profile: run.profile_name,
            model: run.model,
            started_at: run.started_at,
            duration_ms: run.duration_ms,
            tokens: run.usage.total(),
            cost_usd: run.cost_usd,
        }
    }
}

fn asked(progress: &RunProgress) -> Option<String> {
    progress.questions.first().map(|question| question.request_id.clone())
}

fn verdict(dir: &RunDir) -> Option<Verified> {
    own::verification(dir).map(|verification| verification.status)
}

/// The runs that were asked for, as lines; active ones first.
fn several(cx: &Context, ids: &[RunId], changed: Option<RunId>) -> Result<Statuses, OpError> {
    let mut runs = ids.iter().map(|id| named(cx, id)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by_key(|run| !run.status.is_active());
    Ok(Statuses::list(runs, changed))
}

fn named(cx: &Context, id: &RunId) -> Result<RunLine, OpError> {
    let store = cx.store()?;
    let (record, dir) = (crate::wait::read(&store, id)?, store.run_dir(id)?);
    let seen = cx.watched().look(id, &dir)?.progress;
    let active = record.status.is_active();
    Ok(RunLine {
        run_id: id.to_string(),
        status: record.status,
        activity: active.then(|| seen.activity(Timestamp::now()).text()),
        request_id: active.then(|| asked(&seen)).flatten(),
        verified: (!active).then(|| verdict(&dir)).flatten(),
        error: record.error.as_deref().map(|error| one_line(error, ERROR_CHARS)),
        role: record.role.to_string(),
        tokens: crate::facts::usage(&record).map_or(0, |usage| usage.total()),
        cost_usd: crate::facts::cost(&record),
        profile: record.route.profile_name,
        model: record.route.model,
        started_at: record.started_at,
        duration_ms: record.duration_ms,
    })
}

impl Statuses {
    fn list(runs: Vec<RunLine>, changed: Option<RunId>) -> Self {
        let active_count = runs.iter().filter(|run| run.status.is_active()).count();
        Self { run: None, list: Some(RunList { active_count, changed, count: runs.len(), runs }) }
    }
}

/// A run's task, on one line.
fn task(dir: &RunDir) -> Option<String> {
    // One character more than is shown, so that a cut is seen.
    own::task(dir, (TASK_CHARS as u64 + 1) * 4).map(|task| one_line(&task, TASK_CHARS))
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

/// A time of UTC in the room a table has.
fn to_the_second(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
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
                to_the_second(&run.started_at),
                run.cost_usd.map(|usd| format!("{usd:.4}")).unwrap_or_default(),
            ]);
        }
        format!("{} active of {} listed\n\n{table}", list.active_count, list.count)
    }
}
