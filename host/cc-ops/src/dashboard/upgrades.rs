//! What is installed, and what is newer.

use cc_domain::Layer;
use cc_reports::dashboard::model::{Part, Upgrades};

use super::{Dashboard, plugins};

pub(super) fn gather(dashboard: &Dashboard) -> Upgrades {
    let own = Part {
        name: "cc-orchestrator".to_owned(),
        current: env!("CARGO_PKG_VERSION").to_owned(),
        state: "ready".to_owned(),
        ..Part::default()
    };
    let plugins = plugins::statuses(dashboard);
    let yours = plugins.iter().filter(|plugin| plugin.layer != Layer::Bundled).map(|plugin| Part {
        name: plugin.id.clone(),
        current: plugin.version.clone(),
        available: None,
        state: plugin.status.to_string(),
        note: plugin.reason.clone().unwrap_or_default(),
    });
    Upgrades {
        parts: std::iter::once(own).chain(yours).collect(),
        checked_at: None,
        notes: vec!["An upgrade replaces this program only: your plugins, overrides and runs stay as they are.".to_owned()],
    }
}
