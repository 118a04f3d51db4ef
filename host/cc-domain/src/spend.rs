//! What runs use and cost, and how sure each figure is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Usage;

/// How sure a figure is. A later one is less sure; a sum is as sure as the least of its parts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Accuracy {
    /// Tokens and USD as the worker reported them: Claude Code knows the model's price.
    #[default]
    Reported,
    /// Tokens as told, by the listed price.
    Priced,
    /// Tokens reckoned from what was written so far.
    Reckoned,
    /// No price is known: tokens only.
    Unknown,
}

impl Accuracy {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Reported, Self::Priced, Self::Reckoned, Self::Unknown];

    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Priced => "priced",
            Self::Reckoned => "reckoned",
            Self::Unknown => "unknown",
        }
    }

    /// The accuracy of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|accuracy| accuracy.as_str() == text)
    }
}

/// Tokens, and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// Tokens of all kinds.
    pub usage: Usage,
    /// USD, as far as prices are known; none: nothing of it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// How sure that is.
    pub accuracy: Accuracy,
}

impl Spent {
    /// Nothing was used.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.usage.total() == 0 && self.usd.is_none_or(|usd| usd == 0.0)
    }

    /// Both together. What is nothing makes the other no less sure.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        if self.is_nothing() {
            return *other;
        }
        if other.is_nothing() {
            return *self;
        }
        Self {
            usage: self.usage.plus(other.usage),
            usd: match (self.usd, other.usd) {
                (None, None) => None,
                (one, two) => Some(one.unwrap_or_default() + two.unwrap_or_default()),
            },
            accuracy: self.accuracy.max(other.accuracy),
        }
    }

    /// The part of it that is within `most`.
    #[must_use]
    pub fn within(&self, most: &Self) -> Self {
        let usd = self.usd.map(|usd| usd.min(most.usd.unwrap_or_default()));
        Self { usage: self.usage.each(most.usage, u64::min), usd, accuracy: self.accuracy }
    }

    /// What is left without `other`.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let usd = self.usd.map(|usd| (usd - other.usd.unwrap_or_default()).max(0.0));
        Self { usage: self.usage.each(other.usage, u64::saturating_sub), usd, accuracy: self.accuracy }
    }
}

impl std::iter::Sum for Spent {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| sum.plus(&one))
    }
}
