//! Who decides, and whether an upgrade kept it.

use serde::Serialize;

/// Who decides: plugins by layer, and the user's overrides.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plugins {
    pub plugins: Vec<PluginRow>,
    pub overrides: Vec<Override>,
    pub overrides_path: String,
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PluginRow {
    pub id: String,
    pub version: String,
    pub world: String,
    pub layer: String,
    pub status: String,
    pub note: String,
    pub digest: String,
    pub source: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Override {
    pub name: String,
    pub value: String,
    pub layer: String,
}

/// Whether an upgrade kept everything of the user's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Upgrades {
    pub version: String,
    /// The version whose state was accepted last.
    pub previous: Option<String>,
    pub nothing_lost: bool,
    pub preserved: u64,
    /// What is not as it was, the worst first.
    pub items: Vec<Part>,
    /// Default plugins.
    pub bundled: Vec<Part>,
    pub next_step: String,
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    pub name: String,
    /// `preserved`, `missing`, `incompatible` and so on.
    pub state: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub note: String,
}
