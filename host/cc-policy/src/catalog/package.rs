//! A plugin's folder: `plugin.toml` and its payload, held against what was recorded of it.

use std::path::Path;

use super::{Status, trust::TrustedPlugin};
use crate::{
    PolicyError,
    engine::{Limits, World, digest},
    files,
    manifest::{MANIFEST, Manifest, ManifestError, host_version},
    payload::Payload,
    toml_text,
};

/// What was recorded of a plugin when the user added or trusted it.
pub(super) struct Pin<'a> {
    pub(super) id: &'a str,
    pub(super) version: &'a str,
    pub(super) world: &'a str,
    pub(super) sha256: &'a str,
    pub(super) manifest_sha256: Option<&'a str>,
    /// What to do when the bytes are others.
    pub(super) remedy: &'static str,
}

/// A plugin that cannot load, and why.
pub(super) type Fault = (Status, String);

/// The manifest, and the payload or what stands against loading it. Nothing of it is run.
pub(super) fn examine(
    folder: &Path,
    pin: &Pin<'_>,
    limits: Option<Limits>,
) -> (Option<Manifest>, Result<Payload, Fault>) {
    let manifest = match read_manifest(folder) {
        Ok(found) => found,
        Err(error) => return (None, Err((Status::Broken, error.to_string()))),
    };
    let (manifest, bytes) = manifest;
    let checked = check_manifest(&manifest, &bytes, pin)
        .and_then(|()| checked_payload(folder, &manifest, pin, limits.unwrap_or_else(|| manifest.granted())));
    (Some(manifest), checked)
}

fn check_manifest(manifest: &Manifest, bytes: &[u8], pin: &Pin<'_>) -> Result<(), Fault> {
    if manifest.id.as_str() != pin.id {
        let message = format!("its folder is that of '{}', and its manifest says '{}'", pin.id, manifest.id);
        return Err((Status::Changed, message));
    }
    manifest.check_host(&host_version()).map_err(|error| (Status::Incompatible, error.to_string()))?;
    pin.world.parse::<World>().map_err(|error| (Status::Incompatible, error.to_string()))?;
    let told = (manifest.version.to_string(), manifest.world.as_str());
    let same = (told.0.as_str(), told.1) == (pin.version, pin.world);
    let pinned = pin.manifest_sha256.is_none_or(|pinned| pinned == digest(bytes));
    if same && pinned {
        Ok(())
    } else {
        Err((Status::Changed, format!("its {MANIFEST} changed: {}", pin.remedy)))
    }
}

fn checked_payload(
    folder: &Path,
    manifest: &Manifest,
    pin: &Pin<'_>,
    limits: Limits,
) -> Result<Payload, Fault> {
    let payload =
        Payload::read(folder, manifest.world, limits).map_err(|error| (Status::Broken, error.to_string()))?;
    if digest(payload.bytes()) == pin.sha256 {
        Ok(payload)
    } else {
        Err((Status::Changed, format!("its {} changed: {}", payload.file_name(), pin.remedy)))
    }
}

/// The manifest, and its bytes.
pub(super) fn read_manifest(folder: &Path) -> Result<(Manifest, Vec<u8>), ManifestError> {
    let path = folder.join(MANIFEST);
    let text = files::read_text(&path)?.ok_or_else(|| ManifestError::Missing(toml_text::shown(folder)))?;
    let manifest = Manifest::parse(&toml_text::shown(&path), &text)?;
    Ok((manifest, text.into_bytes()))
}

/// What to record of a plugin as it is now.
pub(super) fn pin(folder: &Path) -> Result<TrustedPlugin, PolicyError> {
    let (manifest, bytes) = read_manifest(folder)?;
    let payload = Payload::read(folder, manifest.world, manifest.granted())?;
    if folder.file_name().and_then(|name| name.to_str()) != Some(manifest.id.as_str()) {
        return Err(PolicyError::Refused(format!("its manifest says '{}': name the folder so", manifest.id)));
    }
    Ok(TrustedPlugin {
        id: manifest.id,
        version: manifest.version.to_string(),
        world: manifest.world.to_string(),
        manifest_sha256: digest(&bytes),
        sha256: digest(payload.bytes()),
    })
}
