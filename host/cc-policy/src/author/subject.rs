//! The plugin that is tested, measured or looked at: its manifest and its payload.

use std::path::{Path, PathBuf};

use super::fixtures::FIXTURES;
use crate::{
    PackageSource, PolicyError,
    build::{BuildOptions, Language, build_plugin, spec},
    catalog::checked_payload,
    engine::{PluginSpec, World},
    manifest::Manifest,
    payload::{Payload, default_of},
};

/// A plugin to try out.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it says of itself.
    pub manifest: Manifest,
    payload: Payload,
}

impl Subject {
    /// The plugin of a package.
    ///
    /// # Errors
    /// It could not be added as it is.
    pub fn of(package: &PackageSource) -> Result<Self, PolicyError> {
        let manifest = Manifest::read(package.folder())?;
        let payload = checked_payload(package.folder(), &manifest)?;
        Ok(Self { manifest, payload })
    }

    /// The default plugin of a world.
    ///
    /// # Errors
    /// The binary is damaged.
    pub fn default_of(world: World) -> Result<Self, PolicyError> {
        let bundled = default_of(world);
        let manifest = Manifest::parse(bundled.name, bundled.manifest)?;
        Ok(Self { manifest, payload: Payload::Component(bundled.component.to_vec()) })
    }

    /// What it decides.
    #[must_use]
    pub fn world(&self) -> World {
        self.manifest.world
    }

    /// The component that runs: its own, or the default one that its data is given to.
    pub(super) fn component(&self) -> &[u8] {
        self.payload.component(self.world())
    }

    /// What the engine is to load, with these settings over the manifest's.
    pub(super) fn spec(&self, config: &[(String, String)]) -> PluginSpec {
        let mut spec = spec(&self.manifest, self.component());
        spec.config.retain(|(key, _)| config.iter().all(|(own, _)| own != key));
        spec.config.extend(config.iter().cloned());
        self.payload.complete(&mut spec);
        spec
    }
}

/// A plugin that was asked for by its path.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The plugin.
    pub subject: Subject,
    /// Where its fixtures would be.
    pub fixtures: PathBuf,
}

/// Opens whatever [`PackageSource::open`] takes. Sources are built into `dist` first when `build` says how.
///
/// # Errors
/// It is no plugin, or its sources cannot be built.
pub fn open_plugin(path: &Path, build: Option<&BuildOptions>) -> Result<Opened, PolicyError> {
    if let (Some(options), Ok(_)) = (build, Language::of(path)) {
        build_plugin(path, &package_folder(path), options)?;
    }
    let subject = Subject::of(&PackageSource::open(path)?)?;
    // Of a package in `dist`, and of a packed file, the fixtures are beside the sources.
    let own = path.join(FIXTURES);
    let fixtures = if own.is_dir() { own } else { path.parent().unwrap_or(path).join(FIXTURES) };
    Ok(Opened { subject, fixtures })
}

/// Where the package of a plugin's source folder is built to.
#[must_use]
pub fn package_folder(folder: &Path) -> PathBuf {
    folder.join("dist")
}
