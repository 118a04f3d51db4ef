//! The user layer: `plugins/<id>/<version>/`, as `plugins.lock` has it.

use std::path::{Path, PathBuf};

use cc_domain::Layer;
use semver::Version;

use super::{
    Entry, Status,
    lock::{self, LockedPlugin},
    package::{self, Pin},
};
use crate::{PolicyError, id::PluginId};

const REMEDY: &str = "add it again if you changed it; if you did not, find out who did";

/// Where a home keeps one version of a plugin.
pub(super) fn folder(home: &Path, id: &PluginId, version: &Version) -> PathBuf {
    all_versions(home, id).join(version.to_string())
}

/// Where a home keeps all versions of a plugin.
pub(super) fn all_versions(home: &Path, id: &PluginId) -> PathBuf {
    home.join("plugins").join(id.as_str())
}

/// Every plugin in the lock.
pub(super) fn entries(home: &Path) -> Result<Vec<Entry>, PolicyError> {
    Ok(lock::read(home)?.iter().map(|plugin| entry(home, plugin)).collect())
}

fn entry(home: &Path, plugin: &LockedPlugin) -> Entry {
    let folder = folder(home, &plugin.id, &plugin.version);
    let version = plugin.version.to_string();
    let limits = plugin.limits.clamped();
    let pin = Pin {
        id: plugin.id.as_str(),
        version: &version,
        world: &plugin.world,
        sha256: &plugin.sha256,
        manifest_sha256: None,
        remedy: REMEDY,
    };
    let (manifest, checked) = package::examine(&folder, &pin, Some(limits));
    let off = || (Status::Disabled, "you switched it off in plugins.lock".to_owned());
    let payload = if plugin.enabled { checked } else { Err(off()) };
    let entry = Entry::of_folder(Layer::User, &folder, plugin.id.as_str(), manifest, payload);
    // What the user added is what the entry is, whatever the manifest says by now.
    Entry {
        version,
        world: plugin.world.parse().ok(),
        order: plugin.order,
        digest: plugin.sha256.clone(),
        limits,
        source: plugin.source.clone(),
        ..entry
    }
}
