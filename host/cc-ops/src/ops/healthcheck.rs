//! `cc_healthcheck`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, WorkerKind};

/// Check the setup before you start: a doctor of the installation. Verifies and diagnoses Claude Code (version), CC
/// Switch database, plugins, environment: what is missing, broken, not working or not configured, and why, each
/// with its fix. Troubleshoot the orchestrator here.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct Healthcheck {}

/// What was found.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Health {
    ok: bool,
    #[schemars(skip)]
    version: &'static str,
    #[schemars(skip)]
    home: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    claude_bin: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    claude_version: Option<String>,
    #[schemars(skip)]
    profile_source: String,
    #[schemars(skip)]
    profile_count: usize,
    usable_count: usize,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    current_profile: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    current_profile_model: Option<String>,
    #[schemars(skip)]
    plugin_count: usize,
    problems: Vec<Problem>,
}

/// One thing that is not as it should be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Problem {
    what: String,
    next_step: String,
    /// Nothing can run while it stands.
    #[schemars(skip)]
    blocking: bool,
}

impl Operation for Healthcheck {
    const NAME: &'static str = "cc_healthcheck";
    const TITLE: &'static str = "Health check: is everything installed, set up and working";
    const EFFECT: Effect = Effect::READS;
    type Output = Health;

    async fn run(self, cx: Context) -> Result<Health, OpError> {
        cx.blocking(|cx| {
            let mut health = Health {
                version: env!("CARGO_PKG_VERSION"),
                home: cx.setup().home.root().display().to_string(),
                ..Health::default()
            };
            health.look_at_worker(cx);
            health.look_at_profiles(cx);
            health.look_at_plugins(cx)?;
            health.look_at_state(cx);
            health.ok = !health.problems.iter().any(|problem| problem.blocking);
            Ok(health)
        })
        .await
    }
}

impl Health {
    fn problem(&mut self, error: OpError, blocking: bool) {
        self.problems.push(Problem { what: error.message, next_step: error.hint, blocking });
    }

    fn look_at_worker(&mut self, cx: &Context) {
        if cx.setup().worker == WorkerKind::Demo {
            self.claude_bin = Some("built-in demo worker".into());
            return;
        }
        let environment = cc_workers::environment();
        match cc_workers::find_claude(&environment) {
            Ok(claude) => {
                self.claude_bin = Some(claude.path.display().to_string());
                match cc_workers::version(&claude.path, &environment) {
                    Ok(version) => self.claude_version = Some(version),
                    Err(error) => self.problem(error.into(), true),
                }
            }
            Err(error) => self.problem(error.into(), true),
        }
    }

    fn look_at_profiles(&mut self, cx: &Context) {
        match cc_profiles::load(&cx.setup().locations) {
            Ok(store) => {
                self.profile_source = super::origin::words(&store.origin);
                self.profile_count = store.profiles.len();
                self.usable_count = store.profiles.iter().filter(|p| p.usability.is_usable()).count();
                if let Some(current) = store.current() {
                    self.current_profile = Some(current.name.clone());
                    self.current_profile_model = current.default_model().map(ToOwned::to_owned);
                }
                for warning in &store.warnings {
                    self.problem(OpError::invalid(warning.clone(), "mend the entry in CC Switch"), false);
                }
            }
            Err(error) => self.problem(error.into(), true),
        }
    }

    fn look_at_plugins(&mut self, cx: &Context) -> Result<(), OpError> {
        let project = cx.project(None)?;
        let policy = cx.policy(&project.root);
        let plugins = policy.plugins();
        self.plugin_count = plugins.len();
        for plugin in plugins {
            if let Some(reason) = plugin.reason {
                let what = format!("plugin {} {}: {reason}", plugin.id, plugin.version);
                self.problem(OpError::invalid(what, "see 'cc-orchestrator plugin list'"), false);
            }
        }
        if let Err(error) = policy.overrides() {
            self.problem(error.into(), true);
        }
        Ok(())
    }

    fn look_at_state(&mut self, cx: &Context) {
        if let Err(error) = cx.store() {
            self.problem(error, true);
        }
    }
}

impl Output for Health {
    fn text(&self) -> String {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
        let mut lines = vec![
            format!("cc-orchestrator {}: {}", self.version, if self.ok { "ready" } else { "not ready" }),
            format!(
                "- worker: {} {}",
                or_none(&self.claude_bin),
                self.claude_version.clone().unwrap_or_default()
            ),
            format!(
                "- profiles: {} usable of {} ({})",
                self.usable_count, self.profile_count, self.profile_source
            ),
            format!(
                "- current: {}, model {}",
                or_none(&self.current_profile),
                or_none(&self.current_profile_model)
            ),
            format!("- plugins: {}", self.plugin_count),
            format!("- home: {}", self.home),
        ];
        for problem in &self.problems {
            let mark = if problem.blocking { "PROBLEM" } else { "note" };
            lines.push(format!("- {mark}: {} -> {}", problem.what, problem.next_step));
        }
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        self.ok
    }
}
