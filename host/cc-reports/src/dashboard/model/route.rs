//! Who chose a run's model, and what it cost.

use cc_domain::TraceStep;
use serde::Serialize;

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
