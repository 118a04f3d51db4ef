//! The default model scorer: how good each model is at each role, from 0 to 10, with the parts it is made of.
//!
//! A score starts from a table of model families ([`families`]), corrected by what the host knows of the
//! candidate. Attributes it reads, all optional; each beats the table:
//!
//! | key | value |
//! |---|---|
//! | `price.input`, `price.output` | USD per million tokens |
//! | `price.cache_read`, `price.cache_write` | USD per million tokens |
//! | `cost_multiplier` | the profile's factor on the prices; 1 when absent |
//! | `context` | tokens the model takes |
//! | `health` | `ok` or `failing`: the provider's last check |
//! | `health.failures` | failed checks in a row |
//! | `history.runs`, `history.successes` | finished runs of this model on this profile, all roles together |
//! | `history.score` | mean grade of those runs, 0 to 100 |
//! | `history.<role>.runs`, `.successes`, `.score` | the same, of one role's runs, which the totals include |
//!
//! `current` means nothing here: which profile is switched on says nothing about a model.
//!
//! Settings: `prior_strength` (8: so many runs weigh as much as the table), `neutral_score` (5: every ability
//! of a model nobody described).
#![forbid(unsafe_code)]

mod abilities;
mod families;
mod history;
mod lookup;
mod price;
mod roles;

use cc_policy_sdk::model_scorer::{Failure, Guest, Model, ModelScore, Part, RoleScore, config};

use abilities::{ABILITIES, Abilities};
use history::History;

/// The plugin.
struct Scorer;

impl Guest for Scorer {
    fn score(roles: Vec<String>, models: Vec<Model>) -> Result<Vec<ModelScore>, Failure> {
        let settings = Settings::read(config);
        Ok(models.into_iter().map(|model| score_model(&roles, model, &settings)).collect())
    }
}

cc_policy_sdk::export_model_scorer!(Scorer);

/// What the user can set.
struct Settings {
    /// Runs that weigh as much as the table.
    prior_strength: f64,
    /// Every ability of an unknown model.
    neutral_score: f64,
}

impl Settings {
    fn read(config: impl Fn(&str) -> Option<String>) -> Self {
        let number = |key, default: f64, low, high| {
            let set = config(key).and_then(|text| text.trim().parse::<f64>().ok()).filter(|n| n.is_finite());
            set.unwrap_or(default).clamp(low, high)
        };
        Self {
            prior_strength: number("prior_strength", 8.0, 0.5, 1000.0),
            neutral_score: number("neutral_score", 5.0, 0.0, 10.0),
        }
    }
}

fn score_model(roles: &[String], model: Model, settings: &Settings) -> ModelScore {
    let mut basis = Vec::new();
    let (abilities, known) = abilities::of(&model, settings.neutral_score, &mut basis);
    basis.extend(history::summary(&model.attributes));
    let roles = roles
        .iter()
        .map(|role| {
            let history = History::of(&model.attributes, role);
            basis.extend(history.explain(role, settings.prior_strength));
            score_role(role, &abilities, &history, settings.prior_strength)
        })
        .collect();
    ModelScore {
        profile_id: model.profile_id,
        model: model.model,
        known,
        abilities: ABILITIES.iter().map(|name| (*name).to_owned()).zip(abilities).collect(),
        roles,
        basis,
    }
}

fn score_role(role: &str, abilities: &Abilities, history: &History, prior_strength: f64) -> RoleScore {
    let experience = history.parts(prior_strength);
    let share = 1.0 - experience.iter().map(|part| part.weight).sum::<f64>();
    let weights = roles::weights(role).into_iter().zip(ABILITIES).zip(abilities);
    let mut parts: Vec<Part> = weights
        .filter(|((weight, _), _)| *weight > 0.0)
        .map(|((weight, name), value)| Part { name: name.to_owned(), value: *value, weight: weight * share })
        .collect();
    parts.extend(experience);
    let total = round(parts.iter().map(|part| part.value * part.weight).sum());
    RoleScore { role: role.to_owned(), total, parts }
}

/// To 2 decimals and within 0 to 10: more would claim a precision that nothing here has.
fn round(value: f64) -> f64 {
    (value.clamp(0.0, 10.0) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
