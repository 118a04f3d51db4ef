//! What stands when no scorer answered.

use cc_domain::{ModelScore, ModelToScore, Role, RoleScore};

/// What a model scores when nobody can say.
const NEUTRAL: f64 = 5.0;

/// The same score for every model and role.
pub(crate) fn neutral(roles: &[Role], models: &[ModelToScore]) -> Vec<ModelScore> {
    let role = |role: &Role| RoleScore { role: role.to_string(), total: NEUTRAL, parts: Vec::new() };
    let score = |model: &ModelToScore| ModelScore {
        profile_id: model.profile_id.clone(),
        model: model.model.clone(),
        known: false,
        abilities: Vec::new(),
        roles: roles.iter().map(role).collect(),
        basis: vec!["no model-scorer answered: the neutral score".into()],
    };
    models.iter().map(score).collect()
}
