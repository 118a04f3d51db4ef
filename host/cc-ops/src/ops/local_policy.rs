//! `cc_local_policy`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Context, Effect, OpError, Operation, Output, arguments};

/// Show which overrides are in force; set, change or remove routing preferences: always use, never use, prefer or
/// pin a model or profile for a role, task type or default from now on. They have the last word. Saves only with
/// apply (default false), after a backup.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct LocalPolicy {
    /// preferred_models, preferred_profiles: {role: name}; notes; plugins: {id: {key: value}}; runs: {on_limit: wait,
    /// failover or fail, answer_within_seconds}; prices: {model: {input, output}}, USD a million tokens;
    /// boundaries: {folder: {profiles: [name]}}; null removes.
    #[arg(long, value_name = "JSON", value_parser = arguments::json_object)]
    #[serde(default)]
    config: Option<Map<String, Value>>,
    /// Save it.
    #[arg(long)]
    #[serde(default)]
    apply: bool,
}

/// The overrides as they are, or as they would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Overridden {
    applied: bool,
    #[schemars(skip)]
    path: String,
    policy: Value,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
}

impl Operation for LocalPolicy {
    const NAME: &'static str = "cc_local_policy";
    const TITLE: &'static str = "Local policy: model preferences and routing overrides";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Overridden;

    async fn run(self, cx: Context) -> Result<Overridden, OpError> {
        cx.blocking(move |cx| {
            let config = Value::Object(self.config.unwrap_or_default());
            let merged = cc_policy::merge_overrides(cx.setup().home.root(), &config, self.apply)?;
            Ok(Overridden {
                applied: merged.applied,
                path: merged.path.display().to_string(),
                policy: serde_json::to_value(merged.policy).unwrap_or_default(),
                backup_path: merged.backup.map(|path| path.display().to_string()),
            })
        })
        .await
    }
}

impl Output for Overridden {
    fn text(&self) -> String {
        let state = if self.applied { "saved" } else { "not saved; add apply to save" };
        let policy = serde_json::to_string_pretty(&self.policy).unwrap_or_default();
        let backup = self.backup_path.as_ref().map(|path| format!("\nbackup: {path}")).unwrap_or_default();
        format!("{} ({state}){backup}\n{policy}", self.path)
    }
}
