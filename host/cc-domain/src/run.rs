//! The record of one worker.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Asking, Budget, BudgetUse, OnLimit, ProjectWork, Role, Route, RunId, TaskType, TeamId};

/// Where a run stands. Stored but for `Lost`, which a reader derives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Folder and index row are written; the supervisor has not reported yet.
    Starting,
    /// The worker process runs.
    Running,
    /// A usage limit ended the worker; the run goes on when it resets.
    Parked,
    /// A stop was asked for and is not finished.
    StopRequested,
    /// Ended by a stop.
    Stopped,
    /// The worker ended well.
    Succeeded,
    /// It did not.
    Failed,
    /// The time limit ended it.
    TimedOut,
    /// Its supervisor died before it could say how the run ended.
    Lost,
}

impl RunStatus {
    /// Not ended yet.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Parked | Self::StopRequested)
    }

    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Parked => "parked",
            Self::StopRequested => "stop_requested",
            Self::Stopped => "stopped",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Lost => "lost",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Starting,
            Self::Running,
            Self::Parked,
            Self::StopRequested,
            Self::Stopped,
            Self::Succeeded,
            Self::Failed,
            Self::TimedOut,
            Self::Lost,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
    }
}

/// How a run was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// The caller waited for it.
    Blocking,
    /// The caller polls it.
    Streaming,
    /// In a terminal window.
    Visible,
    /// The built-in demo worker; kept out of usage and quality figures.
    Demo,
    /// One repetition of a benchmark's task; kept out of usage, history and quality figures but the benchmark's own.
    Benchmark,
}

impl RunMode {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Blocking, Self::Streaming, Self::Visible, Self::Demo, Self::Benchmark];
    /// Those whose runs are no work of the user's: figures leave them out, or tell them apart.
    pub const APART: [Self; 2] = [Self::Demo, Self::Benchmark];

    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Streaming => "streaming",
            Self::Visible => "visible",
            Self::Demo => "demo",
            Self::Benchmark => "benchmark",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// Why a run was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// A user or controller asked.
    UserRequested,
    /// The time limit.
    Timeout,
    /// More output than allowed.
    OutputBudgetExceeded,
    /// More events than allowed.
    EventsBudgetExceeded,
    /// More turns than allowed.
    TurnsBudgetExceeded,
    /// More USD than allowed.
    CostBudgetExceeded,
    /// A limit of the cost guard.
    OverLimit,
}

/// Everything `metadata.json` holds. Written by one process at a time: the launcher, then the supervisor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this record's form; a reader refuses a newer one.
    pub format: u32,
    /// The run.
    pub run_id: RunId,
    /// How it was asked for.
    pub mode: RunMode,
    /// Where it stands.
    pub status: RunStatus,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: Option<String>,
    /// From the worker's start to its end.
    pub duration_ms: Option<u64>,
    /// The worker's folder.
    pub cwd: PathBuf,
    /// The project's folder: that of the repository, else `cwd`.
    pub workspace_root: PathBuf,
    /// `<workspace_root>/.agent-workspace/claude-code-orchestrator`.
    pub artifact_root: PathBuf,
    /// The worker's role.
    pub role: Role,
    /// The kind of work.
    pub task_type: TaskType,
    /// Who does it and who decided so.
    pub route: Route,
    /// `plan` or `acceptEdits`.
    pub permission_mode: String,
    /// The worker may change files.
    pub allow_write: bool,
    /// Time limit, seconds. The time a run is parked does not count.
    pub timeout_seconds: u32,
    /// What the worker does that wants a tool its mode does not allow.
    #[serde(default)]
    pub asking: Asking,
    /// What the run does at a usage limit.
    #[serde(default)]
    pub on_limit: OnLimit,
    /// What the run may use up.
    #[serde(default)]
    pub budget: Budget,
    /// What it has used up; final once the run has ended.
    #[serde(default)]
    pub output_budget: BudgetUse,
    /// Claude Code's session, known before it starts.
    #[serde(default)]
    pub session_id: Option<String>,
    /// The run whose session or task this one goes on with.
    #[serde(default)]
    pub parent_run_id: Option<RunId>,
    /// The team it was started with.
    #[serde(default)]
    pub team_id: Option<TeamId>,
    /// How its route differs from its parent's.
    #[serde(default)]
    pub route_drift: Option<RouteDrift>,
    /// While the run is parked: until when. RFC 3339, UTC.
    #[serde(default)]
    pub parked_until: Option<String>,
    /// sha256 of the bytes the worker got as its prompt, hex.
    pub prompt_sha256: String,
    /// The worker's command line; no secret is ever in it.
    pub command: Vec<String>,
    /// What it did to its project, of a run that may write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<ProjectWork>,
    /// Secrets that it printed; none were looked for before it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed_secrets: Option<PrintedSecrets>,
    /// The supervisor's process.
    pub supervisor_pid: Option<u32>,
    /// The worker's process.
    pub child_pid: Option<u32>,
    /// The worker's exit code; 128 and the signal's number when a signal ended it.
    pub exit_code: Option<i32>,
    /// Why it was ended from outside.
    pub stop_reason: Option<StopReason>,
    /// What went wrong before or around the worker, in a sentence.
    pub error: Option<String>,
    /// What its caller should know of how it was started, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the worker reported.
    pub result: Option<RunResult>,
}

/// How many secrets a worker printed. `secrets.json` in its folder has more of them, without their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedSecrets {
    /// Different ones.
    pub found: usize,
    /// Those that are real.
    pub real: usize,
}

/// How a run's route differs from that of the run it goes on with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteDrift {
    /// The parent's profile, by name.
    pub previous_profile: String,
    /// The parent's model.
    pub previous_model: Option<String>,
    /// This run's profile, by name.
    pub current_profile: String,
    /// This run's model.
    pub current_model: Option<String>,
    /// One of the two differs.
    pub route_changed: bool,
    /// `preserve_route`, `explicit_reroute` or `failed_verification`.
    pub route_change_reason: String,
}

impl RunRecord {
    /// The version this binary writes.
    pub const FORMAT: u32 = 1;

    /// A run in a folder before anything has happened: it only reads, and everything else is as usual or not there yet.
    /// What differs is set by its caller, `artifact_root` always.
    #[must_use]
    pub fn starting(run_id: RunId, started_at: String, route: Route, root: &Path) -> Self {
        Self {
            format: Self::FORMAT,
            run_id,
            mode: RunMode::Blocking,
            status: RunStatus::Starting,
            started_at,
            finished_at: None,
            duration_ms: None,
            cwd: root.to_owned(),
            workspace_root: root.to_owned(),
            artifact_root: PathBuf::new(),
            timeout_seconds: route.role.default_timeout_seconds(),
            role: route.role.clone(),
            task_type: route.task_type.clone(),
            route,
            permission_mode: "plan".to_owned(),
            allow_write: false,
            asking: Asking::default(),
            on_limit: OnLimit::default(),
            budget: Budget::default(),
            output_budget: BudgetUse::default(),
            session_id: None,
            parent_run_id: None,
            team_id: None,
            route_drift: None,
            parked_until: None,
            prompt_sha256: String::new(),
            command: Vec::new(),
            work: None,
            printed_secrets: None,
            supervisor_pid: None,
            child_pid: None,
            exit_code: None,
            stop_reason: None,
            error: None,
            warnings: Vec::new(),
            result: None,
        }
    }
}

/// What a worker's last line says, and what its stream showed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunResult {
    /// The final answer, redacted. Empty when there was none.
    pub text: String,
    /// Claude Code's own word: an API error comes as `success` with this set.
    pub is_error: bool,
    /// `success`, `error_max_turns` and so on.
    pub subtype: String,
    /// `completed`, `api_error` and so on.
    pub terminal_reason: Option<String>,
    /// HTTP status of the API error that ended it.
    pub api_error_status: Option<u16>,
    /// Error texts.
    pub errors: Vec<String>,
    /// To resume it.
    pub session_id: Option<String>,
    /// Turns of the main conversation.
    pub num_turns: Option<u32>,
    /// What really answered.
    pub actual: ActualRoute,
    /// This run's tokens.
    pub usage: Usage,
    /// USD; in a run's record by the price that counts, none where there is none.
    pub cost_usd: Option<f64>,
    /// True when Claude Code does not know the model's price and made the cost up.
    pub cost_is_estimate: bool,
    /// Tools the worker was refused.
    pub permission_denials: Vec<PermissionDenial>,
    /// API retries seen.
    pub api_retries: u32,
}

/// The models that really answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActualRoute {
    /// The one that did most of the work.
    pub model: Option<String>,
    /// Every one.
    pub models: Vec<ModelUsage>,
}

/// One model's share of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelUsage {
    /// The model.
    pub model: String,
    /// Its tokens.
    pub usage: Usage,
    /// USD.
    pub cost_usd: f64,
}

/// Token counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Not from the cache.
    pub input_tokens: u64,
    /// Generated.
    pub output_tokens: u64,
    /// Read from the cache.
    pub cache_read_tokens: u64,
    /// Written to the cache.
    pub cache_write_tokens: u64,
}

impl Usage {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        let parts = [self.output_tokens, self.cache_read_tokens, self.cache_write_tokens];
        parts.into_iter().fold(self.input_tokens, u64::saturating_add)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    /// Kind by kind.
    #[must_use]
    pub fn each(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            input_tokens: of(self.input_tokens, other.input_tokens),
            output_tokens: of(self.output_tokens, other.output_tokens),
            cache_read_tokens: of(self.cache_read_tokens, other.cache_read_tokens),
            cache_write_tokens: of(self.cache_write_tokens, other.cache_write_tokens),
        }
    }
}

/// A tool the worker was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PermissionDenial {
    /// The tool.
    pub tool_name: String,
    /// What it was to do, redacted and bounded.
    pub input: String,
}
