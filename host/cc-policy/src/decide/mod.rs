//! Who decides what, once every plugin can be asked. No I/O: the plugins come as questions that can be put.

mod highest;
mod preference;
mod profile;
mod prompts;
mod route;
mod score;
mod secrets;
mod shadow;

use cc_domain::{PluginRef, Said, TraceStep};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use highest::{highest, nobody};
pub(crate) use profile::find as find_profile;
pub(crate) use prompts::{render, templates};
pub use route::RouteDecision;
pub(crate) use route::{Job, route};
pub(crate) use score::neutral;
pub(crate) use secrets::union;
pub use shadow::Shadowed;
pub(crate) use shadow::shadowed;

/// What a plugin answered, who it was, and what was tried before.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// Who gave it; none for the host's own neutral answer.
    pub plugin: Option<PluginRef>,
    /// Every step, in order.
    pub trace: Vec<TraceStep>,
}

/// A plugin that gave no answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) said: Said,
    pub(crate) reason: String,
}

impl Silence {
    /// It was not asked.
    pub(crate) fn skipped(reason: String) -> Self {
        Self { said: Said::Skipped, reason }
    }
}

impl From<String> for Silence {
    fn from(reason: String) -> Self {
        Self { said: Said::Failed, reason }
    }
}

/// A step that a plugin took.
fn step(plugin: &PluginRef, said: Said, reason: impl Into<String>) -> TraceStep {
    TraceStep { who: plugin.id.clone(), plugin: Some(plugin.clone()), said, reason: reason.into() }
}

/// A step that no plugin took: `who` is `request`, `override` or `host`.
fn own_step(who: &str, said: Said, reason: impl Into<String>) -> TraceStep {
    TraceStep { who: who.into(), plugin: None, said, reason: reason.into() }
}

#[cfg(test)]
pub(crate) mod samples {
    use cc_domain::{Candidate, Layer, PluginRef};

    pub(crate) fn plugin(id: &str, layer: Layer) -> PluginRef {
        PluginRef { id: id.into(), version: "1.0.0".into(), digest: "0".repeat(64), layer }
    }

    pub(crate) fn candidate(id: &str, name: &str, model: &str, score: f64) -> Candidate {
        Candidate {
            profile_id: id.into(),
            profile_name: name.into(),
            model: model.into(),
            current: false,
            usable: true,
            score,
            attributes: Vec::new(),
        }
    }
}
