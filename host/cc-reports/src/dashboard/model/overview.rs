//! The first page.

use serde::Serialize;

use super::{Asked, RunLine};

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
