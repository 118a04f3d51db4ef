//! Runs in lists.

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
    /// `demo` or `benchmark`: no work of the user's.
    pub apart: Option<&'static str>,
    /// How its task begins.
    pub task: String,
    /// What it does now, in a few words.
    pub activity: Option<String>,
    pub error: Option<String>,
    /// What its last verification came to: `verified`, `unverified` or `blocked_verification`.
    pub verified: Option<String>,
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
