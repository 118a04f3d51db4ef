//! World `model-scorer`.

use cc_domain::{ModelScore, ModelToScore, Role, RoleScore};

use super::{Binding, broken, check_count, check_name, check_number, sentence, v1};
use crate::engine::{Plugin, PluginError};

/// Highest ability, part and total.
const TOP: f64 = 10.0;

impl Plugin {
    /// Asks a model-scorer: one score for each model, in order, with one role-score for each role, in order.
    ///
    /// # Errors
    /// When the plugin fails, leaves something out or gives a number that is no score.
    pub fn score(&self, roles: &[Role], models: &[ModelToScore]) -> Result<Vec<ModelScore>, PluginError> {
        let scores = match self.binding() {
            Binding::V1(functions) => v1::model_scorer::score(self, functions, roles, models)?,
            #[cfg(test)]
            Binding::Next(_) => unreachable!("the next version has routers only"),
        };
        checked(scores, roles, models).map_err(|error| self.blame(error))
    }
}

fn checked(
    mut scores: Vec<ModelScore>,
    roles: &[Role],
    models: &[ModelToScore],
) -> Result<Vec<ModelScore>, PluginError> {
    check_count("scores", models.len(), scores.len())?;
    for (score, model) in scores.iter_mut().zip(models) {
        if score.profile_id != model.profile_id || score.model != model.model {
            return Err(broken(format!(
                "its scores are not in the order of the models, from '{}' on",
                model.model
            )));
        }
        for (name, value) in &score.abilities {
            check_name("ability", name)?;
            check_number(&format!("ability {name}"), *value, TOP)?;
        }
        check_count("role scores", roles.len(), score.roles.len())?;
        score.roles.iter().zip(roles).try_for_each(|(score, role)| check_role(score, role))?;
        score.basis.iter_mut().for_each(|basis| *basis = sentence(basis));
    }
    Ok(scores)
}

fn check_role(score: &RoleScore, role: &Role) -> Result<(), PluginError> {
    if score.role != role.as_str() {
        return Err(broken(format!("its role scores are not in the order of the roles, from '{role}' on")));
    }
    check_number(&format!("the total for {role}"), score.total, TOP)?;
    for part in &score.parts {
        check_name("part", &part.name)?;
        check_number(&format!("part {}", part.name), part.value, TOP)?;
        check_number(&format!("the weight of {}", part.name), part.weight, 1.0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use cc_domain::ScorePart;

    use super::*;

    fn model() -> ModelToScore {
        ModelToScore { profile_id: "p".into(), model: "m".into(), attributes: vec![] }
    }

    fn score(total: f64) -> ModelScore {
        let part = ScorePart { name: "reasoning".into(), value: total, weight: 1.0 };
        ModelScore {
            profile_id: "p".into(),
            model: "m".into(),
            known: true,
            abilities: vec![("code".into(), 7.0)],
            roles: vec![RoleScore { role: "review".into(), total, parts: vec![part] }],
            basis: vec!["a\ntable".into()],
        }
    }

    fn judge(scores: Vec<ModelScore>) -> Result<Vec<ModelScore>, PluginError> {
        checked(scores, &["review".parse().expect("a role")], &[model()])
    }

    #[test]
    fn a_score_is_a_number_from_0_to_10() {
        assert_eq!(judge(vec![score(10.0)]).expect("a score")[0].basis, ["a table"]);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 10.1] {
            let error = judge(vec![score(bad)]).expect_err("refused");
            assert!(error.what.contains("the total for review"), "{error}");
        }
        let mut heavy = score(5.0);
        heavy.roles[0].parts[0].weight = 1.5;
        assert!(judge(vec![heavy]).is_err());
    }

    #[test]
    fn every_model_and_role_is_scored_in_order() {
        assert!(judge(vec![]).is_err_and(|error| error.what.contains("0 scores for 1")));
        assert!(judge(vec![ModelScore { model: "other".into(), ..score(5.0) }]).is_err());
        assert!(judge(vec![ModelScore { roles: vec![], ..score(5.0) }]).is_err());
    }
}
