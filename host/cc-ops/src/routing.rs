//! From a job to its route: profiles, scores, the router chain.

use std::{collections::BTreeMap, path::PathBuf};

use cc_domain::{
    Attributes, Candidate, ModelScore, ModelToScore, Profile, Role, Route, RouteRequest, TaskType,
};
use cc_policy::{Answer, Policy, Price, Shadowed};
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
    let scores = score(&policy, &profiles, &history, std::slice::from_ref(&job.role))?;
    let known = Known { history: &history, prices: policy.overrides()?.prices };
    let candidates = candidates(&profiles, &known, &scores.value, &job.role);
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
    let known = Known { history, prices: policy.overrides()?.prices };
    let models: Vec<ModelToScore> =
        profiles.profiles.iter().flat_map(|profile| models_of(profile, &known)).collect();
    Ok(policy.score(roles, &models)?)
}

/// What is known of models beside their profiles.
struct Known<'h> {
    history: &'h History,
    /// The user's own, by model.
    prices: BTreeMap<String, Price>,
}

/// Each model of a profile; a profile that names none is one model without a name.
fn models_of(profile: &Profile, known: &Known<'_>) -> Vec<ModelToScore> {
    let names: Vec<String> = match profile.models.as_slice() {
        [] => vec![String::new()],
        models => models.iter().map(|entry| entry.name.clone()).collect(),
    };
    names
        .into_iter()
        .map(|model| ModelToScore {
            attributes: attributes(profile, &model, known),
            profile_id: profile.id.clone(),
            model,
        })
        .collect()
}

fn candidates(
    profiles: &ProfileStore,
    known: &Known<'_>,
    scores: &[ModelScore],
    role: &Role,
) -> Vec<Candidate> {
    let of = |profile: &Profile| {
        models_of(profile, known)
            .into_iter()
            .map(|model| {
                let score =
                    scores.iter().find(|s| s.profile_id == model.profile_id && s.model == model.model);
                candidate(profile, model, score, role)
            })
            .collect::<Vec<_>>()
    };
    profiles.profiles.iter().flat_map(of).collect()
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
fn attributes(profile: &Profile, model: &str, known: &Known<'_>) -> Attributes {
    // The user's own price is what is paid: the profile's factor is not put on it.
    let own = known.prices.iter().map(|(name, price)| price.of(name)).find(|price| price.is_of(model));
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
    facts.extend(known.history.attributes(profile, model));
    facts
}
