//! `cc_pick_profile`.

use cc_domain::{Role, Route, TaskType, TraceStep};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, OpError, Operation, Output,
    arguments::ResponseFormat,
    launch,
    routing::{self, Job},
};

/// Select or recommend: which model would be chosen for a role or job (security, frontend, testing, documentation),
/// who would handle or should do the task and why the routing decides so. Without starting it.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct PickProfile {
    /// Default implementation.
    #[arg(long)]
    role: Option<Role>,
    /// Default: the role's own.
    #[arg(long)]
    task_type: Option<TaskType>,
    /// Insist on this id or name.
    #[arg(long)]
    profile: Option<String>,
    #[arg(long, hide = true)]
    #[allow(dead_code)] // read before the arguments are decoded
    response_format: Option<ResponseFormat>,
}

/// The route a worker would get.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Picked {
    #[schemars(skip)]
    role: Role,
    #[schemars(skip)]
    task_type: TaskType,
    profile: String,
    profile_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[schemars(skip)]
    permission_mode: &'static str,
    #[schemars(skip)]
    timeout_seconds: u32,
    reason: String,
    #[schemars(skip)]
    selected_profile: Selected,
    #[schemars(skip)]
    trace: Vec<TraceStep>,
}

/// The profile of the route.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Selected {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_default_model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
}

impl Operation for PickProfile {
    const NAME: &'static str = "cc_pick_profile";
    const TITLE: &'static str = "Pick or choose the best model or profile: preview the route";
    const EFFECT: Effect = Effect::READS;
    type Output = Picked;

    async fn run(self, cx: Context) -> Result<Picked, OpError> {
        cx.blocking(move |cx| {
            let role = self.role.unwrap_or_default();
            let job = Job {
                role,
                task_type: self.task_type,
                profile: self.profile,
                write: false,
                ..Job::default()
            };
            let routed = routing::route(cx, &cx.project(None)?, &job)?;
            let profile = routed.profile()?;
            let selected_profile = Selected {
                id: profile.id.clone(),
                name: profile.name.clone(),
                provider_default_model: profile.default_model().map(ToOwned::to_owned),
                base_url: profile.base_url.clone(),
            };
            Ok(Picked::new(routed.route, selected_profile))
        })
        .await
    }
}

impl Picked {
    fn new(route: Route, selected_profile: Selected) -> Self {
        Self {
            timeout_seconds: launch::timeout_of(&route.role, None),
            permission_mode: launch::permission_mode(false).as_str(),
            profile: route.profile_name,
            profile_id: route.profile_id,
            role: route.role,
            task_type: route.task_type,
            model: route.model,
            score: route.score.map(|score| (score * 100.0).round() / 100.0),
            reason: route.reason,
            selected_profile,
            trace: route.trace,
        }
    }
}

impl Output for Picked {
    fn text(&self) -> String {
        let model = self.model.as_deref().unwrap_or("its provider's default model");
        format!("{} for {}: {}\n\n{}", model, self.role, self.reason, cc_reports::trace(&self.trace))
    }
}
