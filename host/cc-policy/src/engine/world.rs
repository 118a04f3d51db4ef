//! The worlds of the policy contract.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a plugin decides. A plugin is of exactly one world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// Which profile and model get a job.
    Router,
    /// How good a model is at a role.
    ModelScorer,
    /// What to think of a run.
    RunReviewer,
    /// What counts as a secret.
    SecretScanner,
    /// How workers are prompted.
    PromptPack,
}

/// A text that names no world.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' is no plugin world; they are router, model-scorer, run-reviewer, secret-scanner and prompt-pack"
)]
pub struct UnknownWorld(String);

impl World {
    /// Every world, in the order of the WIT.
    pub const ALL: [Self; 5] =
        [Self::Router, Self::ModelScorer, Self::RunReviewer, Self::SecretScanner, Self::PromptPack];

    /// The name in the WIT, in manifests and in the lock.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::ModelScorer => "model-scorer",
            Self::RunReviewer => "run-reviewer",
            Self::SecretScanner => "secret-scanner",
            Self::PromptPack => "prompt-pack",
        }
    }

    /// The one interface that a component of this world exports.
    #[must_use]
    pub const fn interface(self) -> &'static str {
        match self {
            Self::Router => "routing",
            Self::ModelScorer => "model-scoring",
            Self::RunReviewer => "run-review",
            Self::SecretScanner => "secret-rules",
            Self::PromptPack => "prompts",
        }
    }

    /// The world whose interface has that name.
    #[must_use]
    pub fn of_interface(name: &str) -> Option<Self> {
        #[cfg(test)]
        if name == crate::worlds::next::INTERFACE {
            return Some(Self::Router);
        }
        Self::ALL.into_iter().find(|world| world.interface() == name)
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for World {
    type Err = UnknownWorld;

    fn from_str(text: &str) -> Result<Self, UnknownWorld> {
        Self::ALL.into_iter().find(|world| world.as_str() == text).ok_or_else(|| UnknownWorld(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_interfaces_lead_back_to_the_world() {
        for world in World::ALL {
            assert_eq!(world.as_str().parse(), Ok(world));
            assert_eq!(World::of_interface(world.interface()), Some(world));
        }
        assert!("routing".parse::<World>().is_err());
    }
}
