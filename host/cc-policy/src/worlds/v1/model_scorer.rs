//! World `model-scorer` of policy 1.x.

use cc_domain::{ModelScore, ModelToScore, Role, RoleScore, ScorePart};

use super::{Check, Functions, exports::model_scoring as wit};
use crate::engine::{Hidden, Plugin, PluginError};

type Arguments = (Vec<String>, Vec<wit::Model>);

pub(super) fn check(check: &mut Check<'_>) -> wasmtime::Result<()> {
    check.function::<Arguments, Vec<wit::ModelScore>>("score")
}

pub(in crate::worlds) fn score(
    plugin: &Plugin,
    functions: &Functions,
    roles: &[Role],
    models: &[ModelToScore],
) -> Result<Vec<ModelScore>, PluginError> {
    let arguments: Arguments =
        (roles.iter().map(ToString::to_string).collect(), models.iter().map(asked).collect());
    let scores: Vec<wit::ModelScore> = functions.call(plugin, "score", &Hidden::default(), arguments)?;
    Ok(scores.into_iter().map(scored).collect())
}

fn asked(model: &ModelToScore) -> wit::Model {
    wit::Model {
        profile_id: model.profile_id.clone(),
        model: model.model.clone(),
        attributes: model.attributes.clone(),
    }
}

fn scored(score: wit::ModelScore) -> ModelScore {
    ModelScore {
        profile_id: score.profile_id,
        model: score.model,
        known: score.known,
        abilities: score.abilities,
        roles: score.roles.into_iter().map(role).collect(),
        basis: score.basis,
    }
}

fn role(score: wit::RoleScore) -> RoleScore {
    let part = |part: wit::Part| ScorePart { name: part.name, value: part.value, weight: part.weight };
    RoleScore { role: score.role, total: score.total, parts: score.parts.into_iter().map(part).collect() }
}
