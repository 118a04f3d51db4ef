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
//! | `history.score` | mean grade of those runs, 0 to 100; of one that nobody graded, by how it ended |
//! | `history.graded` | how many of them somebody graded; absent beside a score: all |
//! | `history.recent_failures` | failed verifications among the newest runs |
//! | `history.<role>.runs`, `.successes`, … | the same, of one role's runs, which the totals include |
//! | `benchmark.runs`, `.score`, `benchmark.<role>.…` | the same of benchmark runs, which are no part of `history` |
//!
//! `current` means nothing here: which profile is switched on says nothing about a model.
//!
//! Settings: `prior_strength` (8: so many graded runs weigh as much as the table), `neutral_score` (5: every ability
//! of a model nobody described), `exploration` (0 to 1, 0: how much a model is trusted beyond its score for having
//! been tried less than the others; the same runs always give the same trust, nothing is drawn by lot).
#![forbid(unsafe_code)]

mod abilities;
mod explore;
mod families;
mod history;
mod lookup;
mod price;
mod roles;

use cc_policy_sdk::model_scorer::{Failure, Guest, Model, ModelScore, Part, RoleScore, config};

use abilities::{ABILITIES, Abilities};
use explore::Tried;
use history::History;

/// The plugin.
struct Scorer;

impl Guest for Scorer {
    fn score(roles: Vec<String>, models: Vec<Model>) -> Result<Vec<ModelScore>, Failure> {
        let settings = Settings::read(config);
        let tried = Tried::of(&roles, &models);
        Ok(models.into_iter().map(|model| score_model(&roles, model, &tried, &settings)).collect())
    }
}

cc_policy_sdk::export_model_scorer!(Scorer);

/// What the user can set.
struct Settings {
    /// Runs that weigh as much as the table.
    prior_strength: f64,
    /// Every ability of an unknown model.
    neutral_score: f64,
    /// 0: the score alone; 1: much trust in what was hardly tried.
    exploration: f64,
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
            exploration: number("exploration", 0.0, 0.0, 1.0),
        }
    }
}

fn score_model(roles: &[String], model: Model, tried: &Tried, settings: &Settings) -> ModelScore {
    let mut basis = Vec::new();
    let (abilities, known) = abilities::of(&model, settings.neutral_score, &mut basis);
    basis.extend(history::summary(&model.attributes));
    let roles = roles
        .iter()
        .zip(tried.roles())
        .map(|(role, all)| {
            let history = History::of(&model.attributes, role);
            basis.extend(history.explain(role, settings.prior_strength));
            let trust = explore::trust(settings.exploration, *all, history.evidence());
            basis.extend(explore::explain(role, trust, history.evidence()));
            score_role(role, &abilities, &history, settings.prior_strength, trust)
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

fn score_role(
    role: &str,
    abilities: &Abilities,
    history: &History,
    prior_strength: f64,
    trust: f64,
) -> RoleScore {
    let mut learned = history.parts(prior_strength);
    learned.iter_mut().for_each(|part| part.weight *= 1.0 - trust);
    learned.extend(explore::part(trust));
    let share = 1.0 - learned.iter().map(|part| part.weight).sum::<f64>();
    let weights = roles::weights(role).into_iter().zip(ABILITIES).zip(abilities);
    let mut parts: Vec<Part> = weights
        .filter(|((weight, _), _)| *weight > 0.0)
        .map(|((weight, name), value)| Part { name: name.to_owned(), value: *value, weight: weight * share })
        .collect();
    parts.extend(learned);
    let total = round(parts.iter().map(|part| part.value * part.weight).sum());
    RoleScore { role: role.to_owned(), total, parts }
}

/// To 2 decimals and within 0 to 10: more would claim a precision that nothing here has.
fn round(value: f64) -> f64 {
    (value.clamp(0.0, 10.0) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
