//! What a run-reviewer is told of a run, and what it says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Attributes;

/// Facts the host measured of one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The run.
    pub run_id: String,
    /// The worker's role.
    pub role: String,
    /// As in `RunStatus`.
    pub status: String,
    /// Still going on.
    pub active: bool,
    /// The worker could change files.
    pub write: bool,
    /// The routed model.
    pub declared_model: Option<String>,
    /// The model that answered.
    pub actual_model: Option<String>,
    /// The last answer, redacted and bounded.
    pub final_text: String,
    /// Its tools, each once.
    pub tools: Vec<ToolUse>,
    /// Its shell commands, redacted and bounded.
    pub commands: Vec<Command>,
    /// Measured numbers and states.
    pub attributes: Attributes,
}

/// One tool, all its calls together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolUse {
    /// The tool's name.
    pub name: String,
    /// Calls.
    pub calls: u32,
    /// Calls that came back as errors.
    pub failed: u32,
    /// How often the most repeated identical call was made.
    pub repeated: u32,
}

/// One shell command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Redacted and bounded.
    pub line: String,
    /// When it is known.
    pub exit_code: Option<i32>,
    /// The host took it for a test run.
    pub test: bool,
}

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// How sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// One thing a controller should know of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Flag {
    /// Such as `route_mismatch`.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// Such as `routing`.
    pub category: String,
    /// How sure.
    pub confidence: Confidence,
    /// What happened.
    pub message: String,
    /// The run must not be accepted while this stands.
    pub blocking: bool,
}

/// A run's mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grade {
    /// 0 to 100.
    pub score: u32,
    /// What was taken off and why.
    pub notes: Vec<String>,
}

/// What a reviewer said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// Worst first.
    pub flags: Vec<Flag>,
    /// None while there is nothing to grade.
    pub grade: Option<Grade>,
}
