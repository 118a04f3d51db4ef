//! How good a model is at a role.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Attributes;

/// A model to score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelToScore {
    /// CC Switch's id.
    pub profile_id: String,
    /// The model's name.
    pub model: String,
    /// Prices, context, history and the like.
    pub attributes: Attributes,
}

/// One model's score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelScore {
    /// CC Switch's id.
    pub profile_id: String,
    /// The model's name.
    pub model: String,
    /// False: the scorer does not know it and gave its neutral score.
    pub known: bool,
    /// Role-independent abilities, 0 to 10.
    pub abilities: Vec<(String, f64)>,
    /// One for each role asked.
    pub roles: Vec<RoleScore>,
    /// Where the figures come from.
    pub basis: Vec<String>,
}

/// A model's score for one role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RoleScore {
    /// The role.
    pub role: String,
    /// 0 to 10.
    pub total: f64,
    /// What it is made of.
    pub parts: Vec<ScorePart>,
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScorePart {
    /// Such as `reasoning`.
    pub name: String,
    /// 0 to 10.
    pub value: f64,
    /// Share of the total, 0 to 1.
    pub weight: f64,
}
