//! Plugins that fail again and again are set aside, and the layer below acts, until the user enables them again.
//!
//! Counted in `state.db`, for every process of the home. Bundled plugins have nobody below them and secret scanners
//! fail closed, so neither is ever set aside.

use std::{path::Path, sync::OnceLock};

use cc_domain::{Layer, PluginRef};
use cc_store::{Home, PluginFailures, Store};

use crate::{
    PolicyError,
    engine::{PluginError, PluginErrorKind, World},
    id::PluginId,
};

/// The home's count of failures. Opens nothing before a plugin that can be set aside is asked.
pub(crate) struct Health {
    home: Home,
    store: OnceLock<Store>,
}

/// Whether a plugin of that layer and world can be set aside at all.
pub(crate) fn is_watched(layer: Layer, world: World) -> bool {
    layer != Layer::Bundled && world != World::SecretScanner
}

/// Whether it is the plugin that failed, rather than the host or the caller.
pub(crate) fn is_its_fault(error: &PluginError, world: World) -> bool {
    match error.kind {
        PluginErrorKind::Host => false,
        // A prompt pack says so when its caller leaves out a variable.
        PluginErrorKind::Said => world != World::PromptPack,
        _ => true,
    }
}

impl Health {
    pub(crate) fn new(home: &Path) -> Self {
        Self { home: Home::at(home), store: OnceLock::new() }
    }

    /// Every failing plugin. Where nothing ever ran there is no database, and asking makes none.
    pub(crate) fn failures(&self) -> Vec<PluginFailures> {
        if !self.home.state_db().is_file() {
            return Vec::new();
        }
        // A count that cannot be read must not stop decisions: every plugin is asked then.
        self.store().and_then(|store| told(store.plugin_failures())).unwrap_or_default()
    }

    /// Counts a failure; how many it are in a row, when it could be counted.
    pub(crate) fn failed(&self, plugin: &PluginRef, reason: &str) -> Option<u32> {
        self.store().and_then(|store| told(store.plugin_failed(plugin, reason)))
    }

    pub(crate) fn answered(&self, plugin: &PluginRef) {
        self.store().and_then(|store| told(store.plugin_answered(plugin)));
    }

    fn store(&self) -> Option<&Store> {
        if let Some(store) = self.store.get() {
            return Some(store);
        }
        // Two threads may open it at once; one of the two is kept.
        let opened = told(Store::open(&self.home))?;
        Some(self.store.get_or_init(|| opened))
    }
}

fn told<T>(result: cc_store::Result<T>) -> Option<T> {
    result.inspect_err(|error| tracing::warn!("the failures of plugins are not counted: {error}")).ok()
}

/// Forgets a plugin's failures, so that it is asked again; whether it had any.
///
/// # Errors
/// The database cannot be used.
pub fn forgive(home: &Path, id: &PluginId) -> Result<bool, PolicyError> {
    let home = Home::at(home);
    if !home.state_db().is_file() {
        return Ok(false);
    }
    Ok(Store::open(&home)?.forgive_plugin(id.as_str())?)
}

/// Why a plugin that failed so often is not asked.
pub(crate) fn set_aside(failures: &PluginFailures) -> String {
    format!(
        "set aside after {} failures in a row, the last at {}: {}. 'cc-orchestrator plugin enable {}' asks it again",
        failures.failures, failures.at, failures.reason, failures.id
    )
}
