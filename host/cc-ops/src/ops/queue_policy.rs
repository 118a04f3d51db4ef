//! `cc_queue_policy`.

use cc_domain::QueuePolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Context, Effect, OpError, Operation, Output, arguments};

/// Show or change the queue's policy: how many jobs run at once in all, per profile and per project; priority and
/// ageing; retries and their waits; whether servers dispatch by themselves. Saves only with apply (default false).
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueuePolicyOf {
    /// max_concurrent, max_per_profile, max_per_project, default_priority, default_timeout_seconds, ageing_seconds,
    /// retry_failed_read_only, retry_write_enabled, backoff_seconds, max_backoff_seconds, stop_timed_out, dispatch; null
    /// removes.
    #[arg(long, value_name = "JSON", value_parser = arguments::json_object)]
    #[serde(default)]
    config: Option<Map<String, Value>>,
    /// Save it.
    #[arg(long)]
    #[serde(default)]
    apply: bool,
}

/// The policy as it is, or as it would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PolicyShown {
    applied: bool,
    #[schemars(skip)]
    path: String,
    #[schemars(with = "serde_json::Value")]
    policy: QueuePolicy,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
}

impl Operation for QueuePolicyOf {
    const NAME: &'static str = "cc_queue_policy";
    const TITLE: &'static str = "Queue policy: concurrency, priority, retries";
    const EFFECT: Effect = Effect::WRITES;
    type Output = PolicyShown;

    async fn run(self, cx: Context) -> Result<PolicyShown, OpError> {
        cx.blocking(move |cx| {
            let config = match self.config {
                Some(config) if !config.is_empty() => json!({ "queue": config }),
                _ => json!({}),
            };
            let merged = cc_policy::merge_overrides(cx.setup().home.root(), &config, self.apply)?;
            Ok(PolicyShown {
                applied: merged.applied,
                path: merged.path.display().to_string(),
                policy: merged.policy.queue,
                backup_path: merged.backup.map(|path| path.display().to_string()),
            })
        })
        .await
    }
}

impl Output for PolicyShown {
    fn text(&self) -> String {
        let state = if self.applied { "saved" } else { "not saved; add apply to save" };
        let policy = serde_json::to_string_pretty(&self.policy).unwrap_or_default();
        format!("[queue] of {} ({state})\n{policy}", self.path)
    }
}
