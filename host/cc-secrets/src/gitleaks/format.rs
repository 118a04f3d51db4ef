//! The file as it is written. gitleaks reads names in any case, so they are lower-cased before they get here.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

/// A whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    pub(crate) extend: Extend,
    pub(crate) rules: Vec<Rule>,
    pub(crate) allowlist: Option<Allowlist>,
    pub(crate) allowlists: Vec<Allowlist>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Extend {
    pub(crate) path: String,
    pub(crate) usedefault: bool,
    pub(crate) disabledrules: Vec<String>,
}

/// A rule, or what a rule of the same id in an extended file becomes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) description: String,
    pub(crate) regex: String,
    pub(crate) path: String,
    pub(crate) secretgroup: u32,
    pub(crate) entropy: f64,
    pub(crate) keywords: Vec<String>,
    pub(crate) skipreport: bool,
    pub(crate) allowlist: Option<Allowlist>,
    pub(crate) allowlists: Vec<Allowlist>,
    pub(crate) required: Vec<Required>,
    /// Says nothing to a scanner.
    #[serde(rename = "tags")]
    _tags: Vec<String>,
    #[serde(flatten)]
    pub(crate) other: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Required {
    pub(crate) id: String,
    pub(crate) withinlines: Option<u32>,
    pub(crate) withincolumns: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Allowlist {
    pub(crate) condition: String,
    pub(crate) regextarget: String,
    pub(crate) regexes: Vec<String>,
    pub(crate) stopwords: Vec<String>,
    pub(crate) paths: Vec<String>,
    pub(crate) commits: Vec<String>,
    pub(crate) targetrules: Vec<String>,
}

impl File {
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        lower_case(Value::Table(toml::from_str(text)?)).try_into()
    }

    /// The global allowlists in both notations.
    pub(crate) fn all_allowlists(&self) -> impl Iterator<Item = &Allowlist> {
        self.allowlist.iter().chain(&self.allowlists)
    }

    /// Puts this file on top of the one it extends.
    pub(crate) fn on(mut self, mut base: Self) -> Self {
        base.rules.retain(|rule| !self.extend.disabledrules.contains(&rule.id));
        for rule in self.rules.drain(..) {
            match base.rules.iter_mut().find(|other| other.id == rule.id) {
                Some(other) => other.change(rule),
                None => base.rules.push(rule),
            }
        }
        base.allowlists.extend(self.allowlist.into_iter().chain(self.allowlists));
        base.extend.disabledrules.extend(self.extend.disabledrules);
        base
    }
}

impl Rule {
    /// Takes over what another rule of the same id gives.
    fn change(&mut self, by: Self) {
        let text = |old: &mut String, new: String| {
            if !new.is_empty() {
                *old = new;
            }
        };
        text(&mut self.description, by.description);
        text(&mut self.regex, by.regex);
        text(&mut self.path, by.path);
        if by.entropy != 0.0 {
            self.entropy = by.entropy;
        }
        if by.secretgroup != 0 {
            self.secretgroup = by.secretgroup;
        }
        self.keywords.extend(by.keywords);
        self.allowlists.extend(by.allowlist.into_iter().chain(by.allowlists));
        self.required.extend(by.required);
        self.other.extend(by.other);
    }

    /// The rule's allowlists in both notations.
    pub(crate) fn all_allowlists(&self) -> impl Iterator<Item = &Allowlist> {
        self.allowlist.iter().chain(&self.allowlists)
    }
}

fn lower_case(value: Value) -> Value {
    match value {
        Value::Table(members) => Value::Table(
            members.into_iter().map(|(name, value)| (name.to_lowercase(), lower_case(value))).collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(lower_case).collect()),
        other => other,
    }
}
