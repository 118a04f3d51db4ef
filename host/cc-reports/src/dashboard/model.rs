//! What the pages show: plain values, gathered elsewhere. Times are RFC 3339, UTC; amounts are USD.
#![allow(missing_docs)] // the names are the labels on the pages

use cc_domain::{Changes, Comparison, Flag, Grade, TraceStep, Verification, Violation};
use serde::{Deserialize, Serialize};

/// One run as lists show it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunLine {
    pub id: String,
    /// As `RunStatus` is stored; `waiting` when a permission question is open.
    pub state: String,
    pub active: bool,
    pub role: String,
    pub task_type: String,
    pub model: Option<String>,
    /// The model that answered, if it is another one.
    pub answered_by: Option<String>,
    pub profile: String,
    pub profile_id: String,
    /// The project's folder.
    pub project: String,
    pub started_at: String,
    pub duration_ms: Option<u64>,
    pub cost_usd: Option<f64>,
    pub cost_is_estimate: bool,
    pub tokens: u64,
    pub write: bool,
    pub demo: bool,
    /// What it does now, in a few words.
    pub activity: Option<String>,
    pub error: Option<String>,
    /// What its last verification came to: `verified`, `unverified` or `blocked_verification`.
    pub verified: Option<String>,
}

/// The first page: what needs a look, and what goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overview {
    pub attention: Vec<Attention>,
    pub active: Vec<RunLine>,
    pub recent: Vec<RunLine>,
    pub spend: Spend,
    pub today: Today,
    pub queue: Option<QueueTally>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// One thing that waits for a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Attention {
    /// `question`, `parked`, `gate`, `failed` or `limit`.
    pub kind: &'static str,
    pub run: Option<RunLine>,
    pub what: String,
    pub question: Option<Asked>,
}

/// How the runs of today came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Today {
    pub runs: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub active: u64,
    pub total: u64,
}

/// What was spent today, a day of UTC.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spend {
    pub usd: f64,
    pub usd_limit: Option<f64>,
    pub tokens: u64,
    pub tokens_limit: Option<u64>,
    pub running: u64,
    pub running_limit: u64,
    pub profiles: Vec<SpendLine>,
    /// USD of each of the last days, oldest first; today is the last.
    pub days: Vec<(String, f64)>,
}

/// What one profile or model spent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SpendLine {
    pub name: String,
    pub runs: u64,
    pub usd: f64,
    pub tokens: u64,
    pub usd_limit: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct QueueTally {
    pub waiting: u64,
    pub running: u64,
    pub failed: u64,
}

/// One page of the run list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunList {
    pub runs: Vec<RunLine>,
    pub filter: Filter,
    pub total: u64,
    /// Runs that pass the filter, and their sums.
    pub matching: u64,
    pub usd: f64,
    pub tokens: u64,
    /// From 1.
    pub page: u64,
    pub pages: u64,
    pub choices: Choices,
    /// Why a filter was not understood.
    pub problem: Option<String>,
}

/// The filters as they stand in the address; empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    pub status: String,
    pub role: String,
    pub model: String,
    pub profile: String,
    pub project: String,
    pub write: String,
    /// `1h`, `24h`, `7d`, `30d`.
    pub since: String,
    pub q: String,
}

impl Filter {
    /// Names and values of what is set.
    #[must_use]
    pub fn set(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("status", &self.status),
            ("role", &self.role),
            ("model", &self.model),
            ("profile", &self.profile),
            ("project", &self.project),
            ("write", &self.write),
            ("since", &self.since),
            ("q", &self.q),
        ];
        all.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.as_str()))
            .collect()
    }
}

/// What filters can be set to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Choices {
    pub statuses: Vec<String>,
    pub roles: Vec<String>,
    pub models: Vec<String>,
    /// CC Switch's id, and its name.
    pub profiles: Vec<(String, String)>,
    pub projects: Vec<String>,
}

/// The head of a run's pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunHead {
    pub line: RunLine,
    pub questions: Vec<Asked>,
    pub in_flight: Vec<Flying>,
    /// What became of what was asked from a page.
    pub notes: Vec<Note>,
    pub can_stop: bool,
    pub can_verify: bool,
    pub can_roll_back: bool,
    pub can_apply: bool,
    pub parent: Option<String>,
    pub team: Option<String>,
    pub parked_until: Option<String>,
    pub flags: Vec<Flag>,
    pub grade: Option<Grade>,
    pub recommended: String,
}

/// A permission question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub request_id: String,
    pub tool: String,
    pub target: String,
    pub input: String,
    pub deadline: String,
}

/// A tool that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flying {
    pub name: String,
    pub target: String,
    pub since: String,
    pub subagent: bool,
}

/// What became of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Note {
    /// `working`, `done` or `failed`.
    pub state: &'static str,
    pub text: String,
    pub at: String,
}

/// A run's own page.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunTimeline {
    pub prompt: String,
    pub answer: Option<String>,
    pub timeline: Timeline,
    pub tools: Vec<ToolRow>,
    pub budgets: Vec<Budgeted>,
}

/// A page of events, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    pub events: Vec<EventRow>,
    /// Where the next older page ends; none: there is none.
    pub older: Option<u64>,
    /// This is not the newest page.
    pub is_older: bool,
    /// `steps` or `all`.
    pub show: &'static str,
    pub unreadable: u32,
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EventRow {
    pub seq: u64,
    pub ts: String,
    /// `said`, `thought`, `tool`, `result`, `asked`, `limit`, `end`, `steer` or `note`.
    pub kind: &'static str,
    /// `detail`, `step` or `attention`.
    pub weight: &'static str,
    pub label: String,
    pub text: String,
    /// The text's whole length, where the event keeps only its beginning.
    pub chars: Option<u64>,
    pub failed: bool,
    /// Of a tool: until its answer.
    pub took_ms: Option<u64>,
    pub in_flight: bool,
    pub subagent: bool,
}

/// A tool, all its calls together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ToolRow {
    pub name: String,
    pub calls: u32,
    pub failed: u32,
    pub repeated: u32,
}

/// How far a budget is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Budgeted {
    pub name: String,
    pub used: f64,
    pub limit: f64,
    pub stops: bool,
}

/// What a run changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunChanges {
    /// Why there is nothing to show.
    pub nothing: Option<String>,
    pub changes: Changes,
    pub risks: Vec<(String, usize)>,
    pub added: u64,
    pub deleted: u64,
    pub scope: ScopeView,
    /// Unified, without secrets; the renderer makes tables of it.
    pub diff: String,
    pub left_out: Vec<String>,
    pub isolated: Option<String>,
}

/// How a run kept to its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScopeView {
    /// As `ScopeState` is stored.
    pub state: String,
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    pub violations: Vec<Violation>,
    pub prevention: Vec<String>,
}

/// What acceptance rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunGates {
    pub verification: Option<Verification>,
    pub flags: Vec<Flag>,
    pub review_error: Option<String>,
    pub secrets: Secrets,
    /// For the form: the last test commands, one a line.
    pub test_commands: String,
}

/// Secrets of a run, without their values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Secrets {
    pub findings: Vec<SecretRow>,
    pub found: usize,
    pub real: usize,
    pub looked_at: Vec<String>,
    pub not_looked_at: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SecretRow {
    pub class: String,
    pub rule: String,
    pub place: String,
    pub reason: String,
    pub fingerprint: String,
}

/// Who chose the model, and what it cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunRoute {
    pub reason: String,
    pub score: Option<f64>,
    pub trace: Vec<TraceStep>,
    pub drift: Option<String>,
    pub candidates: Vec<CandidateRow>,
    pub models: Vec<CostRow>,
    pub total_usd: Option<f64>,
    /// How sure that is, in words.
    pub accuracy: Option<String>,
    pub facts: Vec<(String, String)>,
    pub command: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CandidateRow {
    pub profile: String,
    pub model: String,
    pub score: f64,
    pub usable: bool,
    pub chosen: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CostRow {
    pub model: String,
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    pub usd: f64,
}

/// What a rollback would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RollbackPlan {
    pub message: String,
    pub undo: bool,
    pub possible: bool,
    /// What happens, and to what.
    pub steps: Vec<(&'static str, Vec<String>)>,
    pub conflicts: Vec<(String, String)>,
    pub left: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Teams {
    pub teams: Vec<TeamLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TeamLine {
    pub id: String,
    pub created_at: String,
    pub task: String,
    pub status: String,
    pub members: Vec<RunLine>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TeamPage {
    pub team: TeamLine,
    pub comparison: Comparison,
    pub answers: Vec<TeamAnswer>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TeamAnswer {
    pub run: String,
    pub role: String,
    pub state: String,
    pub findings: Vec<String>,
    pub answer: String,
}

/// The queue of jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Queue {
    pub jobs: Vec<Job>,
    /// The limits in force, as names and values.
    pub policy: Vec<(String, String)>,
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Job {
    pub id: String,
    pub state: String,
    pub task: String,
    pub role: String,
    pub priority: i64,
    pub submitted_at: String,
    pub run: Option<String>,
    pub attempts: u32,
    /// Why it waits, or failed.
    pub why: Option<String>,
    pub can_cancel: bool,
}

/// Models compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Models {
    pub models: Vec<ModelRow>,
    pub abilities: Vec<String>,
    pub roles: Vec<String>,
    pub scored_by: Vec<String>,
    pub benchmarks: Vec<Benchmark>,
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    pub model: String,
    pub profile: String,
    pub current: bool,
    pub unusable: Option<String>,
    pub known: bool,
    /// 0 to 10, the mean of all roles.
    pub overall: f64,
    /// 0 to 10 each, in the order of `Models::abilities`.
    pub abilities: Vec<f64>,
    /// 0 to 10 each, in the order of `Models::roles`.
    pub roles: Vec<RoleParts>,
    /// USD per million tokens, input and output.
    pub price: Option<(f64, f64)>,
    pub runs: u32,
    pub successes: u32,
    pub basis: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleParts {
    pub total: f64,
    /// Name, value 0 to 10, weight 0 to 1.
    pub parts: Vec<(String, f64, f64)>,
}

/// How a model did in a role, by the newest benchmark that judged it there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Benchmark {
    pub at: String,
    pub suite: String,
    pub model: String,
    pub profile: String,
    pub role: String,
    /// 0 to 1, with the bounds it lies within.
    pub score: f64,
    pub low: f64,
    pub high: f64,
    pub tasks: u32,
    /// Mean of a run.
    pub usd: Option<f64>,
}

/// Who decides: plugins by layer, and the user's overrides.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plugins {
    pub plugins: Vec<PluginRow>,
    pub overrides: Vec<Override>,
    pub overrides_path: String,
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PluginRow {
    pub id: String,
    pub version: String,
    pub world: String,
    pub layer: String,
    pub status: String,
    pub note: String,
    pub digest: String,
    pub source: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Override {
    pub name: String,
    pub value: String,
    pub layer: String,
}

/// Whether an upgrade kept everything of the user's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Upgrades {
    pub version: String,
    /// The version whose state was accepted last.
    pub previous: Option<String>,
    pub nothing_lost: bool,
    pub preserved: u64,
    /// What is not as it was, the worst first.
    pub items: Vec<Part>,
    /// Default plugins.
    pub bundled: Vec<Part>,
    pub next_step: String,
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    pub name: String,
    /// `preserved`, `missing`, `incompatible` and so on.
    pub state: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub note: String,
}

/// The whole of the static file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct File {
    pub project: String,
    pub overview: Overview,
    /// Every run, as rows.
    pub all: Vec<RunLine>,
    /// The newest ones, in full.
    pub runs: Vec<FileRun>,
    pub teams: Teams,
    pub queue: Queue,
    pub models: Models,
    pub plugins: Plugins,
    pub upgrades: Upgrades,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FileRun {
    pub head: RunHead,
    pub timeline: RunTimeline,
    pub changes: RunChanges,
    pub gates: RunGates,
    pub route: RunRoute,
}
