//! From a job to its route: profiles, scores, the router chain.

use cc_domain::{
    Attributes, Candidate, ModelScore, ModelToScore, Profile, Role, Route, RouteRequest, TaskType,
};
use cc_policy::{Answer, Policy};
use cc_profiles::ProfileStore;
use cc_repo::Project;
use cc_store::HistoryLine;

use crate::{Context, OpError};

/// The job as a router sees it.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) role: Role,
    pub(crate) task_type: Option<TaskType>,
    /// A profile the caller insists on: an id, or a name that only one has.
    pub(crate) profile: Option<String>,
    pub(crate) write: bool,
    /// Profiles and models whose work on the same job failed its verification; no model: the profile's default.
    pub(crate) failures: Vec<(String, String)>,
}

impl Job {
    /// What routers may know of it beyond the request's own fields; the keys are listed in `docs/plugin-guide.md`.
    fn attributes(&self) -> Attributes {
        if self.failures.is_empty() {
            return Attributes::new();
        }
        let mut facts = vec![("failed_verifications".to_owned(), self.failures.len().to_string())];
        facts.extend(self.failures.iter().enumerate().flat_map(|(at, (profile, model))| {
            let key = |what: &str| format!("failed.{}.{what}", at + 1);
            [(key("profile_id"), profile.clone()), (key("model"), model.clone())]
        }));
        facts
    }
}

/// A route, and what it was chosen from.
pub(crate) struct Routed {
    pub(crate) route: Route,
    pub(crate) request: RouteRequest,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) profiles: ProfileStore,
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
    let history = history(cx)?;
    let explicit = match &job.profile {
        Some(query) => Some(profiles.find(query)?.id.clone()),
        None => None,
    };
    let policy = cx.policy(&project.root);
    let scores = score(&policy, &profiles, &history, std::slice::from_ref(&job.role))?;
    let candidates = candidates(&profiles, &history, &scores.value, &job.role);
    let request = RouteRequest {
        role: job.role.clone(),
        task_type: job.task_type.clone(),
        write: job.write,
        attributes: job.attributes(),
    };
    let decision = policy.route(&request, &candidates, explicit.as_deref())?;
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
    Ok(Routed { route, request, candidates, profiles })
}

/// Scores every model of every profile for some roles.
pub(crate) fn score(
    policy: &Policy,
    profiles: &ProfileStore,
    history: &[HistoryLine],
    roles: &[Role],
) -> Result<Answer<Vec<ModelScore>>, OpError> {
    let models: Vec<ModelToScore> =
        profiles.profiles.iter().flat_map(|profile| models_of(profile, history)).collect();
    Ok(policy.score(roles, &models)?)
}

/// Each model of a profile; a profile that names none is one model without a name.
fn models_of(profile: &Profile, history: &[HistoryLine]) -> Vec<ModelToScore> {
    let names: Vec<String> = match profile.models.as_slice() {
        [] => vec![String::new()],
        models => models.iter().map(|entry| entry.name.clone()).collect(),
    };
    names
        .into_iter()
        .map(|model| ModelToScore {
            attributes: attributes(profile, &model, history),
            profile_id: profile.id.clone(),
            model,
        })
        .collect()
}

fn candidates(
    profiles: &ProfileStore,
    history: &[HistoryLine],
    scores: &[ModelScore],
    role: &Role,
) -> Vec<Candidate> {
    let of = |profile: &Profile| {
        models_of(profile, history)
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
fn attributes(profile: &Profile, model: &str, history: &[HistoryLine]) -> Attributes {
    let mut facts = vec![
        ("current".to_owned(), profile.current.to_string()),
        ("cost_multiplier".to_owned(), profile.cost_multiplier.to_string()),
    ];
    let mut fact = |key: &str, value: String| facts.push((key.to_owned(), value));
    if let Some(category) = &profile.category {
        fact("category", category.clone());
    }
    if let Some(price) = profile.price_of(model) {
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
    facts.extend(past(profile, model, history));
    facts
}

/// What became of the model's runs on this profile: in all roles together, and in each.
fn past(profile: &Profile, model: &str, history: &[HistoryLine]) -> Attributes {
    let lines = history
        .iter()
        .filter(|line| line.profile_id == profile.id && line.model.as_deref().unwrap_or_default() == model);
    let (mut runs, mut successes, mut facts) = (0, 0, Attributes::new());
    for line in lines {
        runs += line.runs;
        successes += line.successes;
        facts.push((format!("history.{}.runs", line.role), line.runs.to_string()));
        facts.push((format!("history.{}.successes", line.role), line.successes.to_string()));
    }
    if runs > 0 {
        facts.push(("history.runs".to_owned(), runs.to_string()));
        facts.push(("history.successes".to_owned(), successes.to_string()));
    }
    facts
}

/// What became of earlier runs. Where nothing ever ran there is no database, and asking makes none.
pub(crate) fn history(cx: &Context) -> Result<Vec<HistoryLine>, OpError> {
    if !cx.setup().home.state_db().is_file() {
        return Ok(Vec::new());
    }
    Ok(cx.store()?.history()?)
}
