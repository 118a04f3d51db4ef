//! A model scorer: the team's favourite models are good at everything.

use cc_policy_sdk::model_scorer::{Failure, Guest, Model, ModelScore, Part, RoleScore, config};

struct Plugin;

impl Guest for Plugin {
    fn score(roles: Vec<String>, models: Vec<Model>) -> Result<Vec<ModelScore>, Failure> {
        let favourite = config("favourite").unwrap_or_else(|| "sonnet".into());
        Ok(models
            .into_iter()
            .map(|model| score(model, &roles, &favourite))
            .collect())
    }
}

fn score(model: Model, roles: &[String], favourite: &str) -> ModelScore {
    let known = model.model.contains(favourite);
    let total = if known { 8.0 } else { 5.0 };
    let part = Part {
        name: "favourite".into(),
        value: total,
        weight: 1.0,
    };
    let roles = roles.iter().map(|role| RoleScore {
        role: role.clone(),
        total,
        parts: vec![part.clone()],
    });
    ModelScore {
        profile_id: model.profile_id,
        model: model.model,
        known,
        abilities: vec![],
        roles: roles.collect(),
        basis: vec![format!("the team's favourite is {favourite}")],
    }
}

cc_policy_sdk::export_model_scorer!(Plugin);
