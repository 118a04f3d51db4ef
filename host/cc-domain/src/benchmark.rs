//! Benchmarks of models: tasks whose answers are checked, and what came of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BenchmarkId, Estimate, Role, RunId, Usage};

/// Where one repetition of a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultState {
    /// Its run is under way, or was when the process that watched it died.
    Running,
    /// Its checks were made.
    Judged,
    /// It ran, and there was nothing to check: neither a pass nor a failure.
    Unchecked,
    /// Nothing was learnt of the model: the run did not start, was stopped or lost, or its provider failed.
    Void,
}

impl ResultState {
    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Judged => "judged",
            Self::Unchecked => "unchecked",
            Self::Void => "void",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Judged, Self::Unchecked, Self::Void].into_iter().find(|s| s.as_str() == text)
    }
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// What was checked, in a few words.
    pub name: String,
    /// It holds.
    pub passed: bool,
    /// It earns nothing when it holds, and takes all away when it does not.
    #[serde(default)]
    pub guard: bool,
    /// Its share of the score; 0 for a guard.
    pub weight: f64,
    /// What was seen, bounded.
    pub evidence: String,
}

/// One repetition of a task on one model.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkResult {
    /// The benchmark it belongs to.
    pub benchmark_id: BenchmarkId,
    /// CC Switch's id.
    pub profile_id: String,
    /// CC Switch's name.
    pub profile_name: String,
    /// The model that was asked for; none for the provider's default.
    pub model: Option<String>,
    /// The one that answered.
    pub actual_model: Option<String>,
    /// The role it was tested in.
    pub role: Role,
    /// The task's id in its suite.
    pub task: String,
    /// From 1.
    pub repetition: u32,
    /// Where it stands.
    pub state: ResultState,
    /// From 0 to 1; none unless judged.
    pub score: Option<f64>,
    /// What was checked.
    pub checks: Vec<CheckResult>,
    /// Its run's tokens.
    pub usage: Usage,
    /// USD.
    pub cost_usd: Option<f64>,
    /// From the worker's start to its end.
    pub duration_ms: Option<u64>,
    /// Its run; none when none could be started.
    pub run_id: Option<RunId>,
    /// When this was written; RFC 3339, UTC.
    pub at: String,
    /// Why it is void, or what went wrong besides.
    pub error: Option<String>,
}

/// How a model did in one role, in the newest benchmark that judged it there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchmarkScore {
    /// CC Switch's id.
    pub profile_id: String,
    /// The model that was asked for; none for the provider's default.
    pub model: Option<String>,
    /// Every model that answered: another one than was asked for has earned these scores.
    pub answered_by: Vec<String>,
    /// The role.
    pub role: Role,
    /// Scores from 0 to 1, one a repetition of a task.
    pub score: Estimate,
    /// Different tasks among them.
    pub tasks: u32,
    /// Mean USD of a run, where it is known.
    pub cost_usd: Option<f64>,
    /// Mean time of a run.
    pub duration_ms: Option<u64>,
    /// The suite.
    pub suite: String,
    /// sha256 of the suite, hex: scores of different suites do not compare.
    pub suite_digest: String,
    /// The benchmark.
    pub benchmark_id: BenchmarkId,
    /// When the last of them was judged; RFC 3339, UTC.
    pub at: String,
}
