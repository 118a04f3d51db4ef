//! From a job to its route: profiles, scores, the router chain.

use std::path::PathBuf;

use cc_domain::{
    Attributes, Candidate, ModelScore, ModelToScore, Profile, Role, Route, RouteRequest, TaskType,
};
use cc_policy::{Answer, Overrides, Policy, Shadowed};
use cc_profiles::ProfileStore;
use cc_repo::Project;

use crate::{Context, OpError, past::History};

/// The job as a router sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Job {
    pub(crate) role: Role,
    pub(crate) task_type: Option<TaskType>,
    /// A profile the caller insists on: an id, or a name that only one has.
    pub(crate) profile: Option<String>,
    pub(crate) write: bool,
    /// Attempts at this very job that failed their verification, the oldest first.
    pub(crate) failures: Vec<Failed>,
    /// Further projects that the task shows parts of: their boundaries hold as well.
    pub(crate) sees: Vec<PathBuf>,
}

/// An attempt that failed its verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) profile_id: String,
    /// As it was routed; empty for the provider's default.
    pub(crate) model: String,
}

/// The newest attempts that a router is told of.
const MOST_FAILURES: usize = 20;

impl Job {
    /// What a router is told besides role, task type and whether it writes.
    fn attributes(&self) -> Attributes {
        let told = &self.failures[self.failures.len().saturating_sub(MOST_FAILURES)..];
        if told.is_empty() {
            return Attributes::new();
        }
        let count = ("failures".to_owned(), told.len().to_string());
        let each = (1..).zip(told).flat_map(|(n, failed)| {
            let fact = |name: &str, value: &String| (format!("failure.{n}.{name}"), value.clone());
            [fact("profile_id", &failed.profile_id), fact("model", &failed.model)]
        });
        [count].into_iter().chain(each).collect()
    }
}

/// A route, and what it was chosen from.
pub(crate) struct Routed {
    pub(crate) route: Route,
    pub(crate) request: RouteRequest,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) profiles: ProfileStore,
    /// What each plugin in shadow would have changed.
    pub(crate) shadows: Vec<Shadowed>,
    /// As in the job.
    pub(crate) sees: Vec<PathBuf>,
}

impl Routed {
    /// The chosen profile.
    pub(crate) fn profile(&self) -> Result<&Profile, OpError> {
        Ok(self.profiles.find(&self.route.profile_id)?)
    }
}

impl Routed {
    /// The same job on another choice.
    pub(crate) fn route_to(&self, decision: cc_policy::RouteDecision) -> Route {
        let chosen = self
            .candidates
            .iter()
            .find(|c| c.profile_id == decision.choice.profile_id && c.model == decision.choice.model);
        Route {
            profile_name: chosen.map_or_else(String::new, |c| c.profile_name.clone()),
            score: chosen.map(|c| c.score),
            profile_id: decision.choice.profile_id,
            model: Some(decision.choice.model).filter(|model| !model.is_empty()),
            reason: decision.choice.reason,
            trace: decision.trace,
            ..self.route.clone()
        }
    }
}

/// Finds the route of a job.
pub(crate) fn route(cx: &Context, project: &Project, job: &Job) -> Result<Routed, OpError> {
    let profiles = cc_profiles::load(&cx.setup().locations)?;
    let history = History::read(cx)?;
    let explicit = match &job.profile {
        Some(query) => Some(profiles.find(query)?.id.clone()),
        None => None,
    };
    let policy = cx.policy(&project.root);
    let models = models(&policy, &profiles, &history)?;
    let scores = policy.score(std::slice::from_ref(&job.role), &models)?;
    let candidates = candidates(&profiles, models, &scores.value, &job.role);
    let request = RouteRequest {
        role: job.role.clone(),
        task_type: job.task_type.clone(),
        write: job.write,
        attributes: job.attributes(),
    };
    let decision = policy.route_within(&request, &candidates, explicit.as_deref(), &job.sees)?;
    let chosen = candidates
        .iter()
        .find(|c| c.profile_id == decision.choice.profile_id && c.model == decision.choice.model);
    let route = Route {
        role: job.role.clone(),
        task_type: job.task_type.clone().unwrap_or_else(|| job.role.default_task_type()),
        profile_name: chosen.map_or_else(String::new, |c| c.profile_name.clone()),
        score: chosen.map(|c| c.score),
        profile_id: decision.choice.profile_id,
        model: Some(decision.choice.model).filter(|model| !model.is_empty()),
        reason: decision.choice.reason,
        trace: scores.trace.into_iter().chain(decision.trace).collect(),
    };
    let (shadows, sees) = (decision.shadows, job.sees.clone());
    Ok(Routed { route, request, candidates, profiles, shadows, sees })
}

/// Scores every model of every profile for some roles.
pub(crate) fn score(
    policy: &Policy,
    profiles: &ProfileStore,
    history: &History,
    roles: &[Role],
) -> Result<Answer<Vec<ModelScore>>, OpError> {
    Ok(policy.score(roles, &models(policy, profiles, history)?)?)
}

/// Each model of each profile; a profile that names none is one model without a name.
fn models(policy: &Policy, profiles: &ProfileStore, history: &History) -> Result<Vec<ModelToScore>, OpError> {
    let overrides = policy.overrides()?;
    let named = |profile: &Profile| match profile.models.as_slice() {
        [] => vec![String::new()],
        models => models.iter().map(|entry| entry.name.clone()).collect(),
    };
    let of = |profile: &Profile| {
        let to_score = |model: String| ModelToScore {
            attributes: attributes(profile, &model, history, &overrides),
            profile_id: profile.id.clone(),
            model,
        };
        named(profile).into_iter().map(to_score).collect::<Vec<_>>()
    };
    Ok(profiles.profiles.iter().flat_map(of).collect())
}

fn candidates(
    profiles: &ProfileStore,
    models: Vec<ModelToScore>,
    scores: &[ModelScore],
    role: &Role,
) -> Vec<Candidate> {
    let of = |model: ModelToScore| {
        let profile = profiles.profiles.iter().find(|profile| profile.id == model.profile_id)?;
        let score = scores.iter().find(|s| s.profile_id == model.profile_id && s.model == model.model);
        Some(candidate(profile, model, score, role))
    };
    models.into_iter().filter_map(of).collect()
}

fn candidate(profile: &Profile, model: ModelToScore, score: Option<&ModelScore>, role: &Role) -> Candidate {
    let mut attributes = model.attributes;
    let abilities = score.into_iter().flat_map(|score| &score.abilities);
    attributes.extend(abilities.map(|(name, value)| (format!("ability.{name}"), value.to_string())));
    let total = score.and_then(|score| score.roles.iter().find(|r| r.role == role.as_str())).map(|r| r.total);
    Candidate {
        profile_id: model.profile_id,
        profile_name: profile.name.clone(),
        model: model.model,
        current: profile.current,
        usable: profile.usability.is_usable(),
        score: total.unwrap_or_default(),
        attributes,
    }
}

/// The facts plugins get of a model on a profile; the keys are listed in `docs/plugin-guide.md`.
fn attributes(profile: &Profile, model: &str, history: &History, overrides: &Overrides) -> Attributes {
    // The user's own price is what is paid: the profile's factor is not put on it.
    let own = overrides.price_of(model);
    let factor = if own.is_some() { 1.0 } else { profile.cost_multiplier };
    let mut facts = vec![
        ("current".to_owned(), profile.current.to_string()),
        ("cost_multiplier".to_owned(), factor.to_string()),
    ];
    let mut fact = |key: &str, value: String| facts.push((key.to_owned(), value));
    if let Some(category) = &profile.category {
        fact("category", category.clone());
    }
    if let Some(price) = own.as_ref().or_else(|| profile.price_of(model)) {
        fact("price.input", price.input.to_string());
        fact("price.output", price.output.to_string());
        fact("price.cache_read", price.cache_read.to_string());
        fact("price.cache_write", price.cache_write.to_string());
    }
    if let Some(health) = &profile.health {
        fact("health", if health.healthy { "ok" } else { "failing" }.to_owned());
        fact("health.failures", health.consecutive_failures.to_string());
    }
    if let Some(reason) = profile.usability.reason() {
        fact("unusable_reason", reason.to_owned());
    }
    facts.extend(history.attributes(profile, model));
    facts
}
