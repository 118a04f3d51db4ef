//! From a plugin's source folder to a package: `plugin.wasm` and `plugin.toml`.

mod bundle;
mod cargo;
mod component;
mod javascript;
mod language;
mod python;
mod report;
mod sources;
mod tool;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    PolicyError,
    engine::{Limits, World, check_size, digest, inspect},
    files,
    id::PluginId,
    manifest::{COMPONENT, MANIFEST, Manifest, ManifestError},
    toml_text,
};

/// The published contract, which every plugin is built against.
pub(crate) const POLICY_WIT: &str = include_str!("../../../../wit/policy-v1/policy.wit");

pub use bundle::{BUNDLED_LOCK, BundledLock, LockedBundle, build_bundled, check_bundled, read_bundled_lock};
pub use language::Language;
pub(crate) use python::VENV_PROGRAMS;
pub use report::{PackageReport, inspect_bundled, inspect_package, validate_package};
pub(crate) use report::{spec, tried};
pub use sources::source_digest;

/// How to build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Where cargo keeps what it makes in between; cargo's own choice when none is named.
    pub target_dir: Option<PathBuf>,
    /// Refuse to build when `Cargo.lock` would have to change.
    pub locked: bool,
    /// Use no network.
    pub offline: bool,
}

/// What a build made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Built {
    /// The plugin.
    pub id: PluginId,
    /// Its version.
    pub version: String,
    /// Its world.
    pub world: World,
    /// sha256 of the component, lower-case hex.
    pub sha256: String,
    /// Size of the component, bytes.
    pub size: u64,
    /// The component.
    pub component: PathBuf,
    /// The manifest, with the component's sha256.
    pub manifest: PathBuf,
}

/// Builds the plugin in `folder`, whatever its language, and writes its package to `out`.
///
/// The same Rust sources with the same compiler give the same bytes, wherever they are built.
///
/// # Errors
/// The manifest is missing or wrong, the language's tool is missing or fails, or what it makes is no component of the
/// manifest's world or larger than the manifest grants.
pub fn build_plugin(folder: &Path, out: &Path, options: &BuildOptions) -> Result<Built, PolicyError> {
    let path = folder.join(MANIFEST);
    let text = files::read_text(&path)?.ok_or_else(|| ManifestError::Missing(toml_text::shown(folder)))?;
    let manifest = Manifest::parse(&toml_text::shown(&path), &text)?;
    let component = match Language::of(folder)? {
        Language::Rust => component::encode(folder, &cargo::module(folder, options)?)?,
        Language::JavaScript => javascript::component(folder, manifest.world)?,
        Language::Python => python::component(folder, manifest.world)?,
    };
    check_world(&manifest, &component)?;
    write_package(&manifest, &text, &component, out)
}

fn check_world(manifest: &Manifest, component: &[u8]) -> Result<(), PolicyError> {
    let [id, version] = [manifest.id.to_string(), manifest.version.to_string()];
    let granted = manifest.granted().component_bytes;
    let found = check_size(component.len() as u64, granted).and_then(|()| inspect(component));
    let found = found.map_err(|error| error.of(&id, &version))?;
    if found.world == manifest.world {
        return Ok(());
    }
    Err(PolicyError::Refused(format!(
        "the plugin '{id}' exports a {}, and its {MANIFEST} says {}: correct one of them",
        found.world, manifest.world
    )))
}

fn write_package(manifest: &Manifest, text: &str, bytes: &[u8], out: &Path) -> Result<Built, PolicyError> {
    let sha256 = digest(bytes);
    let [component, path] = [COMPONENT, MANIFEST].map(|name| out.join(name));
    files::write(&component, bytes)?;
    files::write(&path, with_sha256(&path, text, &sha256)?.as_bytes())?;
    Ok(Built {
        id: manifest.id.clone(),
        version: manifest.version.to_string(),
        world: manifest.world,
        sha256,
        size: bytes.len() as u64,
        component,
        manifest: path,
    })
}

/// The author's manifest, comments and all, with the component's digest.
pub(crate) fn with_sha256(path: &Path, text: &str, sha256: &str) -> Result<String, PolicyError> {
    let parsed = text.parse::<toml_edit::DocumentMut>();
    let mut document = parsed.map_err(|error| {
        toml_text::at(&toml_text::shown(path), text, error.span(), error.message(), "Correct the manifest")
    })?;
    document.insert("sha256", toml_edit::value(sha256));
    // A Windows checkout may have other line endings; the package is the same everywhere.
    Ok(document.to_string().replace("\r\n", "\n"))
}

/// The most bytes that are ever read of a component.
pub(crate) fn most_bytes() -> u64 {
    Limits::MAX.component_bytes
}
