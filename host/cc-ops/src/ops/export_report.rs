//! `cc_export_report`.

use std::path::PathBuf;

use cc_domain::{Opinion, RunId, RunRecord, TeamId, Verification};
use cc_reports::{DayReport, DayRun, Page, RunReport, TeamReport};
use cc_store::{RunFilter, RunSummary, read_bounded};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output, accept::Work, report_files, snapshot::Snapshot,
};

/// Characters of a run's task and of its answer; of all members of a team together.
const TEXT_CHARS: usize = 200_000;
/// Runs of a day that are listed.
const DAY_RUNS: usize = 2_000;
const MOST_MEMBERS: u32 = 100;
const MOST_PROMPT_BYTES: u64 = 4 << 20;

/// Export a report file of a run, a team or everything that ran in a day or today, to read, print, share or
/// archive: task, route, answer, changes, flags, verification, cost. Names exactly one of run_id, team_id, date.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportReport {
    #[arg(long)]
    run_id: Option<RunId>,
    #[arg(long)]
    team_id: Option<TeamId>,
    /// YYYY-MM-DD, UTC: all runs of that day.
    #[arg(long)]
    date: Option<String>,
    /// Default markdown; html needs no other file.
    #[arg(long)]
    #[serde(default)]
    format: Option<Format>,
    /// Default: the project's reports folder.
    #[arg(long)]
    output_dir: Option<String>,
}

/// What the file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, description = "")]
enum Format {
    #[default]
    Markdown,
    Html,
    Json,
}

/// Where the report is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Exported {
    path: PathBuf,
    #[schemars(skip)]
    format: Format,
    bytes: usize,
    #[schemars(skip)]
    run_id: Option<RunId>,
    #[schemars(skip)]
    team_id: Option<TeamId>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

/// A report before it is written.
struct Report {
    /// Without its extension.
    name: String,
    /// The folder of the project it belongs to.
    project: PathBuf,
    page: Page,
    json: serde_json::Result<String>,
}

impl Operation for ExportReport {
    const NAME: &'static str = "cc_export_report";
    const TITLE: &'static str = "Export a report of a run, team or day: Markdown, HTML, JSON";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Exported;

    async fn run(self, cx: Context) -> Result<Exported, OpError> {
        cx.blocking(move |cx| self.export(cx)).await
    }
}

impl ExportReport {
    fn export(self, cx: &Context) -> Result<Exported, OpError> {
        let report = match (&self.run_id, &self.team_id, &self.date) {
            (Some(run), None, None) => of_run(cx, run)?,
            (None, Some(team), None) => of_team(cx, team)?,
            (None, None, Some(date)) => of_day(cx, date)?,
            _ => {
                let message = "a report is of one thing: a run, a team or a day";
                return Err(OpError::invalid(message, "name exactly one of 'run_id', 'team_id' and 'date'"));
            }
        };
        let format = self.format.unwrap_or_default();
        let (text, extension) = report.text(format)?;
        let folder = report_files::folder(cx, self.output_dir.as_deref(), &report.project)?;
        let path = report_files::write(&folder, &format!("{}.{extension}", report.name), &text)?;
        let Self { run_id, team_id, date, .. } = self;
        Ok(Exported { path, format, bytes: text.len(), run_id, team_id, date })
    }
}

impl Report {
    fn text(&self, format: Format) -> Result<(String, &'static str), OpError> {
        Ok(match format {
            Format::Markdown => (self.page.markdown(), "md"),
            Format::Html => (self.page.html(), "html"),
            Format::Json => {
                let json = self.json.as_ref().map_err(|error| {
                    OpError::new(ErrorKind::State, error.to_string(), "report this as a defect")
                })?;
                (format!("{json}\n"), "json")
            }
        })
    }
}

fn of_run(cx: &Context, id: &RunId) -> Result<Report, OpError> {
    let report = run_report(cx, id)?.cut(TEXT_CHARS);
    Ok(Report {
        name: format!("run-{id}"),
        project: report.record.workspace_root.clone(),
        page: report.page(),
        json: serde_json::to_string_pretty(&report),
    })
}

fn run_report(cx: &Context, id: &RunId) -> Result<RunReport, OpError> {
    let run = Snapshot::of(cx, id, 0)?;
    let prompt = read_bounded(&run.dir.prompt(), MOST_PROMPT_BYTES).unwrap_or_default();
    let verification = read_bounded(&run.dir.verification(), MOST_PROMPT_BYTES).ok();
    // A project that cannot be looked at any more leaves the rest of the report.
    let work = run.record.work.as_ref().and_then(|_| Work::of(cx, id).ok());
    let report = RunReport {
        prompt: String::from_utf8_lossy(&prompt).into_owned(),
        cost_usd: run.cost(),
        tools: run.tools().clone(),
        flags: run.review.flags.clone(),
        grade: run.review.grade.clone(),
        verification: verification.and_then(|bytes| serde_json::from_slice::<Verification>(&bytes).ok()),
        ..RunReport::new(run.record)
    };
    Ok(report.with_files(work.map(|work| work.changes.files).unwrap_or_default()))
}

fn of_team(cx: &Context, id: &TeamId) -> Result<Report, OpError> {
    let store = cx.store()?;
    let filter = RunFilter { team_id: Some(id.clone()), limit: MOST_MEMBERS, ..RunFilter::default() };
    let runs = store.list_runs(&filter)?;
    if runs.is_empty() {
        let message = format!("no runs of team '{id}' are known");
        return Err(OpError::new(ErrorKind::NotFound, message, "cc_spawn_role_team gives team ids"));
    }
    let members = runs.iter().map(|run| run_report(cx, &run.run_id));
    let mut members = members.collect::<Result<Vec<_>, _>>()?;
    // Members start one after another, so this is the team's own order.
    members.sort_by(|a, b| a.record.started_at.cmp(&b.record.started_at));
    let comparison =
        cc_domain::compare(&members.iter().flat_map(|member| opinions(&member.record)).collect::<Vec<_>>());
    let manifest = store.team(id)?.unwrap_or_default();
    let task = manifest["task"].as_str().unwrap_or_default().to_owned();
    let share = TEXT_CHARS / members.len();
    let project = members[0].record.workspace_root.clone();
    let members = members.into_iter().map(|member| member.cut(share)).collect();
    let report = TeamReport::new(id.clone(), task, comparison, members);
    Ok(Report {
        name: id.to_string(),
        project,
        page: report.page(),
        json: serde_json::to_string_pretty(&report),
    })
}

/// What a member judged, by its role.
fn opinions(record: &RunRecord) -> Vec<Opinion> {
    let text = record.result.as_ref().map(|result| result.text.as_str()).unwrap_or_default();
    let (findings, _) = cc_domain::findings(text);
    findings.into_iter().map(|finding| Opinion { by: record.role.to_string(), finding }).collect()
}

fn of_day(cx: &Context, date: &str) -> Result<Report, OpError> {
    let since = format!("{date}T00:00:00Z").parse::<Timestamp>().ok().filter(|_| date.len() == 10);
    let since = since.ok_or_else(|| {
        OpError::invalid(format!("'date' is '{date}', which is no day"), "write it as 2026-11-25 (UTC)")
    })?;
    let filter = RunFilter {
        since: Some(since),
        until: since.checked_add(SignedDuration::from_hours(24)).ok(),
        limit: 100_000,
        ..RunFilter::default()
    };
    let mut runs = cx.store()?.list_runs(&filter)?;
    runs.sort_by(|a, b| a.started_at.cmp(&b.started_at));
    let left_out = runs.len().saturating_sub(DAY_RUNS);
    runs.truncate(DAY_RUNS);
    let report = DayReport::new(date.to_owned(), runs.into_iter().map(day_run).collect(), left_out);
    Ok(Report {
        name: format!("day-{date}"),
        project: cx.project(None)?.root,
        page: report.page(),
        json: serde_json::to_string_pretty(&report),
    })
}

fn day_run(run: RunSummary) -> DayRun {
    DayRun {
        run_id: run.run_id,
        started_at: run.started_at,
        status: run.status,
        role: run.role,
        profile: run.profile_name,
        model: run.actual_model.or(run.model).unwrap_or_else(|| "(provider's default)".to_owned()),
        project: run.workspace_root.display().to_string(),
        duration_ms: run.duration_ms,
        usage: run.usage,
        cost_usd: run.cost_usd,
        error: run.error,
    }
}

impl Output for Exported {
    fn text(&self) -> String {
        format!("{} ({} bytes)", self.path.display(), self.bytes)
    }
}
