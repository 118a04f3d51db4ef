//! Where a run goes on when its provider says no, and what models cost.

use std::collections::BTreeMap;

use cc_domain::{CostGuard, ModelPrice, Profile};
use cc_policy::{Policy, Price};
use cc_workers::Alternative;

use crate::{OpError, routing::Routed};

/// How often a run may fail over.
const MOST_ALTERNATIVES: usize = 3;

/// Where a run that is to fail over goes on: the router's choices without those before. Settled now, because a
/// supervisor has no plugins.
pub(super) fn alternatives(
    policy: &Policy,
    routed: &Routed,
    own: &BTreeMap<String, Price>,
) -> Result<Vec<Alternative>, OpError> {
    let (mut left, mut before, mut found) =
        (routed.candidates.clone(), routed.route.profile_id.clone(), Vec::new());
    while found.len() < MOST_ALTERNATIVES {
        // One profile's models share its limit. They stay in the list: names in it mean what they meant before.
        left.iter_mut().filter(|other| other.profile_id == before).for_each(|other| other.usable = false);
        // Nobody left to choose is the end of the list, and no error.
        let Ok(next) = policy.route_within(&routed.request, &left, None, &routed.sees) else { break };
        let route = routed.route_to(next);
        let settings = routed.profiles.worker_settings(&route.profile_id, route.model.as_deref())?;
        before.clone_from(&route.profile_id);
        let prices = prices(routed.profiles.find(&route.profile_id)?, own);
        let (settings, secrets) = (settings.settings.to_string(), settings.secrets);
        found.push(Alternative { route, settings, secrets, prices });
    }
    Ok(found)
}

/// What a profile's models cost: what the user says they pay, else the listed price and the profile's factor.
pub(super) fn prices(profile: &Profile, own: &BTreeMap<String, Price>) -> Vec<ModelPrice> {
    let listed = profile.prices.iter().map(|price| price.times(profile.cost_multiplier));
    own.iter().map(|(model, price)| price.of(model)).chain(listed).collect()
}

/// What a caller should know who counts on a limit of USD for a model.
pub(super) fn warning(guard: &CostGuard, model: Option<&str>, prices: &[ModelPrice]) -> Option<String> {
    let model = model.unwrap_or("the provider's default model");
    if !guard.counts_usd() || prices.iter().any(|price| price.is_of(model)) {
        return None;
    }
    let price = serde_json::json!({ "config": { "prices": { model: { "input": 1.0, "output": 2.0 } } }, "apply": true });
    Some(format!(
        "no price is known for {model}: limits of USD count it at a turn's end if Claude Code knows its price, else \
         never; limits of tokens hold. Set what you pay, USD a million tokens: cc_local_policy {price}"
    ))
}
