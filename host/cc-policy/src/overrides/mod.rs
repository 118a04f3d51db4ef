//! `overrides.toml`: the user's own values, which have the last word.

mod merge;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use cc_domain::{CostGuard, ModelPrice, Notify, OnLimit, QueuePolicy, Role};
use serde::{Deserialize, Serialize};

use crate::{
    PolicyError, files,
    id::PluginId,
    toml_text::{self, Setting, TextError},
};

#[cfg(any(fuzzing, test))]
pub(crate) use merge::merged_text;
pub use merge::{Merged, merge_overrides};

/// The file's name in the home.
pub const OVERRIDES: &str = "overrides.toml";

const HINT: &str = "Correct it, or take an older one from the backups folder: \
                    nothing is decided past an override that cannot be read";

/// What the user set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Role, task type or `default` → a profile's id or exact name.
    #[serde(default)]
    pub preferred_profiles: BTreeMap<Key, Name>,
    /// Role, task type or `default` → a model's exact name.
    #[serde(default)]
    pub preferred_models: BTreeMap<Key, Name>,
    /// Plugin id → its settings; they replace the defaults of its manifest.
    #[serde(default)]
    pub plugins: BTreeMap<PluginId, BTreeMap<String, Setting>>,
    /// What runs do when their caller does not say.
    #[serde(default)]
    pub runs: RunDefaults,
    /// What a queue of jobs may do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub queue: QueuePolicy,
    /// What becomes of plugins that fail.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failing_plugins: FailingPlugins,
    /// What workers may cost.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cost_guard: CostGuard,
    /// Model → its price; it replaces that of CC Switch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
    /// Project, by its folder → what its work is kept to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub boundaries: BTreeMap<String, Boundary>,
    /// Who is told of runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub notify: Notify,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What becomes of plugins that fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailingPlugins {
    /// A plugin that fails so often in a row is asked no more, and the layer below acts. 0: never. Default 3.
    pub set_aside_after: u32,
}

impl Default for FailingPlugins {
    fn default() -> Self {
        Self { set_aside_after: 3 }
    }
}

/// USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Input.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Cached input, read; none: a tenth of `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    /// Cached input, written; none: `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

impl Price {
    /// The price of a model.
    #[must_use]
    pub fn of(&self, model: &str) -> ModelPrice {
        ModelPrice {
            model: model.to_owned(),
            input: self.input,
            output: self.output,
            cache_read: self.cache_read.unwrap_or(self.input * 0.1),
            cache_write: self.cache_write.unwrap_or(self.input),
        }
    }
}

/// What the work in a project is kept to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// The only profiles that may see it, by id or exact name.
    pub profiles: Vec<Name>,
}

/// What runs do when their caller does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunDefaults {
    /// At a usage limit: `wait` for its reset, `failover` to the router's next choice, or `fail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_limit: Option<OnLimit>,
    /// How long a permission question waits before it is denied, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_within_seconds: Option<NonZeroU32>,
    /// Whether the system keeps workers that may write to their scope (Linux).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<bool>,
}

/// A role, a task type or `default`.
pub type Key = Role;

/// What a preference names: not empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(pub String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() {
            Err("a preference names a profile or model, and this is empty")
        } else {
            Ok(Self(text))
        }
    }
}

impl Overrides {
    /// Its keys.
    pub const KEYS: [&str; 11] = [
        "preferred_profiles",
        "preferred_models",
        "notes",
        "plugins",
        "runs",
        "queue",
        "failing_plugins",
        "cost_guard",
        "prices",
        "boundaries",
        "notify",
    ];

    /// Reads the home's overrides; none set when there is no file.
    ///
    /// # Errors
    /// The file cannot be read or is wrong: the line, and what to do.
    pub fn read(home: &Path) -> Result<Self, PolicyError> {
        let path = path(home);
        let text = files::read_text(&path)?.unwrap_or_default();
        Ok(Self::parse(&toml_text::shown(&path), &text)?)
    }

    /// The home's overrides as they are written: nothing that the user did not set.
    ///
    /// # Errors
    /// As [`Overrides::read`].
    pub fn as_written(home: &Path) -> Result<serde_json::Value, PolicyError> {
        Self::read(home)?;
        let path = path(home);
        let text = files::read_text(&path)?.unwrap_or_default();
        Ok(toml_text::parse(&toml_text::shown(&path), &text, HINT)?)
    }

    /// Reads a text; `file` is how errors call it.
    ///
    /// # Errors
    /// The line, and what is wrong there.
    pub fn parse(file: &str, text: &str) -> Result<Self, TextError> {
        toml_text::parse(file, text, HINT)
    }

    /// What the user pays for a model; none: as its provider lists it.
    #[must_use]
    pub fn price_of(&self, model: &str) -> Option<ModelPrice> {
        self.prices.iter().map(|(name, price)| price.of(name)).find(|price| price.is_of(model))
    }

    /// The settings of a plugin: the user's over the manifest's defaults.
    #[must_use]
    pub fn settings(&self, id: &PluginId, defaults: &BTreeMap<String, Setting>) -> Vec<(String, String)> {
        let mut all = defaults.clone();
        all.extend(self.plugins.get(id).cloned().unwrap_or_default());
        all.into_iter().map(|(key, value)| (key, value.0)).collect()
    }
}

/// Where a home keeps its overrides.
pub(crate) fn path(home: &Path) -> PathBuf {
    home.join(OVERRIDES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_in_any_script_are_read() {
        let text = "[preferred_profiles]\nreview = \"深度求索\"\n[plugins.\"cc.router\"]\nfloor = 7\n";
        let overrides = Overrides::parse("overrides.toml", text).expect("overrides");
        assert_eq!(overrides.preferred_profiles[&"review".parse().expect("a role")].0, "深度求索");
        let id = "cc.router".parse().expect("an id");
        let defaults =
            BTreeMap::from([("floor".into(), Setting("5".into())), ("x".into(), Setting("y".into()))]);
        let settings = overrides.settings(&id, &defaults);
        assert_eq!(settings, [("floor".into(), "7".into()), ("x".into(), "y".into())]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, line) in [
            ("notes = \"a\"\nprefered_models = {}\n", 2),
            ("[preferred_models]\nreview = \"\"\n", 2),
            ("[preferred_models]\n\nReview = \"a\"\n", 3),
            ("notes = 4", 1),
            ("[runs]\non_limit = \"sleep\"", 2),
            ("[runs]\nanswer_within_seconds = 0", 2),
            ("[notify]\ndesktop = true\nwebhook = \"http://example.com/\"", 3),
            ("[notify]\non = [\"started\"]", 2),
        ] {
            let error = Overrides::parse("overrides.toml", text).expect_err(text);
            assert_eq!(error.line, line, "{error}");
        }
    }
}
