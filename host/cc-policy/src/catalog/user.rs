//! The user layer: `plugins/<id>/<version>/`, as `plugins.lock` has it.

use std::path::{Path, PathBuf};

use cc_domain::Layer;
use semver::Version;

use super::{
    Entry, Status,
    keys::{self, PinnedKey, Signed},
    lock::{self, LockedPlugin},
    package::{self, Fault, Pin},
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
    let locked = lock::read(home)?;
    let signed = locked.iter().any(|plugin| plugin.signed_by.is_some());
    let keys = if signed { keys::keys(home)? } else { Vec::new() };
    Ok(locked.iter().map(|plugin| entry(home, plugin, &keys)).collect())
}

fn entry(home: &Path, plugin: &LockedPlugin, keys: &[PinnedKey]) -> Entry {
    let folder = folder(home, &plugin.id, &plugin.version);
    let version = plugin.version.to_string();
    let limits = plugin.limits.clamped();
    let pin = Pin {
        id: plugin.id.as_str(),
        version: &version,
        world: &plugin.world,
        sha256: &plugin.sha256,
        manifest_sha256: plugin.manifest_sha256.as_deref(),
        remedy: REMEDY,
    };
    let (manifest, checked) = package::examine(&folder, &pin, Some(limits));
    // A lock that grants more than the plugin asked for was not written by us.
    let limits = manifest.as_ref().map_or(limits, |manifest| limits.within(&manifest.granted()));
    let checked = checked.and_then(|payload| check_signature(&folder, plugin, keys).map(|()| payload));
    let off = || (Status::Disabled, "you switched it off in plugins.lock".to_owned());
    let payload = if plugin.enabled { checked } else { Err(off()) };
    let mut entry = Entry::of_folder(Layer::User, &folder, plugin.id.as_str(), manifest, payload);
    if plugin.shadow && entry.status == Status::Ready {
        entry.status = Status::Shadow;
        entry.reason = Some("it is recorded what it would do; 'plugin promote' lets it act".to_owned());
    }
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

/// The signature counts for as long as its key is pinned.
fn check_signature(folder: &Path, plugin: &LockedPlugin, known: &[PinnedKey]) -> Result<(), Fault> {
    let Some(name) = &plugin.signed_by else { return Ok(()) };
    let Ok(key) = keys::named(known, name) else {
        let reason =
            format!("the key '{name}' that signed it is not pinned any more: pin it, or remove the plugin");
        return Err((Status::Untrusted, reason));
    };
    match keys::signed_folder(folder, std::slice::from_ref(key)) {
        Ok(Signed::By(_)) => Ok(()),
        Ok(_) => Err((Status::Changed, format!("its signature is not one of the key '{name}': {REMEDY}"))),
        Err(error) => Err((Status::Broken, error.to_string())),
    }
}
