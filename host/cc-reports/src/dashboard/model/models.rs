//! Models compared.

use serde::{Deserialize, Serialize};

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
