//! Trust in what was hardly tried, so that a good model is found that its table or a bad start hides.
//!
//! An upper confidence bound: a part of each score, the larger the fewer of all runs were this model's, says 10 of 10.
//! It is computed from counts alone, so the same history always gives the same route.

use cc_policy_sdk::model_scorer::{Model, Part};

use crate::history::History;

/// Trust is never more than half of a score.
const MOST: f64 = 0.5;

/// What all models of a call together have done: for each role, how many graded runs it is worth.
pub(crate) struct Tried(Vec<f64>);

impl Tried {
    pub(crate) fn of(roles: &[String], models: &[Model]) -> Self {
        let evidence =
            |role: &String| models.iter().map(|model| History::of(&model.attributes, role).evidence()).sum();
        Self(roles.iter().map(evidence).collect())
    }

    /// In the order of the roles asked.
    pub(crate) fn roles(&self) -> &[f64] {
        &self.0
    }
}

/// The share of a score that is trust, 0 to a half: `all` runs were tried, `own` of them with this model.
pub(crate) fn trust(exploration: f64, all: f64, own: f64) -> f64 {
    (exploration * ((1.0 + all).ln() / (1.0 + own)).sqrt()).min(MOST)
}

pub(crate) fn part(trust: f64) -> Option<Part> {
    (trust > 0.0).then(|| Part { name: "exploration".to_owned(), value: 10.0, weight: trust })
}

/// Trust that is worth telling of, in a sentence.
pub(crate) fn explain(role: &str, trust: f64, own: f64) -> Option<String> {
    (trust >= 0.01).then(|| {
        format!(
            "{role}: tried {own:.0} times, so {:.0} % of its score is trust in it (exploration)",
            trust * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_a_model_was_tried_the_more_it_is_trusted() {
        let shares = [0.0, 1.0, 10.0, 100.0].map(|own| trust(0.2, 120.0, own));
        assert!(shares.windows(2).all(|pair| pair[0] > pair[1]), "{shares:?}");
        assert!(shares[0] <= MOST && shares[3] < 0.05, "{shares:?}");
    }

    #[test]
    fn without_exploration_or_without_any_run_there_is_none() {
        assert_eq!((trust(0.0, 500.0, 0.0), trust(1.0, 0.0, 0.0)), (0.0, 0.0));
        assert!(part(0.0).is_none() && explain("review", 0.0, 0.0).is_none());
    }
}
