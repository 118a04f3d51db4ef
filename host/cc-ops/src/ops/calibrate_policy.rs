//! `cc_calibrate_policy`.

use std::collections::BTreeMap;

use cc_domain::{ModelName, Role};
use cc_policy::{Merged, merge_overrides};
use cc_profiles::ProfileStore;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use similar::TextDiff;

use crate::{
    Context, Effect, OpError, Operation, Output, arguments,
    calibration::{self, Calibration, Graded, KNOWN, Names, Setting},
    past::{History, Past},
};

/// Tune or calibrate the routing by results and by what you favor: quality, cost or speed; explore new models a
/// little more, avoid some. Becomes values in overrides.toml; shows diff and reasons, and saves unless apply is
/// false.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalibratePolicy {
    /// favor: quality, cost, speed or balance; explore: 0-1; avoid: [model or profile]; prefer: {role: model or
    /// profile}; escalate_after: failed verifications; pin_winners: true. Others become notes.
    #[arg(long, value_name = "JSON", value_parser = arguments::json_object)]
    #[serde(default)]
    preferences: Option<Map<String, Value>>,
    /// Default true.
    #[arg(long)]
    apply: Option<bool>,
}

/// What changes, or would.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Calibrated {
    /// Something was written.
    applied: bool,
    changes: Vec<Change>,
    /// What results make clear; pin_winners sets it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Change>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Map::is_empty")]
    notes: Map<String, Value>,
    diff: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
}

/// One value.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Change {
    /// In overrides.toml.
    key: String,
    #[schemars(skip)]
    from: Value,
    #[schemars(skip)]
    to: Value,
    reason: String,
}

impl Operation for CalibratePolicy {
    const NAME: &'static str = "cc_calibrate_policy";
    const TITLE: &'static str = "Calibrate policy: tune the routing, explore new models";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Calibrated;

    async fn run(self, cx: Context) -> Result<Calibrated, OpError> {
        cx.blocking(move |cx| {
            let profiles = cc_profiles::load(&cx.setup().locations)?;
            let history = graded(&profiles, &History::read(cx)?);
            let preferences = self.preferences.unwrap_or_default();
            let mut calibration = calibration::of(&preferences, &names(&profiles), &history)?;
            let home = cx.setup().home.root();
            let before = cx.policy(&cx.project(None)?.root).overrides()?;
            let current = serde_json::to_value(&before).unwrap_or_default();
            // To take away what is not there changes nothing.
            calibration.settings.retain(|one| !(one.value.is_null() && now(&current, one).is_null()));
            let config = config(&calibration, before.notes.as_deref());
            let merged = merge_overrides(home, &config, self.apply.unwrap_or(true))?;
            Ok(Calibrated::of(calibration, &current, merged))
        })
        .await
    }
}

/// What a setting is now.
fn now<'v>(current: &'v Value, setting: &Setting) -> &'v Value {
    setting.path.iter().fold(current, |at, key| &at[key])
}

/// As the user finds it in the file: `plugins."cc.router".price_weight`.
fn key(setting: &Setting) -> String {
    let part = |name: &String| if name.contains('.') { format!("\"{name}\"") } else { name.clone() };
    setting.path.iter().map(part).collect::<Vec<_>>().join(".")
}

fn names(profiles: &ProfileStore) -> Names {
    let all = &profiles.profiles;
    let named_once = |name: &String| all.iter().filter(|profile| profile.name == *name).count() == 1;
    let ids = all.iter().map(|profile| profile.id.clone());
    let unique = all.iter().map(|profile| profile.name.clone()).filter(named_once);
    let models = all.iter().flat_map(|profile| &profile.models).map(|model| model.name.clone());
    Names { models: models.collect(), profiles: ids.chain(unique).collect() }
}

/// The graded runs of each usable model, role by role.
fn graded(profiles: &ProfileStore, history: &History) -> BTreeMap<Role, Vec<Graded>> {
    let mut seen: Vec<(ModelName, String, BTreeMap<Role, Past>)> = Vec::new();
    for profile in profiles.profiles.iter().filter(|profile| profile.usability.is_usable()) {
        let mut own: Vec<ModelName> = Vec::new();
        for entry in &profile.models {
            let name = ModelName::parse(&entry.name);
            // The same runs, under another of its names.
            if own.iter().any(|other| other.is_same(&name)) {
                continue;
            }
            let roles = history.by_role(profile, &entry.name);
            match seen.iter_mut().find(|(other, ..)| other.is_same(&name)) {
                Some((.., all)) => add(all, roles),
                None => seen.push((name.clone(), entry.name.clone(), roles)),
            }
            own.push(name);
        }
    }
    let mut roles: BTreeMap<Role, Vec<Graded>> = BTreeMap::new();
    for (_, model, all) in seen {
        for (role, past) in all {
            let Some(mean) = past.graded_score() else { continue };
            roles.entry(role).or_default().push(Graded { model: model.clone(), graded: past.graded, mean });
        }
    }
    roles
}

fn add(all: &mut BTreeMap<Role, Past>, more: BTreeMap<Role, Past>) {
    for (role, past) in more {
        let sum = all.entry(role).or_default();
        *sum = Past::of([&*sum, &past].into_iter());
    }
}

/// The settings as one object that can be merged into the overrides.
fn config(calibration: &Calibration, notes: Option<&str>) -> Value {
    let mut config = json!({});
    for Setting { path, value, .. } in &calibration.settings {
        let mut at = &mut config;
        for key in path {
            at = &mut at[key];
        }
        *at = value.clone();
    }
    if !calibration.notes.is_empty() {
        config["notes"] = noted(notes.unwrap_or_default(), &calibration.notes).into();
    }
    config
}

/// The user's notes, with a line for each further preference; one of the same key is replaced.
fn noted(before: &str, notes: &[(String, String)]) -> String {
    let replaced = |line: &&str| !notes.iter().any(|(key, _)| line.starts_with(&format!("{key}: ")));
    let kept = before.lines().filter(replaced).map(str::to_owned);
    let lines: Vec<String> =
        kept.chain(notes.iter().map(|(key, text)| format!("{key}: {}", text.replace('\n', " ")))).collect();
    lines.join("\n")
}

impl Calibrated {
    fn of(calibration: Calibration, current: &Value, merged: Merged) -> Self {
        let change = |setting: Setting| Change {
            from: now(current, &setting).clone(),
            key: key(&setting),
            to: setting.value,
            reason: setting.reason,
        };
        let path = merged.path.display().to_string();
        let diff = TextDiff::from_lines(&merged.before, &merged.after);
        Self {
            applied: merged.applied && merged.before != merged.after,
            diff: diff.unified_diff().context_radius(1).header(&path, &path).to_string(),
            changes: calibration.settings.into_iter().map(change).collect(),
            suggestions: calibration.suggestions.into_iter().map(change).collect(),
            notes: calibration.notes.into_iter().map(|(key, text)| (key, text.into())).collect(),
            backup_path: merged.backup.map(|path| path.display().to_string()),
            path,
        }
    }
}

impl Output for Calibrated {
    fn text(&self) -> String {
        let state = if self.applied { "saved" } else { "nothing saved" };
        let mut lines = vec![format!("{} ({state})", self.path)];
        lines.extend(self.changes.iter().map(|one| format!("- {} = {}: {}", one.key, one.to, one.reason)));
        for one in &self.suggestions {
            lines.push(format!("- pin_winners would set {} = {}: {}", one.key, one.to, one.reason));
        }
        if self.changes.is_empty() && self.notes.is_empty() {
            lines.push(format!("no preference was given; there are {}", KNOWN.join(", ")));
        }
        lines.extend(self.backup_path.as_ref().map(|path| format!("backup: {path}")));
        if !self.diff.is_empty() {
            lines.push(self.diff.clone());
        }
        lines.join("\n")
    }
}
