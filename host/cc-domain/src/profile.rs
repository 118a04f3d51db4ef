//! A provider entry of CC Switch, without anything secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Usage;

/// One profile as users and plugins may see it. Its key never leaves `cc-profiles` but in a worker's settings file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// CC Switch's id, unique.
    pub id: String,
    /// CC Switch's name: not unique, in any script.
    pub name: String,
    /// Switched on in CC Switch now.
    pub current: bool,
    /// `official`, `third_party`, `aggregator` and so on, when known.
    pub category: Option<String>,
    /// Where requests go; none for Claude Code's own login.
    pub base_url: Option<String>,
    /// Further endpoints that CC Switch knows.
    pub endpoints: Vec<String>,
    /// The models it names, the default one first. May be empty.
    pub models: Vec<ModelEntry>,
    /// Whether a worker can be started on it, and why not.
    pub usability: Usability,
    /// Factor on the list prices; 1 unless the user set another.
    pub cost_multiplier: f64,
    /// What CC Switch last saw of it.
    pub health: Option<ProfileHealth>,
    /// Environment names the profile sets that are never passed on, such as `LD_PRELOAD`.
    pub dropped_env: Vec<String>,
    /// Prices of its models, where CC Switch lists them.
    pub prices: Vec<ModelPrice>,
}

impl Profile {
    /// The model a worker gets when nobody chooses one.
    #[must_use]
    pub fn default_model(&self) -> Option<&str> {
        self.models.first().map(|entry| entry.name.as_str())
    }

    /// The listed price of one of its models.
    #[must_use]
    pub fn price_of(&self, model: &str) -> Option<&ModelPrice> {
        self.prices.iter().find(|price| price.is_of(model))
    }
}

/// A model and the setting that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelEntry {
    /// As the provider calls it; may end in `[1M]`.
    pub name: String,
    /// `ANTHROPIC_MODEL`, `settings.model` and so on.
    pub source: String,
}

/// Whether a worker can be started on a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Usability {
    /// By its settings alone.
    Usable,
    /// Through Claude Code's own login, with no provider variables set.
    OwnLogin,
    /// Needs a login that only CC Switch holds.
    ManagedLogin {
        /// Why, in a sentence.
        reason: String,
    },
    /// Needs CC Switch's local proxy to translate.
    NeedsProxy {
        /// Why, in a sentence.
        reason: String,
    },
    /// Something is missing.
    Incomplete {
        /// What, in a sentence.
        reason: String,
    },
    /// Its stored settings cannot be read.
    Broken {
        /// Why, in a sentence.
        reason: String,
    },
}

impl Usability {
    /// A worker can be started.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.reason().is_none()
    }

    /// Why no worker can be started; none when one can.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Usable | Self::OwnLogin => None,
            Self::ManagedLogin { reason }
            | Self::NeedsProxy { reason }
            | Self::Incomplete { reason }
            | Self::Broken { reason } => Some(reason),
        }
    }
}

/// What CC Switch's own health check last said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfileHealth {
    /// The last check passed.
    pub healthy: bool,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// The last error, when there was one.
    pub last_error: Option<String>,
}

/// USD per million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelPrice {
    /// The model's id.
    pub model: String,
    /// Input.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Cached input, read.
    pub cache_read: f64,
    /// Cached input, written.
    pub cache_write: f64,
}

impl ModelPrice {
    /// No cost at all.
    #[must_use]
    pub fn free(model: &str) -> Self {
        Self { model: model.to_owned(), input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0 }
    }

    /// Whether it is that model's, matched as CC Switch does: without a `[1M]` mark, by lower case.
    #[must_use]
    pub fn is_of(&self, model: &str) -> bool {
        let bare = |name: &str| name.split('[').next().unwrap_or(name).to_lowercase();
        bare(&self.model) == bare(model)
    }

    /// What so many tokens cost, in USD.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "2^53 tokens are out of anybody's reach")]
    pub fn cost(&self, usage: Usage) -> f64 {
        let parts = [
            (self.input, usage.input_tokens),
            (self.output, usage.output_tokens),
            (self.cache_read, usage.cache_read_tokens),
            (self.cache_write, usage.cache_write_tokens),
        ];
        parts.iter().map(|(price, tokens)| price * *tokens as f64).sum::<f64>() / 1e6
    }

    /// The same list with a factor on it.
    #[must_use]
    pub fn times(&self, factor: f64) -> Self {
        Self {
            model: self.model.clone(),
            input: self.input * factor,
            output: self.output * factor,
            cache_read: self.cache_read * factor,
            cache_write: self.cache_write * factor,
        }
    }
}
