//! What workers may cost.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{Budget, ModelPrice};

/// `[cost_guard]` of the user's overrides. The names that the predecessor had are its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostGuard {
    /// Workers at once on this home.
    pub max_concurrent: NonZeroU32,
    /// The longest a worker may be given, seconds.
    #[serde(deserialize_with = "seconds")]
    pub max_timeout_seconds: u32,
    /// USD.
    #[serde(deserialize_with = "usd_amounts")]
    pub usd: Amounts<f64>,
    /// Tokens of all kinds together.
    pub tokens: Amounts<u64>,
    /// Profile, by id or exact name → its own limits.
    pub profiles: BTreeMap<String, ShareLimits>,
    /// Project, by its folder → its own limits.
    pub projects: BTreeMap<String, ShareLimits>,
    /// Model → its own limits.
    pub per_model: BTreeMap<String, ModelLimits>,
    /// Of runs that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_budget: Option<OutputLimits>,
}

/// The shortest time limit that is one.
const LEAST_SECONDS: u32 = 10;

fn seconds<'de, D: Deserializer<'de>>(given: D) -> Result<u32, D::Error> {
    match u32::deserialize(given)? {
        short if short < LEAST_SECONDS => {
            Err(D::Error::custom(format!("{short} s is too short; use at least {LEAST_SECONDS}")))
        }
        seconds => Ok(seconds),
    }
}

fn some_seconds<'de, D: Deserializer<'de>>(given: D) -> Result<Option<u32>, D::Error> {
    seconds(given).map(Some)
}

fn usd<E: serde::de::Error>(amount: f64) -> Result<f64, E> {
    let is_amount = amount.is_finite() && amount >= 0.0;
    is_amount.then_some(amount).ok_or_else(|| E::custom(format!("{amount} is no amount of USD")))
}

fn some_usd<'de, D: Deserializer<'de>>(given: D) -> Result<Option<f64>, D::Error> {
    f64::deserialize(given).and_then(usd).map(Some)
}

fn usd_amounts<'de, D: Deserializer<'de>>(given: D) -> Result<Amounts<f64>, D::Error> {
    let all: Amounts<f64> = Amounts::deserialize(given)?;
    let given = [all.run, all.day, all.profile, all.project, all.fleet];
    given.into_iter().flatten().try_for_each(|amount| usd(amount).map(drop)).map(|()| all)
}

impl CostGuard {
    /// The time limit of a worker on that model that was asked for so many seconds.
    #[must_use]
    pub fn timeout(&self, asked: u32, model: Option<&str>) -> u32 {
        let of_model = self
            .per_model
            .iter()
            .filter(|(name, _)| model.is_some_and(|model| ModelPrice::free(name).is_of(model)));
        let most = of_model.filter_map(|(_, limits)| limits.max_timeout_seconds);
        most.fold(asked.min(self.max_timeout_seconds), u32::min)
    }

    /// What a run may use up that names nothing itself.
    #[must_use]
    pub fn budget(&self, usual: Budget) -> Budget {
        let Some(set) = self.output_budget else { return usual };
        Budget {
            max_output_bytes: set.max_output_bytes.unwrap_or(usual.max_output_bytes),
            max_events_bytes: set.max_events_bytes.unwrap_or(usual.max_events_bytes),
            soft_output_bytes: set.soft_output_bytes.unwrap_or(usual.soft_output_bytes),
            policy: set.policy.unwrap_or(usual.policy),
            final_only: set.final_only.unwrap_or(usual.final_only),
            final_max_chars: set.final_max_chars.unwrap_or(usual.final_max_chars),
            ..usual
        }
    }
}

impl Default for CostGuard {
    fn default() -> Self {
        Self {
            max_concurrent: NonZeroU32::MIN.saturating_add(15),
            max_timeout_seconds: 1_800,
            usd: Amounts::default(),
            tokens: Amounts::default(),
            profiles: BTreeMap::new(),
            projects: BTreeMap::new(),
            per_model: BTreeMap::new(),
            output_budget: None,
        }
    }
}

/// Limits of one kind of amount; none: no limit. A day is one of UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"))]
pub struct Amounts<T> {
    /// Of one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<T>,
    /// Of everything on this home in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<T>,
    /// Of each profile in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<T>,
    /// Of each project in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<T>,
    /// Of all runs that go on at the same time, together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<T>,
}

/// Limits of one profile or project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShareLimits {
    /// USD a day.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "some_usd")]
    pub usd: Option<f64>,
    /// Tokens a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Workers at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<NonZeroU32>,
}

/// Limits of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelLimits {
    /// The longest a worker on it may be given, seconds.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "some_seconds")]
    pub max_timeout_seconds: Option<u32>,
}

/// Budgets of runs that name none, bytes and characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct OutputLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_events_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_output_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<crate::BudgetPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_max_chars: Option<u32>,
}
