//! The eight abilities of a model.

use cc_policy_sdk::{Attributes, ModelName, model_scorer::Model, number, text};

use crate::{
    families::Ratings,
    lookup::{self, Place},
    price::Price,
    round,
};

/// The abilities' names, in the order every table here has.
pub(crate) const ABILITIES: [&str; 8] =
    ["code", "long_context", "reasoning", "speed", "stability", "cost", "tool_use", "multimodal"];

/// 0 to 10 each, in the order of `ABILITIES`.
pub(crate) type Abilities = [f64; 8];

/// Tokens that score 0 in `long_context`, and how often they must double to score 10.
const SMALLEST_CONTEXT: f64 = 16_384.0;
const DOUBLINGS: f64 = 7.0;
/// What one failed check in a row, and one failed verification of late, takes off `stability`, and the most that all of
/// either kind take.
const PER_FAILURE: f64 = 1.0;
const PER_VERIFICATION: f64 = 0.5;
const MOST_FOR_FAILURES: f64 = 5.0;

/// A model's abilities, and whether the table knows it. Says in `basis` where each comes from.
pub(crate) fn of(model: &Model, neutral: f64, basis: &mut Vec<String>) -> (Abilities, bool) {
    let name = ModelName::parse(&model.model);
    let place = lookup::find(&name);
    basis.push(match &place {
        Some(place) => place.describe(),
        None if model.model.is_empty() => format!("the profile names no model: {neutral} for every ability"),
        None => format!("the table does not know '{}': {neutral} for every ability", model.model),
    });
    let r = place.as_ref().map_or_else(|| even(neutral), Place::ratings);
    let long_context = long_context(&name, place.as_ref(), &model.attributes, neutral, basis);
    let cost = cost(place.as_ref(), &model.attributes, neutral, basis);
    let stability = stability(r.stability, &model.attributes, basis);
    let abilities = [r.code, long_context, r.reasoning, r.speed, stability, cost, r.tool_use, r.multimodal];
    (abilities.map(round), place.is_some())
}

fn even(rating: f64) -> Ratings {
    Ratings {
        code: rating,
        reasoning: rating,
        speed: rating,
        stability: rating,
        tool_use: rating,
        multimodal: rating,
    }
}

fn long_context(
    name: &ModelName,
    place: Option<&Place>,
    attributes: &Attributes,
    neutral: f64,
    basis: &mut Vec<String>,
) -> f64 {
    let given =
        number(attributes, "context").filter(|tokens| *tokens >= 1.0).map(|tokens| (tokens, "the profile"));
    let named = || named_context(name).map(|tokens| (tokens, "its name"));
    let listed = || {
        let thousands = place.map_or(0, |place| place.entry.context_k);
        (thousands > 0).then(|| (f64::from(thousands) * 1000.0, "the built-in table"))
    };
    let Some((tokens, source)) = given.or_else(named).or_else(listed) else { return neutral };
    basis.push(format!("context of {tokens:.0} tokens by {source}"));
    10.0 * (tokens / SMALLEST_CONTEXT).log2() / DOUBLINGS
}

/// A context size that the name itself carries: `[1M]`, `k3-256k`.
fn named_context(name: &ModelName) -> Option<f64> {
    let thousands = || {
        let size = name.words.iter().find_map(|word| word.strip_suffix('k')?.parse::<f64>().ok())?;
        Some(size * 1000.0)
    };
    if name.long_context { Some(1_000_000.0) } else { thousands() }
}

fn cost(place: Option<&Place>, attributes: &Attributes, neutral: f64, basis: &mut Vec<String>) -> f64 {
    let Some(price) = Price::of(attributes, place.and_then(|place| place.entry.price)) else {
        basis.push(format!("no price is known: {neutral} for cost"));
        return neutral;
    };
    basis.push(price.describe());
    price.ability()
}

fn stability(rating: f64, attributes: &Attributes, basis: &mut Vec<String>) -> f64 {
    rating - for_health(attributes, basis) - for_verifications(attributes, basis)
}

fn for_health(attributes: &Attributes, basis: &mut Vec<String>) -> f64 {
    if text(attributes, "health") != Some("failing") {
        return 0.0;
    }
    let failures = number(attributes, "health.failures").unwrap_or(1.0).max(1.0);
    let loss = (failures * PER_FAILURE).min(MOST_FOR_FAILURES);
    basis.push(format!("the provider's last check failed ({failures:.0} in a row): {loss:.0} off stability"));
    loss
}

fn for_verifications(attributes: &Attributes, basis: &mut Vec<String>) -> f64 {
    let failures = number(attributes, "history.recent_failures").unwrap_or(0.0);
    if failures < 1.0 {
        return 0.0;
    }
    let loss = (failures * PER_VERIFICATION).min(MOST_FOR_FAILURES);
    basis
        .push(format!("{failures:.0} of its newest runs failed their verification: {loss:.1} off stability"));
    loss
}
