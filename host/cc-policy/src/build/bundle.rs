//! The default plugins, built into `plugins/bundled/`, and the lock that says from what.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{BuildOptions, Built, build_plugin, source_digest};
use crate::{
    PolicyError,
    catalog::BUNDLED,
    engine::{World, digest},
    files,
    id::PluginId,
    manifest::{COMPONENT, MANIFEST},
    toml_text,
};

/// The lock's path in the repository.
pub const BUNDLED_LOCK: &str = "plugins/bundled/bundled.lock";

const HINT: &str = "Build the bundled plugins again";

/// What the bundled components were built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledLock {
    /// Each default plugin.
    pub plugin: Vec<LockedBundle>,
}

/// One default plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedBundle {
    /// Its folder's name.
    pub name: String,
    /// Its id.
    pub id: PluginId,
    /// Its version.
    pub version: String,
    /// Its world.
    pub world: World,
    /// sha256 of the component, lower-case hex.
    pub sha256: String,
    /// sha256 over its sources; see [`source_digest`].
    pub source_sha256: String,
}

impl LockedBundle {
    /// The folders of the repository that it is built from.
    #[must_use]
    pub fn source_folders(name: &str) -> Vec<String> {
        let mut folders = vec![format!("plugins/{name}"), "plugins/sdk".into(), "wit/policy-v1".into()];
        if name == "prompt-pack" {
            folders.push("prompt-packs/core".into());
        }
        folders
    }

    /// The digest of its sources as they are in a repository now.
    ///
    /// # Errors
    /// A source cannot be read.
    pub fn source_digest(root: &Path, name: &str) -> Result<String, PolicyError> {
        let folders = Self::source_folders(name);
        source_digest(root, &folders.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// Reads a repository's lock.
///
/// # Errors
/// It is missing or wrong.
pub fn read_bundled_lock(root: &Path) -> Result<BundledLock, PolicyError> {
    let path = root.join(BUNDLED_LOCK);
    let text = files::read_text(&path)?;
    let text = text.ok_or_else(|| PolicyError::Bundle(format!("there is no {}", path.display())))?;
    Ok(toml_text::parse(BUNDLED_LOCK, &text, HINT)?)
}

/// Builds every default plugin of a repository into `plugins/bundled/` and writes the lock.
///
/// # Errors
/// One cannot be built; the others that were built before it are written.
pub fn build_bundled(root: &Path, options: &BuildOptions) -> Result<Vec<Built>, PolicyError> {
    let options = BuildOptions { locked: true, ..options.clone() };
    let bundled = root.join("plugins").join("bundled");
    let mut all = Vec::new();
    let mut lock = BundledLock { plugin: Vec::new() };
    for name in BUNDLED.map(|bundled| bundled.name) {
        // Before building: a source that changes meanwhile makes the lock differ, not lie.
        let source_sha256 = LockedBundle::source_digest(root, name)?;
        let built = build_one(root, &bundled, name, &options)?;
        lock.plugin.push(locked(name, &built, source_sha256));
        all.push(built);
    }
    let text = toml::to_string(&lock).map_err(|error| PolicyError::Bundle(error.to_string()))?;
    let head = "# Written by `cc-orchestrator plugin build --bundled`: what the bundled components were built from.\n\n";
    files::write(&root.join(BUNDLED_LOCK), format!("{head}{text}").as_bytes())?;
    Ok(all)
}

/// Builds every default plugin of a repository elsewhere and names those whose committed bytes differ.
///
/// # Errors
/// One cannot be built, or the lock cannot be read.
pub fn check_bundled(root: &Path, options: &BuildOptions) -> Result<Vec<String>, PolicyError> {
    let lock = read_bundled_lock(root)?;
    let options = BuildOptions { locked: true, ..options.clone() };
    let mut differing = Vec::new();
    for name in BUNDLED.map(|bundled| bundled.name) {
        let folder = temporary()?;
        let built = build_plugin(&root.join("plugins").join(name), folder.path(), &options)?;
        let committed = files::read(&root.join(format!("plugins/bundled/{name}.wasm")), super::most_bytes())?;
        let same = committed.is_some_and(|bytes| digest(&bytes) == built.sha256);
        let locked = lock.plugin.iter().any(|plugin| plugin.name == name && plugin.sha256 == built.sha256);
        if !(same && locked) {
            differing.push(name.to_owned());
        }
    }
    Ok(differing)
}

fn temporary() -> Result<tempfile::TempDir, PolicyError> {
    let failed = |source| files::FileError::Io { action: "create", path: std::env::temp_dir(), source };
    Ok(tempfile::tempdir().map_err(failed)?)
}

fn build_one(root: &Path, bundled: &Path, name: &str, options: &BuildOptions) -> Result<Built, PolicyError> {
    let package = temporary()?;
    let built = build_plugin(&root.join("plugins").join(name), package.path(), options)?;
    let moved = |from: &str, to: String, max: u64| -> Result<PathBuf, PolicyError> {
        let bytes = files::read(&package.path().join(from), max)?.unwrap_or_default();
        files::write(&bundled.join(&to), &bytes)?;
        Ok(bundled.join(to))
    };
    let component = moved(COMPONENT, format!("{name}.wasm"), super::most_bytes())?;
    let manifest = moved(MANIFEST, format!("{name}.toml"), files::MAX_TEXT)?;
    Ok(Built { component, manifest, ..built })
}

fn locked(name: &str, built: &Built, source_sha256: String) -> LockedBundle {
    LockedBundle {
        name: name.into(),
        id: built.id.clone(),
        version: built.version.clone(),
        world: built.world,
        sha256: built.sha256.clone(),
        source_sha256,
    }
}
