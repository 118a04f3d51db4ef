//! `cc_model_registry`.

use std::{collections::BTreeMap, path::PathBuf};

use cc_domain::{BenchmarkScore, ModelName, ModelPrice, ModelScore, Profile, ProfileHealth, Role};
use cc_policy::Overrides;
use cc_reports::Table;
use cc_store::{RunDir, create_private_dir, write_atomic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output,
    past::{History, Past},
    routing,
};

/// What is known of every model, and from where: price, context, health, track record (runs, mean grade), scores. One
/// line each; all of it with model. Always read anew.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelRegistry {
    /// Everything of this one.
    #[arg(long)]
    model: Option<String>,
    /// Of no effect: it is always fresh.
    #[arg(long)]
    #[allow(dead_code)] // the predecessor's callers send it
    refresh: Option<bool>,
    /// Write reports/model_registry.json.
    #[arg(long)]
    #[serde(default)]
    apply: bool,
}

/// The registry.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Registry {
    count: usize,
    /// Most runs first.
    models: Vec<Line>,
    /// With model: on each profile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    profiles: Vec<OnProfile>,
    applied: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
}

/// A model in one line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Line {
    model: String,
    #[schemars(skip)]
    profiles: Vec<String>,
    #[schemars(skip)]
    usable: bool,
    /// USD a million tokens, in/out, and whose word that is.
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    runs: u32,
    /// 0-100.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_grade: Option<f64>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "is_zero")]
    recent_failures: u32,
    /// Mean of its newest checked tasks, 0-100.
    #[serde(skip_serializing_if = "Option::is_none")]
    benchmark: Option<f64>,
    /// Mean over the roles, 0-10.
    score: f64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A model on one profile, whole.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OnProfile {
    #[serde(skip)]
    key: ModelName,
    model: String,
    profile_id: String,
    profile_name: String,
    current: bool,
    usable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    unusable_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<ModelPrice>,
    /// `overrides.toml`, `CC Switch`, or who else says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<ProfileHealth>,
    quality: Quality,
    quality_by_role: BTreeMap<Role, Quality>,
    /// The newest of each role.
    benchmarks: Vec<BenchmarkScore>,
    role_scores: BTreeMap<String, f64>,
    abilities: BTreeMap<String, f64>,
    /// Where the scores come from, in the scorer's words.
    facts: Vec<String>,
}

/// What became of its runs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Quality {
    runs: u32,
    successes: u32,
    graded: u32,
    recent_failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_grade: Option<f64>,
    #[serde(skip)]
    past: Past,
}

impl Operation for ModelRegistry {
    const NAME: &'static str = "cc_model_registry";
    const TITLE: &'static str = "Model registry: price, context, health and track record of every model";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Registry;

    async fn run(self, cx: Context) -> Result<Registry, OpError> {
        cx.blocking(move |cx| {
            let all = everything(cx)?;
            let path = self.apply.then(|| write(cx, &all)).transpose()?;
            let mut models = lines(&all);
            let mut profiles = Vec::new();
            if let Some(asked) = &self.model {
                let name = ModelName::parse(asked);
                profiles = all.into_iter().filter(|one| one.key.is_same(&name)).collect();
                models.retain(|line| ModelName::parse(&line.model).is_same(&name));
                if models.is_empty() {
                    return Err(unknown(asked));
                }
            }
            Ok(Registry { count: models.len(), models, profiles, applied: path.is_some(), path })
        })
        .await
    }
}

fn unknown(model: &str) -> OpError {
    OpError::new(
        ErrorKind::NotFound,
        format!("no profile has the model '{model}'"),
        "cc_model_registry without 'model' lists them all",
    )
}

fn everything(cx: &Context) -> Result<Vec<OnProfile>, OpError> {
    let profiles = cc_profiles::load(&cx.setup().locations)?;
    let (history, policy) = (History::read(cx)?, cx.policy(&cx.project(None)?.root));
    let overrides = policy.overrides()?;
    let roles: Vec<Role> = Role::known().collect();
    let scores = routing::score(&policy, &profiles, &history, &roles)?.value;
    let find = |id: &str| profiles.profiles.iter().find(|profile| profile.id == id);
    let whole =
        |score: &ModelScore| Some(OnProfile::of(find(&score.profile_id)?, score, &history, &overrides));
    Ok(scores.iter().filter_map(whole).collect())
}

fn write(cx: &Context, all: &[OnProfile]) -> Result<PathBuf, OpError> {
    let folder = RunDir::artifact_root(&cx.project(None)?.root).join("reports");
    create_private_dir(&folder)?;
    let path = folder.join("model_registry.json");
    let content = serde_json::json!({ "updated_at": jiff::Timestamp::now().to_string(), "models": all });
    write_atomic(&path, format!("{content:#}").as_bytes())?;
    Ok(path)
}

/// One line for each model, whatever its profiles call it.
fn lines(all: &[OnProfile]) -> Vec<Line> {
    let mut groups: Vec<Vec<&OnProfile>> = Vec::new();
    for one in all {
        match groups.iter_mut().find(|group| group[0].key.is_same(&one.key)) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let mut lines: Vec<Line> = groups.iter().map(|group| Line::of(group)).collect();
    lines.sort_by(|a, b| b.runs.cmp(&a.runs).then(b.score.total_cmp(&a.score)).then(a.model.cmp(&b.model)));
    lines
}

impl Line {
    /// Of a model on all its profiles: what it costs and takes where it is cheapest to ask, which is the first.
    fn of(group: &[&OnProfile]) -> Self {
        let past = Past::of(group.iter().map(|one| &one.quality.past));
        let mean =
            |one: &&OnProfile| one.role_scores.values().sum::<f64>() / one.role_scores.len().max(1) as f64;
        let best = group.iter().map(mean).fold(0.0, f64::max);
        let mut profiles: Vec<String> = group.iter().map(|one| one.profile_name.clone()).collect();
        profiles.dedup();
        Self {
            model: group.first().map(|one| one.model.clone()).unwrap_or_default(),
            profiles,
            usable: group.iter().any(|one| one.usable),
            price: group.iter().find_map(|one| one.price_in_words()),
            context: group.iter().find_map(|one| one.said("context of ")),
            runs: past.runs,
            mean_grade: past.score().map(rounded),
            recent_failures: past.recent_failures,
            benchmark: benchmark(group),
            score: rounded(best),
        }
    }
}

/// The mean score of its benchmark runs on all profiles, 0 to 100.
fn benchmark(group: &[&OnProfile]) -> Option<f64> {
    let scores = || group.iter().flat_map(|one| &one.benchmarks).map(|found| found.score);
    let runs: u32 = scores().map(|score| score.n).sum();
    let sum: f64 = scores().map(|score| f64::from(score.n) * score.mean).sum();
    (runs > 0).then(|| rounded(100.0 * sum / f64::from(runs)))
}

impl OnProfile {
    fn of(profile: &Profile, score: &ModelScore, history: &History, overrides: &Overrides) -> Self {
        let by_role = history.by_role(profile, &score.model);
        let (price, price_source) = price(profile, &score.model, overrides);
        Self {
            key: ModelName::parse(&score.model),
            model: score.model.clone(),
            profile_id: profile.id.clone(),
            profile_name: profile.name.clone(),
            current: profile.current,
            usable: profile.usability.is_usable(),
            unusable_reason: profile.usability.reason().map(ToOwned::to_owned),
            price,
            price_source,
            health: profile.health.clone(),
            quality: Quality::of(&Past::of(by_role.values())),
            quality_by_role: by_role.iter().map(|(role, past)| (role.clone(), Quality::of(past))).collect(),
            benchmarks: history.benchmarks(profile, &score.model).cloned().collect(),
            role_scores: score.roles.iter().map(|role| (role.role.clone(), rounded(role.total))).collect(),
            abilities: score.abilities.iter().map(|(name, value)| (name.clone(), rounded(*value))).collect(),
            facts: score.basis.clone(),
        }
    }

    /// What the host knows, else what the scorer says.
    fn price_in_words(&self) -> Option<String> {
        let known = self.price.as_ref().zip(self.price_source);
        known
            .map(|(price, source)| format!("{}/{} USD per Mtok, {source}", price.input, price.output))
            .or_else(|| self.facts.iter().find(|fact| fact.contains(" USD per Mtok, ")).cloned())
    }

    /// The scorer's own words on something.
    fn said(&self, start: &str) -> Option<String> {
        self.facts.iter().find_map(|fact| fact.strip_prefix(start)).map(ToOwned::to_owned)
    }
}

/// What is paid: the user's own price, else the listed one with the profile's factor.
fn price(
    profile: &Profile,
    model: &str,
    overrides: &Overrides,
) -> (Option<ModelPrice>, Option<&'static str>) {
    let own = overrides.price_of(model).map(|price| (price, "overrides.toml"));
    let listed = || Some((profile.price_of(model)?.times(profile.cost_multiplier), "CC Switch"));
    own.or_else(listed).unzip()
}

impl Quality {
    fn of(past: &Past) -> Self {
        Self {
            runs: past.runs,
            successes: past.successes,
            graded: past.graded,
            recent_failures: past.recent_failures,
            mean_grade: past.score().map(rounded),
            past: *past,
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

impl Output for Registry {
    fn text(&self) -> String {
        let mut table = Table::new(["model", "profiles", "price", "context", "runs", "mean grade", "score"]);
        for line in &self.models {
            let name = if line.model.is_empty() { "(provider's default)" } else { &line.model };
            let mark = if line.usable { "" } else { " (not usable)" };
            table.row([
                format!("{name}{mark}"),
                line.profiles.join(", "),
                line.price.clone().unwrap_or_else(|| "unknown".to_owned()),
                line.context.clone().unwrap_or_else(|| "unknown".to_owned()),
                line.runs.to_string(),
                line.mean_grade.map(|grade| format!("{grade:.0}")).unwrap_or_default(),
                format!("{:.1}", line.score),
            ]);
        }
        let mut text = table.to_string();
        for one in &self.profiles {
            text.push_str(&format!("\n\n{} on {}:", one.model, one.profile_name));
            one.facts.iter().for_each(|fact| text.push_str(&format!("\n- {fact}")));
            for (role, quality) in &one.quality_by_role {
                let grade = quality.mean_grade.unwrap_or_default();
                text.push_str(&format!("\n- {role}: {} runs, mean grade {grade:.0}", quality.runs));
            }
        }
        if let Some(path) = &self.path {
            text.push_str(&format!("\n\nwritten to {}", path.display()));
        }
        text
    }
}
