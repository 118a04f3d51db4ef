//! Recorded routes, scored and decided again as this version would.

use std::{collections::BTreeMap, path::PathBuf};

use cc_domain::{Attributes, Candidate, ModelToScore, RouteRequest};
use cc_policy::{Policy, PolicyConfig};
use cc_store::{Decision, schema};

use crate::{
    Context, OpError,
    replay::{Before, Replay, replay},
};

/// Before an attribute that the model-scorer gave.
const ABILITY: &str = "ability.";

/// The newest routes of this home, each in the project it was decided for. A version before this one may have left the
/// database; it is read as it is.
pub(crate) fn replayed(cx: &Context, most: u32) -> Result<Replay, OpError> {
    let home = &cx.setup().home;
    let mut projects: BTreeMap<Option<PathBuf>, Vec<Decision>> = BTreeMap::new();
    for (project, decision) in schema::decisions_of(home, "route", most)? {
        projects.entry(project).or_default().push(decision);
    }
    let mut all = Replay::default();
    for (project, decisions) in projects {
        let policy = Policy::rehearsal(PolicyConfig { home: home.root().to_owned(), project });
        let decisions: Vec<Decision> =
            decisions.into_iter().map(|decision| scored_again(&policy, decision)).collect();
        all.add(replay(&decisions, Before::Recorded, &policy)?);
    }
    Ok(all)
}

/// The decision with its candidates as this version's scorer sees them. What it is told of them is what was told then;
/// one that cannot be scored stays as it was.
fn scored_again(policy: &Policy, decision: Decision) -> Decision {
    let request = serde_json::from_value::<RouteRequest>(decision.request.clone());
    let candidates = serde_json::from_value::<Vec<Candidate>>(decision.candidates.clone());
    let (Ok(request), Ok(mut candidates)) = (request, candidates) else { return decision };
    let models: Vec<ModelToScore> = candidates.iter().map(told).collect();
    let Ok(answer) = policy.score(std::slice::from_ref(&request.role), &models) else { return decision };
    for (candidate, (model, score)) in candidates.iter_mut().zip(models.into_iter().zip(answer.value)) {
        candidate.attributes = model.attributes;
        let abilities =
            score.abilities.iter().map(|(name, value)| (format!("{ABILITY}{name}"), value.to_string()));
        candidate.attributes.extend(abilities);
        candidate.score = score.roles.first().map_or(candidate.score, |role| role.total);
    }
    let candidates = serde_json::to_value(candidates).unwrap_or_default();
    Decision { candidates, ..decision }
}

/// What a scorer was told of a candidate.
fn told(candidate: &Candidate) -> ModelToScore {
    let own = candidate.attributes.iter().filter(|(key, _)| !key.starts_with(ABILITY));
    ModelToScore {
        profile_id: candidate.profile_id.clone(),
        model: candidate.model.clone(),
        attributes: own.cloned().collect::<Attributes>(),
    }
}
