//! A task as steps: which role does what, on which model, after whom, and what that usually takes.

use std::collections::BTreeMap;

use cc_domain::Role;
use cc_policy::Price;
use cc_repo::Project;
use cc_store::Typical;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Context, OpError, launch,
    routing::{self, Job, Routed},
    team,
};

/// Roles of a plan that names none.
const USUAL: [&str; 7] =
    ["requirements", "architecture", "security", "testing", "review", "implementation", "supervisor"];

/// The parts of a plan, in order. All steps of one begin when those before have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline, description = "")]
pub(crate) enum Phase {
    ParallelAnalysis,
    CrossReview,
    Execution,
    ControllerSummary,
}

impl Phase {
    pub(crate) const ALL: [Self; 4] =
        [Self::ParallelAnalysis, Self::CrossReview, Self::Execution, Self::ControllerSummary];

    fn of(role: &Role) -> Self {
        match role.as_str() {
            "review" => Self::CrossReview,
            "development" | "implementation" | "documentation" | "automation" => Self::Execution,
            "supervisor" => Self::ControllerSummary,
            _ => Self::ParallelAnalysis,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ParallelAnalysis => "parallel_analysis",
            Self::CrossReview => "cross_review",
            Self::Execution => "execution",
            Self::ControllerSummary => "controller_summary",
        }
    }
}

/// One worker's part.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Step {
    /// Its place and role, such as `2-security`.
    pub(crate) id: String,
    pub(crate) phase: Phase,
    pub(crate) role: Role,
    #[schemars(skip)]
    pub(crate) task_type: Role,
    pub(crate) profile: String,
    #[schemars(skip)]
    pub(crate) profile_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[schemars(skip)]
    pub(crate) permission_mode: &'static str,
    #[schemars(skip)]
    pub(crate) timeout_seconds: u32,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) selection_score: Option<f64>,
    #[schemars(skip)]
    pub(crate) reason: String,
    #[schemars(with = "serde_json::Value")]
    pub(crate) estimate: Estimate,
    /// Arguments of cc_queue_submit.
    #[schemars(with = "serde_json::Value")]
    pub(crate) submit: Submit,
    /// Why nobody can do it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

/// What a step will probably take.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Estimate {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<u64>,
    /// What the figures rest on, or why there are none.
    pub(crate) basis: String,
}

/// Arguments of `cc_queue_submit`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Submit {
    pub(crate) task: String,
    pub(crate) role: Role,
    pub(crate) cwd: String,
    pub(crate) priority: i32,
    pub(crate) allow_write: bool,
    /// Ids of steps; the ids of their jobs go here.
    pub(crate) after: Vec<String>,
}

/// What is to be planned.
pub(crate) struct Wanted<'a> {
    pub(crate) task: &'a str,
    pub(crate) context: Option<&'a str>,
    /// Empty: the usual ones.
    pub(crate) roles: &'a [Role],
    /// Steps that carry it out may edit.
    pub(crate) allow_write: bool,
}

/// The steps, in order. Starts nothing.
pub(crate) fn steps(cx: &Context, project: &Project, wanted: &Wanted<'_>) -> Result<Vec<Step>, OpError> {
    let mut roles = if wanted.roles.is_empty() { team::roles(&USUAL)? } else { wanted.roles.to_vec() };
    roles.sort_by_key(Phase::of);
    let overrides = cx.policy(&project.root).overrides()?;
    let (priority, own_prices) = (overrides.queue.default_priority, overrides.prices);
    let planner = Planner { cx, project, wanted, roles: &roles, priority, own_prices };
    let mut steps: Vec<Step> = Vec::new();
    for (at, role) in roles.iter().enumerate() {
        let phase = Phase::of(role);
        let before: Vec<&Step> = steps.iter().filter(|step| step.phase < phase).collect();
        // Those of the phase just before are enough: they waited for the others.
        let last = before.last().map(|step| step.phase);
        let after =
            before.iter().filter(|step| Some(step.phase) == last).map(|step| step.id.clone()).collect();
        steps.push(planner.step(at + 1, role, phase, after)?);
    }
    Ok(steps)
}

struct Planner<'a> {
    cx: &'a Context,
    project: &'a Project,
    wanted: &'a Wanted<'a>,
    roles: &'a [Role],
    /// The user's for jobs that name none.
    priority: i32,
    own_prices: BTreeMap<String, Price>,
}

impl Planner<'_> {
    fn step(&self, number: usize, role: &Role, phase: Phase, after: Vec<String>) -> Result<Step, OpError> {
        let write = self.wanted.allow_write && phase == Phase::Execution;
        let job = Job { role: role.clone(), write, ..Job::default() };
        // One role that nobody can do leaves the rest of the plan.
        let (routed, problem) = match routing::route(self.cx, self.project, &job) {
            Ok(routed) => (Some(routed), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let route = routed.as_ref().map(|routed| &routed.route);
        Ok(Step {
            id: format!("{number}-{role}"),
            phase,
            role: role.clone(),
            task_type: role.default_task_type(),
            profile: route.map(|route| route.profile_name.clone()).unwrap_or_default(),
            profile_id: route.map(|route| route.profile_id.clone()).unwrap_or_default(),
            model: route.and_then(|route| route.model.clone()),
            permission_mode: launch::permission_mode(write).as_str(),
            timeout_seconds: launch::timeout_of(role, None),
            selection_score: route.and_then(|route| route.score).map(|score| (score * 100.0).round() / 100.0),
            reason: route.map(|route| route.reason.clone()).unwrap_or_default(),
            estimate: self.estimate(role, routed.as_ref())?,
            submit: Submit {
                task: self.prompt(role, phase)?,
                role: role.clone(),
                cwd: self.project.cwd.display().to_string(),
                priority: self.priority,
                allow_write: write,
                after,
            },
            problem,
        })
    }

    fn prompt(&self, role: &Role, phase: Phase) -> Result<String, OpError> {
        let Wanted { task, context, .. } = *self.wanted;
        let cwd = self.project.cwd.to_str();
        match phase {
            Phase::ParallelAnalysis => {
                let roles = self.names(Phase::ParallelAnalysis);
                let mut variables = vec![("task", task), ("role", role.as_str()), ("roles", roles.as_str())];
                variables.extend(context.map(|context| ("context", context)));
                team::prompt(self.cx, cwd, "team-member", &variables)
            }
            Phase::CrossReview => {
                let answers = format!("They are in the context of this job. The task they answer:\n\n{task}");
                team::prompt(self.cx, cwd, "cross-review", &[("role", role.as_str()), ("answers", &answers)])
            }
            Phase::Execution => Ok(match context {
                Some(context) => format!("{task}\n\nContext:\n{context}"),
                None => task.to_owned(),
            }),
            Phase::ControllerSummary => Ok(format!(
                "Audit whether this task was done and what is still open. What was found and done is in the context \
                 of this job; check it against the project itself.\n\n{task}"
            )),
        }
    }

    fn names(&self, phase: Phase) -> String {
        let names = self.roles.iter().filter(|role| Phase::of(role) == phase).map(Role::as_str);
        names.collect::<Vec<_>>().join(", ")
    }

    fn estimate(&self, role: &Role, routed: Option<&Routed>) -> Result<Estimate, OpError> {
        let Some((usual, whose)) = self.usual(role)? else { return Ok(Estimate::none()) };
        let model = routed.and_then(|routed| routed.route.model.as_deref());
        let prices = match routed {
            Some(routed) => launch::prices(routed.profile()?, &self.own_prices),
            None => Vec::new(),
        };
        let price = model.and_then(|model| prices.into_iter().find(|price| price.is_of(model)));
        let runs =
            if usual.runs == 1 { "one run".to_owned() } else { format!("the median of {} runs", usual.runs) };
        let basis = format!("{runs} of {whose}");
        Ok(Estimate {
            usd: price.as_ref().map(|price| price.cost(usual.usage)),
            tokens: Some(usual.usage.total()),
            seconds: Some(usual.duration_ms.div_ceil(1_000)),
            basis: match price {
                Some(_) => format!("{basis}, at the listed price"),
                None => format!("{basis}; no price is listed"),
            },
        })
    }

    fn usual(&self, role: &Role) -> Result<Option<(Typical, String)>, OpError> {
        if !self.cx.setup().home.state_db().is_file() {
            return Ok(None);
        }
        let store = self.cx.store()?;
        if let Some(usual) = store.typical_run(Some(role))? {
            return Ok(Some((usual, format!("role {role}"))));
        }
        Ok(store.typical_run(None)?.map(|usual| (usual, "all roles, as this one has none".to_owned())))
    }
}

impl Estimate {
    fn none() -> Self {
        Self { usd: None, tokens: None, seconds: None, basis: "no run has succeeded here yet".into() }
    }
}

/// What all steps together will probably take.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Total {
    pub(crate) usd: f64,
    pub(crate) tokens: u64,
    /// Steps without a price or without history, which are not in it.
    pub(crate) steps_without_usd: usize,
}

impl Total {
    pub(crate) fn of(steps: &[Step]) -> Self {
        Self {
            // An empty sum of floats is -0.
            usd: steps.iter().filter_map(|step| step.estimate.usd).fold(0.0, |sum, usd| sum + usd),
            tokens: steps.iter().filter_map(|step| step.estimate.tokens).sum(),
            steps_without_usd: steps.iter().filter(|step| step.estimate.usd.is_none()).count(),
        }
    }

    pub(crate) fn text(&self, steps: usize) -> String {
        match steps - self.steps_without_usd.min(steps) {
            0 => format!("about {} tokens; what they cost is not known", self.tokens),
            priced if priced == steps => format!("about {:.2} USD and {} tokens", self.usd, self.tokens),
            priced => format!(
                "about {:.2} USD for {priced} of {steps} steps, the others have no price or no history; {} tokens",
                self.usd, self.tokens
            ),
        }
    }
}
