//! Adding and removing plugins of the user's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    lock::{self, LockedPlugin},
    package, user,
};
use crate::{
    PolicyError,
    build::tried,
    engine::{digest, inspect},
    files,
    id::PluginId,
    manifest::{MANIFEST, Manifest, host_version},
    package::PackageSource,
    payload::Payload,
};

/// What adding a plugin came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Its entry in the lock.
    pub plugin: LockedPlugin,
    /// Where it is kept.
    pub folder: PathBuf,
    /// The entry it replaced.
    pub replaced: Option<LockedPlugin>,
    /// What was there before: the old lock, and a folder that had to make room.
    pub backups: Vec<PathBuf>,
}

/// What removing a plugin came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Its entry in the lock.
    pub plugin: LockedPlugin,
    /// The old lock, and the plugin's files.
    pub backups: Vec<PathBuf>,
}

/// Adds a plugin to the home, or a new version of it. `source` is whatever [`PackageSource::open`] takes.
///
/// A plugin that is new comes last, so that it outranks the others; a known one keeps its place and its switch.
///
/// # Errors
/// It is no plugin, is made for other versions of cc-orchestrator, or its bytes are not those of its manifest:
/// nothing is changed then. Or a file operation fails.
pub fn add_local(home: &Path, source: &Path) -> Result<Added, PolicyError> {
    add_package(home, &PackageSource::open(source)?)
}

/// Adds an opened package; see [`add_local`].
///
/// # Errors
/// As [`add_local`].
pub fn add_package(home: &Path, package: &PackageSource) -> Result<Added, PolicyError> {
    let source = package.folder();
    let (manifest, text) = package::read_manifest(source)?;
    let payload = checked_payload(source, &manifest)?;
    if let Payload::Data(_) = payload {
        let unusable =
            |why| PolicyError::Refused(format!("{} cannot be used: {why}", package.named().display()));
        tried(&manifest, &payload, Some(&home.join("cache"))).map_err(unusable)?;
    }
    let _guard = files::guard(home)?;
    let locked = lock::read(home)?;
    let replaced = locked.iter().find(|plugin| plugin.id == manifest.id).cloned();
    let last = locked.iter().map(|plugin| plugin.order).max().unwrap_or(0);
    let plugin = LockedPlugin {
        world: manifest.world.to_string(),
        source: known_as(package.named()),
        sha256: digest(payload.bytes()),
        limits: manifest.granted(),
        installed_at: jiff::Timestamp::now().to_string(),
        enabled: replaced.as_ref().is_none_or(|old| old.enabled),
        order: replaced.as_ref().map_or(last.saturating_add(10), |old| old.order),
        id: manifest.id,
        version: manifest.version,
    };
    let folder = user::folder(home, &plugin.id, &plugin.version);
    let mut backups: Vec<_> = files::set_aside(home, &folder)?.into_iter().collect();
    files::write(&folder.join(payload.file_name()), payload.bytes())?;
    files::write(&folder.join(MANIFEST), &text)?;
    backups.extend(lock::change(home, |lock| lock.put(&plugin))?);
    Ok(Added { plugin, folder, replaced, backups })
}

fn known_as(path: &Path) -> String {
    fs::canonicalize(path).unwrap_or_else(|_| path.into()).display().to_string()
}

/// The payload, once it is known to be what this host can load.
pub(crate) fn checked_payload(folder: &Path, manifest: &Manifest) -> Result<Payload, PolicyError> {
    manifest.check_host(&host_version())?;
    let payload = Payload::read(folder, manifest.world, manifest.granted())?;
    let (id, version) = (manifest.id.as_str(), manifest.version.to_string());
    let found = inspect(payload.component(manifest.world)).map_err(|error| error.of(id, &version))?;
    let refused = |what: String| Err(PolicyError::Refused(format!("plugin '{id}' {version} {what}")));
    if found.world != manifest.world {
        return refused(format!(
            "is a {}, and its manifest says {}: correct its world",
            found.world, manifest.world
        ));
    }
    match &manifest.sha256 {
        Some(expected) if *expected != digest(payload.bytes()) => {
            let name = payload.file_name();
            refused(format!("has another {name} than its {MANIFEST} says: build or download it again"))
        }
        _ => Ok(payload),
    }
}

/// Removes a plugin from the home. Its files go to `backups/`.
///
/// # Errors
/// There is no such plugin (the error lists those there are), or a file operation fails.
pub fn remove(home: &Path, id: &PluginId) -> Result<Removed, PolicyError> {
    let _guard = files::guard(home)?;
    let plugin = find(home, id)?;
    let mut backups = Vec::new();
    backups.extend(lock::change(home, |lock| {
        lock.take(id);
        Ok(())
    })?);
    backups.extend(files::set_aside(home, &user::all_versions(home, id))?);
    Ok(Removed { plugin, backups })
}

/// Switches a plugin on or off.
///
/// # Errors
/// There is no such plugin, or a file operation fails.
pub fn set_enabled(home: &Path, id: &PluginId, enabled: bool) -> Result<LockedPlugin, PolicyError> {
    let _guard = files::guard(home)?;
    let plugin = LockedPlugin { enabled, ..find(home, id)? };
    lock::change(home, |lock| lock.put(&plugin))?;
    Ok(plugin)
}

fn find(home: &Path, id: &PluginId) -> Result<LockedPlugin, PolicyError> {
    let locked = lock::read(home)?;
    locked.iter().find(|plugin| plugin.id == *id).cloned().ok_or_else(|| {
        let ids: Vec<_> = locked.iter().map(|plugin| plugin.id.as_str()).collect();
        PolicyError::Refused(format!("no plugin '{id}' was added; those added are: {}", ids.join(", ")))
    })
}
