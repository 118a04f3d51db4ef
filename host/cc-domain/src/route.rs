//! Who gets a job, and who decided so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Attributes, Role, TaskType};

/// A profile and model that a router may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// CC Switch's id.
    pub profile_id: String,
    /// CC Switch's name.
    pub profile_name: String,
    /// Empty when the profile names none.
    pub model: String,
    /// Switched on in CC Switch now.
    pub current: bool,
    /// A worker can be started on it.
    pub usable: bool,
    /// The scorer's total for the role, 0 to 10.
    pub score: f64,
    /// Prices, health, history, context and the like.
    pub attributes: Attributes,
}

/// The job to find a route for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteRequest {
    /// The worker's role.
    pub role: Role,
    /// The kind of work; beats the role's own where both speak.
    pub task_type: Option<TaskType>,
    /// The worker may change files.
    pub write: bool,
    /// Further facts.
    pub attributes: Attributes,
}

/// A profile and model, and one sentence that says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// CC Switch's id.
    pub profile_id: String,
    /// Empty: the provider's default.
    pub model: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// What a router said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Leave the proposal as it is.
    Keep,
    /// Replace the proposal.
    Choose(Choice),
    /// Nothing may run, and why.
    Deny(String),
}

/// Where a plugin or override comes from. A later layer outranks an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Inside the binary.
    Bundled,
    /// The user's home.
    User,
    /// A project that the user trusts.
    Project,
}

impl Layer {
    /// The name, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundled => "bundled",
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

/// Exactly which plugin spoke: enough to replay what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginRef {
    /// Such as `cc.router`.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// sha256 of the component, hex.
    pub digest: String,
    /// Where it comes from.
    pub layer: Layer,
}

/// One step of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceStep {
    /// Who: a plugin id, `override` or `request`.
    pub who: String,
    /// The plugin, when one spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginRef>,
    /// What it came to.
    pub said: Said,
    /// Why, in a sentence.
    pub reason: String,
}

/// What one step of a decision came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Left the proposal.
    Kept,
    /// Chose.
    Chose,
    /// Refused.
    Denied,
    /// Failed or said something impossible; the layer below stands.
    Failed,
    /// Did not apply.
    Skipped,
}

impl Said {
    /// The name, in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Chose => "chose",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The profile and model chosen for a job, with the trace of who chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// The job.
    pub role: Role,
    /// The kind of work, the role's own when none was given.
    pub task_type: TaskType,
    /// CC Switch's id.
    pub profile_id: String,
    /// CC Switch's name.
    pub profile_name: String,
    /// None: the provider's default.
    pub model: Option<String>,
    /// The scorer's total for the role, 0 to 10; none when the scorer failed.
    pub score: Option<f64>,
    /// Why, in a sentence.
    pub reason: String,
    /// Every step, in order.
    pub trace: Vec<TraceStep>,
}
