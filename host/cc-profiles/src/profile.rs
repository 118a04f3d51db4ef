//! A stored provider becomes a profile, and the settings a worker on it gets.

use std::collections::BTreeMap;

use cc_domain::{Profile, ProfileHealth, Usability};
use serde_json::Value;

use crate::{
    env::EnvBlock,
    mask, merge, models,
    prices::PriceList,
    raw::RawProvider,
    secrets,
    usability::{self, Facts},
};

/// Characters of an error message that CC Switch kept.
const MAX_ERROR: usize = 500;
/// Where requests go, by kind of provider.
const ADDRESSES: [&str; 5] = [
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_BEDROCK_BASE_URL",
    "ANTHROPIC_VERTEX_BASE_URL",
    "ANTHROPIC_FOUNDRY_BASE_URL",
    "ANTHROPIC_AWS_BASE_URL",
];

/// What of a provider's settings reaches a worker. Holds credentials, so it is not `Debug`.
#[derive(Default)]
pub(crate) struct WorkerPart {
    pub(crate) env: BTreeMap<String, String>,
    /// `model` of the settings, a name or an alias.
    pub(crate) model: Option<String>,
}

/// What the store knows besides the provider itself.
pub(crate) struct Context<'a> {
    pub(crate) common_config: Option<&'a Value>,
    pub(crate) endpoints: &'a [String],
    pub(crate) health: Option<&'a ProfileHealth>,
    pub(crate) prices: &'a PriceList,
}

/// Judges one provider. It is `current` as the store says; the caller may know better.
pub(crate) fn build(raw: &RawProvider, context: &Context<'_>) -> (Profile, WorkerPart) {
    let (settings, env, broken) = match read_settings(raw, context.common_config) {
        Ok((settings, env)) => (settings, env, None),
        Err(reason) => (Value::Null, EnvBlock::default(), Some(Usability::Broken { reason })),
    };
    let category = raw.category.clone().filter(|category| !category.is_empty());
    let facts =
        Facts { id: &raw.id, category: category.as_deref(), meta: &raw.meta, settings: &settings, env: &env };
    let usability = broken.unwrap_or_else(|| usability::judge(&facts));
    let model = settings.get("model").and_then(Value::as_str).map(str::to_owned);
    let models = models::models(&env, model.as_deref());
    let secrets = secrets::values(&env.vars);
    let shown = |url: &str| secrets::scrub(&mask::masked(url), &secrets);
    let profile = Profile {
        id: raw.id.clone(),
        name: raw.name.clone(),
        current: raw.is_current,
        base_url: ADDRESSES.iter().find_map(|name| env.get(name)).map(shown),
        endpoints: context.endpoints.iter().map(|url| shown(url)).collect(),
        prices: context.prices.of_models(&models),
        models,
        usability,
        cost_multiplier: cost_multiplier(&raw.meta),
        health: context.health.map(|health| shown_health(health, &secrets)),
        dropped_env: env.dropped,
        category,
    };
    (profile, WorkerPart { env: env.vars, model })
}

/// The settings with the common config laid over them, and their variables.
fn read_settings(raw: &RawProvider, common_config: Option<&Value>) -> Result<(Value, EnvBlock), String> {
    let mut settings = raw.settings.clone()?;
    if !settings.is_object() {
        return Err("its settings are not a JSON object".into());
    }
    // Judged before the merge too: the snippet's `env` would replace a broken one and hide that its key is lost.
    EnvBlock::parse(settings.get("env"))?;
    if let Some(snippet) = common_config.filter(|_| merge::wants_common_config(&raw.meta)) {
        merge::overlay(&mut settings, snippet);
    }
    let env = EnvBlock::parse(settings.get("env"))?;
    Ok((settings, env))
}

/// `meta.costMultiplier`, a decimal kept as text; the column of that name is never written by the application.
fn cost_multiplier(meta: &Value) -> f64 {
    let number = match meta.get("costMultiplier") {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(value) => value.as_f64(),
        None => None,
    };
    number.filter(|factor: &f64| factor.is_finite() && *factor >= 0.0).unwrap_or(1.0)
}

fn shown_health(health: &ProfileHealth, secrets: &[String]) -> ProfileHealth {
    let shown = |error: &String| secrets::scrub(error, secrets).chars().take(MAX_ERROR).collect();
    ProfileHealth { last_error: health.last_error.as_ref().map(shown), ..health.clone() }
}
