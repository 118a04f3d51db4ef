//! `cc_score_models`.

use std::collections::BTreeMap;

use cc_domain::{ModelScore, Role, RoleScore, ScorePart};
use cc_profiles::ProfileStore;
use cc_reports::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, arguments::ResponseFormat, past::History, routing};

/// Compare all models for code review, debugging or any role: a leaderboard that ranks and rates how good each
/// model is, strengths, weaknesses, capabilities (code, reasoning, speed, cost, context); best, smartest, fastest,
/// cheapest model. With role: parts of each score.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoreModels {
    /// Rank for this role only.
    #[arg(long)]
    role: Option<Role>,
    /// Default true, false with role.
    #[arg(long)]
    include_current_first: Option<bool>,
    #[arg(long, hide = true)]
    #[allow(dead_code)] // read before the arguments are decoded
    response_format: Option<ResponseFormat>,
}

/// The scores.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Scores {
    #[schemars(skip)]
    score_keys: Vec<String>,
    models: Vec<Scored>,
    /// Who scored, and what failed.
    #[schemars(skip)]
    scored_by: String,
    #[serde(skip)]
    role: Option<Role>,
}

/// One model.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Scored {
    profile_id: String,
    #[schemars(skip)]
    profile_name: String,
    #[schemars(skip)]
    current_profile: bool,
    model: String,
    #[schemars(skip)]
    usable: bool,
    #[schemars(skip)]
    known: bool,
    overall: f64,
    #[schemars(skip)]
    scores: BTreeMap<String, f64>,
    role_scores: BTreeMap<String, f64>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<ScorePart>,
    #[schemars(skip)]
    basis: Vec<String>,
}

impl Operation for ScoreModels {
    const NAME: &'static str = "cc_score_models";
    const TITLE: &'static str = "Compare models: scores and ranking";
    const EFFECT: Effect = Effect::READS;
    type Output = Scores;

    async fn run(self, cx: Context) -> Result<Scores, OpError> {
        cx.blocking(move |cx| {
            let profiles = cc_profiles::load(&cx.setup().locations)?;
            let roles = self.role.clone().map_or_else(|| Role::known().collect(), |role| vec![role]);
            let policy = cx.policy(&cx.project(None)?.root);
            let decision = routing::score(&policy, &profiles, &History::read(cx)?, &roles)?;
            let mut models: Vec<Scored> =
                decision.value.iter().map(|score| Scored::of(score, &profiles, self.role.as_ref())).collect();
            sort(&mut models, self.include_current_first.unwrap_or(self.role.is_none()));
            let score_keys = models.first().map(|m| m.scores.keys().cloned().collect()).unwrap_or_default();
            let scored_by =
                decision.trace.iter().map(|step| format!("{}: {}", step.who, step.reason)).collect();
            Ok(Scores { score_keys, models, scored_by: joined(scored_by), role: self.role })
        })
        .await
    }
}

fn joined(parts: Vec<String>) -> String {
    parts.join("; ")
}

/// Best first; the current profile above the others when asked for.
fn sort(models: &mut [Scored], current_first: bool) {
    models.sort_by(|a, b| {
        let current = |m: &Scored| current_first && m.current_profile;
        (current(b).cmp(&current(a)))
            .then(b.usable.cmp(&a.usable))
            .then(b.overall.total_cmp(&a.overall))
            .then_with(|| {
                (&a.profile_name, &a.model, &a.profile_id).cmp(&(&b.profile_name, &b.model, &b.profile_id))
            })
    });
}

impl Scored {
    fn of(score: &ModelScore, profiles: &ProfileStore, role: Option<&Role>) -> Self {
        let profile = profiles.profiles.iter().find(|p| p.id == score.profile_id);
        let only = role.and_then(|role| score.roles.iter().find(|r| r.role == role.as_str()));
        let mean = score.roles.iter().map(|r| r.total).sum::<f64>() / score.roles.len().max(1) as f64;
        Self {
            profile_id: score.profile_id.clone(),
            profile_name: profile.map(|p| p.name.clone()).unwrap_or_default(),
            current_profile: profile.is_some_and(|p| p.current),
            usable: profile.is_some_and(|p| p.usability.is_usable()),
            model: score.model.clone(),
            known: score.known,
            overall: rounded(only.map_or(mean, |r| r.total)),
            scores: score.abilities.iter().map(|(name, value)| (name.clone(), rounded(*value))).collect(),
            role_scores: score.roles.iter().map(|r: &RoleScore| (r.role.clone(), rounded(r.total))).collect(),
            parts: only.map(|r| r.parts.clone()).unwrap_or_default(),
            basis: score.basis.clone(),
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl Output for Scores {
    fn text(&self) -> String {
        let mut head = vec!["model".to_owned(), "profile".to_owned(), "score".to_owned()];
        head.extend(self.score_keys.iter().cloned());
        let mut table = Table::new(head);
        for model in &self.models {
            let name = if model.model.is_empty() { "(provider's default)" } else { &model.model };
            let mark = if model.usable { "" } else { " (not usable)" };
            let mut row =
                vec![format!("{name}{mark}"), model.profile_name.clone(), format!("{:.2}", model.overall)];
            row.extend(
                self.score_keys.iter().map(|key| format!("{:.1}", model.scores.get(key).unwrap_or(&0.0))),
            );
            table.row(row);
        }
        let what = self.role.as_ref().map_or_else(|| "all roles".to_owned(), |role| format!("role {role}"));
        format!("Scores from 0 to 10 for {what}; {}\n\n{table}", self.scored_by)
    }
}
