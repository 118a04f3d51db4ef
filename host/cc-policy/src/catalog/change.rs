//! Adding and removing plugins of the user's.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    admit::{Case, admit},
    keys::{self, KeyName, Signed},
    lock::{self, LockedPlugin, Seen},
    parcel::{Consent, Parcel},
    user,
};
use crate::{
    PolicyError,
    build::tried,
    engine::{World, digest, inspect},
    files,
    id::PluginId,
    manifest::{MANIFEST, Manifest, SIGNATURE, host_version},
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
/// # Errors
/// As [`add`].
pub fn add_local(home: &Path, source: &Path) -> Result<Added, PolicyError> {
    add(home, &Parcel::read(source)?, &Consent::default())
}

/// Adds an opened package; see [`add_local`].
///
/// # Errors
/// As [`add`].
pub fn add_package(home: &Path, package: &PackageSource) -> Result<Added, PolicyError> {
    add(home, &Parcel::of(package)?, &Consent::default())
}

/// Adds a plugin to the home, or another version of it.
///
/// A plugin that is new comes last, so that it outranks the others; a known one keeps its place and its switch.
///
/// # Errors
/// It is no plugin, is made for other versions of cc-orchestrator, its bytes are not those of its manifest, nobody
/// whom the user trusts vouches for it, or it is older than it was: nothing is changed then. Or a file operation fails.
pub fn add(home: &Path, parcel: &Parcel, consent: &Consent) -> Result<Added, PolicyError> {
    let manifest = parcel.checked()?;
    if consent.shadow && manifest.world != World::Router {
        return Err(PolicyError::Refused(format!(
            "plugin '{}' is a {}: only routers can be tried in shadow",
            manifest.id, manifest.world
        )));
    }
    if let Payload::Data(_) = parcel.payload {
        let unusable = |why| PolicyError::Refused(format!("{} cannot be used: {why}", parcel.origin.text()));
        tried(&manifest, &parcel.payload, Some(&home.join("cache"))).map_err(unusable)?;
    }
    let admission = || admission(home, parcel, &manifest, consent);
    // Once without the guard, which makes the home: what is refused leaves nothing behind.
    admission()?;
    let _guard = files::guard(home)?;
    let (signed_by, seen) = admission()?;
    let locked = lock::read(home)?;
    let replaced = locked.iter().find(|plugin| plugin.id == manifest.id).cloned();
    let last = locked.iter().map(|plugin| plugin.order).max().unwrap_or(0);
    let plugin = LockedPlugin {
        world: manifest.world.to_string(),
        source: parcel.origin.text(),
        digest: parcel.origin.digest(),
        sha256: digest(parcel.payload.bytes()),
        manifest_sha256: Some(digest(&parcel.manifest)),
        signed_by,
        limits: manifest.granted(),
        installed_at: jiff::Timestamp::now().to_string(),
        enabled: replaced.as_ref().is_none_or(|old| old.enabled),
        shadow: consent.shadow,
        order: replaced.as_ref().map_or(last.saturating_add(10), |old| old.order),
        id: manifest.id,
        version: manifest.version,
    };
    keep(home, parcel, plugin, replaced, seen)
}

/// The key that vouches for it, and what was here of it before.
fn admission(
    home: &Path,
    parcel: &Parcel,
    manifest: &Manifest,
    consent: &Consent,
) -> Result<(Option<KeyName>, Option<Seen>), PolicyError> {
    let seen = lock::seen(home, &manifest.id)?;
    let signed_by = admit(&Case {
        manifest,
        manifest_sha256: &digest(&parcel.manifest),
        origin: &parcel.origin,
        signed: signature_of(home, parcel, consent)?,
        consent,
        seen: seen.as_ref(),
    })?;
    Ok((signed_by, seen))
}

fn signature_of(home: &Path, parcel: &Parcel, consent: &Consent) -> Result<Signed, PolicyError> {
    let mut known = keys::keys(home)?;
    if let Some(name) = &consent.key {
        known = vec![keys::named(&known, name)?.clone()];
    }
    Ok(keys::signed(&parcel.manifest, parcel.signature.as_deref(), &known))
}

/// Writes the files, then the lock that names them. The caller holds the guard.
fn keep(
    home: &Path,
    parcel: &Parcel,
    plugin: LockedPlugin,
    replaced: Option<LockedPlugin>,
    seen: Option<Seen>,
) -> Result<Added, PolicyError> {
    let folder = user::folder(home, &plugin.id, &plugin.version);
    let mut backups: Vec<_> = files::set_aside(home, &folder)?.into_iter().collect();
    files::write(&folder.join(parcel.payload.file_name()), parcel.payload.bytes())?;
    files::write(&folder.join(MANIFEST), &parcel.manifest)?;
    if let Some(signature) = &parcel.signature {
        files::write(&folder.join(SIGNATURE), signature)?;
    }
    let newest = Seen {
        id: plugin.id.clone(),
        version: plugin.version.clone(),
        manifest_sha256: plugin.manifest_sha256.clone().unwrap_or_default(),
        remote: parcel.origin.is_remote(),
        signed_by: plugin.signed_by.clone(),
    };
    let older = seen.is_some_and(|seen| newest.version.cmp_precedence(&seen.version).is_lt());
    backups.extend(lock::change(home, |lock| {
        lock.put(&plugin)?;
        if older { Ok(()) } else { lock.remember(&newest) }
    })?);
    Ok(Added { plugin, folder, replaced, backups })
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

/// Where a plugin goes among the user's others. Those that come later outrank those before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before all others.
    First,
    /// Behind all others: it has the last word of the user's layer.
    Last,
    /// Right before this one.
    Before(PluginId),
    /// Right behind this one.
    After(PluginId),
}

/// Moves a plugin among the user's others; all of them, from the lowest to the highest.
///
/// # Errors
/// There is no such plugin, or a file operation fails.
pub fn set_place(home: &Path, id: &PluginId, place: &Place) -> Result<Vec<LockedPlugin>, PolicyError> {
    let _guard = files::guard(home)?;
    let moved = find(home, id)?;
    let mut all = lock::read(home)?;
    all.retain(|plugin| plugin.id != *id);
    all.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
    let at = match place {
        Place::First => 0,
        Place::Last => all.len(),
        Place::Before(other) => beside(home, &all, other)?,
        Place::After(other) => beside(home, &all, other)? + 1,
    };
    all.insert(at, moved);
    for (plugin, order) in all.iter_mut().zip((10..).step_by(10)) {
        plugin.order = order;
    }
    lock::change(home, |lock| all.iter().try_for_each(|plugin| lock.put(plugin)))?;
    Ok(all)
}

fn beside(home: &Path, all: &[LockedPlugin], other: &PluginId) -> Result<usize, PolicyError> {
    let found = all.iter().position(|plugin| plugin.id == *other);
    found.map_or_else(
        || find(home, other).and(Err(PolicyError::Refused("a plugin has no place beside itself".into()))),
        Ok,
    )
}

/// Lets a plugin that was tried in shadow act from now on.
///
/// # Errors
/// There is no such plugin, it acts already, or a file operation fails.
pub fn promote(home: &Path, id: &PluginId) -> Result<LockedPlugin, PolicyError> {
    let _guard = files::guard(home)?;
    let plugin = find(home, id)?;
    if !plugin.shadow {
        return Err(PolicyError::Refused(format!("plugin '{id}' is not in shadow: it acts already")));
    }
    let plugin = LockedPlugin { shadow: false, ..plugin };
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
