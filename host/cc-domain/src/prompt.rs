//! Templates of a prompt pack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A template as it is listed; its text comes from rendering it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// Such as `bugfix`; a role's is `role-review`.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// What it makes.
    pub kind: TemplateKind,
    /// What can be filled in.
    pub variables: Vec<TemplateVariable>,
}

/// What a template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplateKind {
    /// A task to hand to a worker.
    Task,
    /// The system prompt of a worker role.
    Role,
}

/// One placeholder of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemplateVariable {
    /// The name.
    pub name: String,
    /// What belongs there.
    pub description: String,
    /// Rendering fails without it.
    pub required: bool,
}
