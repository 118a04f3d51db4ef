//! Why a job goes where it goes: each layer, what it said, and what those in shadow would have said.

use cc_domain::{Role, TaskType, TraceStep};
use cc_policy::Shadowed;
use serde::Serialize;

use crate::{
    Context, OpError,
    routing::{self, Job},
};

/// A route and everybody who had a say in it.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// The job.
    pub role: Role,
    /// The kind of work.
    pub task_type: TaskType,
    /// CC Switch's name of the profile.
    pub profile: String,
    /// Its id.
    pub profile_id: String,
    /// None: the provider's default.
    pub model: Option<String>,
    /// Who had the last word.
    pub decided_by: String,
    /// Every step, in order.
    pub trace: Vec<TraceStep>,
    /// What each plugin in shadow would have changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<Shadowed>,
}

/// Finds the route of a role's job, and who decided it. A dry run.
///
/// # Errors
/// Nobody can do the job, or a router refuses it.
pub fn why(cx: &Context, role: Role, task_type: Option<TaskType>) -> Result<Why, OpError> {
    let job = Job { role, task_type, ..Job::default() };
    let routed = routing::route(cx, &cx.project(None)?, &job)?;
    let route = routed.route;
    Ok(Why {
        decided_by: decided_by(&route.trace),
        role: route.role,
        task_type: route.task_type,
        profile: route.profile_name,
        profile_id: route.profile_id,
        model: route.model,
        trace: route.trace,
        shadows: routed.shadows,
    })
}

fn decided_by(trace: &[TraceStep]) -> String {
    let last = trace.iter().rev().find(|step| step.said == cc_domain::Said::Chose);
    let layer = |step: &TraceStep| step.plugin.as_ref().map(|plugin| plugin.layer.as_str());
    last.map_or_else(String::new, |step| match layer(step) {
        Some(layer) => format!("{} ({layer} layer)", step.who),
        None => step.who.clone(),
    })
}

impl Why {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let model = self.model.as_deref().unwrap_or("the provider's default model");
        let mut text = format!(
            "{} ({}) goes to {model} on {}: {} had the last word\n\n{}",
            self.role,
            self.task_type,
            self.profile,
            self.decided_by,
            cc_reports::trace(&self.trace)
        );
        for shadow in &self.shadows {
            let would = shadow.would_choose.as_ref();
            let would = would.map_or_else(|| "nobody".into(), |c| format!("{} on {}", c.model, c.profile_id));
            let change = if shadow.differs { format!("would change it to {would}") } else { "agrees".into() };
            text.push_str(&format!("\nin shadow: {} {change}: {}", shadow.plugin.id, shadow.reason));
        }
        text
    }
}
