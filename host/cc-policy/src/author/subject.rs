//! The plugin that is tested, measured or looked at: its manifest and its component.

use std::path::{Path, PathBuf};

use super::fixtures::FIXTURES;
use crate::{
    PolicyError,
    build::{BuildOptions, build_plugin, spec},
    engine::{PluginSpec, World, inspect, read_component},
    manifest::{COMPONENT, Manifest},
};

/// A plugin to try out.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it says of itself.
    pub manifest: Manifest,
    component: Vec<u8>,
}

impl Subject {
    /// The plugin in a package's folder.
    ///
    /// # Errors
    /// The manifest or the component is missing or wrong, or they are of different worlds.
    pub fn of_folder(folder: &Path) -> Result<Self, PolicyError> {
        let manifest = Manifest::read(folder)?;
        let component = read_component(&folder.join(COMPONENT), manifest.granted().component_bytes)?;
        Self::of(manifest, component)
    }

    fn of(manifest: Manifest, component: Vec<u8>) -> Result<Self, PolicyError> {
        let found = inspect(&component)
            .map_err(|error| error.of(manifest.id.as_str(), &manifest.version.to_string()))?;
        if found.world != manifest.world {
            return Err(PolicyError::Refused(format!(
                "'{}' is a {}, and its manifest says {}: correct its world",
                manifest.id, found.world, manifest.world
            )));
        }
        Ok(Self { manifest, component })
    }

    /// What it decides.
    #[must_use]
    pub fn world(&self) -> World {
        self.manifest.world
    }

    pub(super) fn component(&self) -> &[u8] {
        &self.component
    }

    /// What the engine is to load, with these settings over the manifest's.
    pub(super) fn spec(&self, config: &[(String, String)]) -> PluginSpec {
        let mut spec = spec(&self.manifest, &self.component);
        spec.config.retain(|(key, _)| config.iter().all(|(own, _)| own != key));
        spec.config.extend(config.iter().cloned());
        spec
    }
}

/// A plugin that was asked for by its folder.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The plugin.
    pub subject: Subject,
    /// Where its fixtures would be.
    pub fixtures: PathBuf,
}

/// Opens a plugin's sources, which are built into `dist` first when `build` says how, or its package.
///
/// # Errors
/// It is neither, cannot be built, or its package is missing or wrong.
pub fn open_plugin(folder: &Path, build: Option<&BuildOptions>) -> Result<Opened, PolicyError> {
    if folder.join(COMPONENT).is_file() {
        // Of a package in `dist`, the fixtures are beside the sources.
        let own = folder.join(FIXTURES);
        let fixtures = if own.is_dir() { own } else { folder.parent().unwrap_or(folder).join(FIXTURES) };
        return Ok(Opened { subject: Subject::of_folder(folder)?, fixtures });
    }
    let package = package_folder(folder);
    if let Some(options) = build {
        build_plugin(folder, &package, options)?;
    }
    Ok(Opened { subject: Subject::of_folder(&package)?, fixtures: folder.join(FIXTURES) })
}

/// Where the package of a plugin's source folder is built to.
#[must_use]
pub fn package_folder(folder: &Path) -> PathBuf {
    folder.join("dist")
}
