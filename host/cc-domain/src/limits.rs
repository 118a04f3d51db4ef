//! What workers may cost.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::{Deserialize, Serialize};

/// `[cost_guard]` of the user's overrides. The names that the predecessor had are its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostGuard {
    /// Workers at once on this home.
    pub max_concurrent: NonZeroU32,
    /// The longest a worker may be given, seconds.
    pub max_timeout_seconds: u32,
    /// USD.
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
    #[serde(skip_serializing_if = "Option::is_none")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
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
