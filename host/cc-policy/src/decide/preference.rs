//! What the user's overrides prefer for a job.

use cc_domain::{Candidate, Choice, RouteRequest};

use super::profile;
use crate::overrides::{Key, Name, Overrides};

/// The preferences of one key: role, task type or `default`.
pub(super) struct Preference<'a> {
    key: Key,
    profile: Option<&'a Name>,
    model: Option<&'a Name>,
}

/// The first key that says anything: the role, then the task type, then `default`.
pub(super) fn of<'a>(overrides: &'a Overrides, request: &RouteRequest) -> Option<Preference<'a>> {
    let task_type = request.task_type.clone().unwrap_or_else(|| request.role.default_task_type());
    let keys = [Some(request.role.clone()), Some(task_type), "default".parse().ok()];
    keys.into_iter().flatten().find_map(|key| {
        let profile = overrides.preferred_profiles.get(&key);
        let model = overrides.preferred_models.get(&key);
        (profile.is_some() || model.is_some()).then_some(Preference { key, profile, model })
    })
}

impl Preference<'_> {
    /// As the user finds it in the file.
    pub(super) fn name(&self) -> String {
        let [table, value] = match (self.profile, self.model) {
            (Some(profile), _) => ["preferred_profiles", &profile.0],
            (None, Some(model)) => ["preferred_models", &model.0],
            (None, None) => ["nothing", ""],
        };
        format!("{table}.{} = '{value}'", self.key)
    }

    /// The candidate that is preferred, or why none is.
    pub(super) fn resolve<'c>(
        &self,
        candidates: &'c [Candidate],
        proposal: Option<&Choice>,
    ) -> Result<&'c Candidate, String> {
        match (self.profile, self.model) {
            (Some(profile), model) => of_profile(candidates, profile, model, proposal),
            (None, Some(model)) => of_model(candidates, model, proposal),
            (None, None) => Err("it names nothing".into()),
        }
    }
}

/// The profile's candidate with the preferred model, else the proposed one, else the best.
fn of_profile<'c>(
    candidates: &'c [Candidate],
    query: &Name,
    model: Option<&Name>,
    proposal: Option<&Choice>,
) -> Result<&'c Candidate, String> {
    let id = profile::find(candidates, &query.0)?;
    let usable: Vec<_> = candidates.iter().filter(|c| c.profile_id == id && c.usable).collect();
    let with = |name: &str| usable.iter().find(|candidate| candidate.model == name).copied();
    let wanted = model.and_then(|model| with(&model.0));
    let proposed =
        || proposal.filter(|choice| choice.profile_id == id).and_then(|choice| with(&choice.model));
    let found = wanted.or_else(proposed).or_else(|| best(usable.iter().copied()));
    found.ok_or_else(|| format!("the profile '{}' cannot run a worker now", query.0))
}

/// The only usable candidate with the model; among several the proposed profile's, else the current one's.
fn of_model<'c>(
    candidates: &'c [Candidate],
    model: &Name,
    proposal: Option<&Choice>,
) -> Result<&'c Candidate, String> {
    let with: Vec<_> = candidates.iter().filter(|c| c.model == model.0 && c.usable).collect();
    let proposed = || with.iter().find(|c| proposal.is_some_and(|choice| choice.profile_id == c.profile_id));
    let current = || with.iter().find(|candidate| candidate.current);
    match with[..] {
        [] => Err(format!("no usable profile has exactly the model '{}'", model.0)),
        [only] => Ok(only),
        _ => proposed().or_else(current).copied().ok_or_else(|| {
            let ids: Vec<_> = with.iter().map(|candidate| candidate.profile_id.as_str()).collect();
            format!("several profiles have the model '{}' ({}): prefer a profile", model.0, ids.join(", "))
        }),
    }
}

/// The highest score; the current profile's among equals, then the first.
pub(super) fn best<'c>(candidates: impl Iterator<Item = &'c Candidate>) -> Option<&'c Candidate> {
    candidates.reduce(|best, next| {
        let order = next.score.total_cmp(&best.score).then(next.current.cmp(&best.current));
        if order.is_gt() { next } else { best }
    })
}
