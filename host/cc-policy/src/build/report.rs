//! What can be said of a package before it is added.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    catalog::BUNDLED,
    engine::{Engine, Inspection, Limits, PluginSpec, World, digest, inspect, read_component},
    manifest::{COMPONENT, Manifest, host_version},
    package,
    payload::Payload,
};

/// A package, what it says of itself, and what stands against loading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageReport {
    /// The package's folder.
    pub folder: PathBuf,
    /// Nothing stands against loading it.
    pub ok: bool,
    /// What does, a sentence each.
    pub problems: Vec<String>,
    /// Its manifest, when it could be read.
    pub manifest: Option<Manifest>,
    /// sha256 of the component, lower-case hex.
    pub sha256: Option<String>,
    /// Size of the component, bytes.
    pub size: Option<u64>,
    /// The world whose interface the component exports.
    pub world: Option<World>,
    /// The policy version it was built against.
    pub policy: Option<String>,
    /// Its imports.
    pub imports: Vec<String>,
    /// Its exports.
    pub exports: Vec<String>,
    /// It has no component of its own: its data is given to the default one.
    pub is_data: bool,
    /// What it would be granted.
    pub limits: Option<Limits>,
}

/// Looks at a package without running anything of it.
#[must_use]
pub fn inspect_package(folder: &Path) -> PackageReport {
    look(folder).0
}

/// Looks at a package, and loads it as a call would.
#[must_use]
pub fn validate_package(folder: &Path, cache_dir: Option<&Path>) -> PackageReport {
    let (mut report, payload) = look(folder);
    let (Some(manifest), Some(payload), true) = (&report.manifest, payload, report.ok) else { return report };
    if let Err(problem) = tried(manifest, &payload, cache_dir) {
        report.problems.push(problem);
        report.ok = false;
    }
    report
}

/// Loads it; of data, the default component is asked what it makes of them.
pub(crate) fn tried(manifest: &Manifest, payload: &Payload, cache_dir: Option<&Path>) -> Result<(), String> {
    let component = payload.component(manifest.world);
    let mut spec = spec(manifest, component);
    payload.complete(&mut spec);
    let engine = Engine::start(cache_dir).map_err(|error| error.to_string())?;
    let plugin = engine.load(component, &spec).map_err(|error| error.to_string())?;
    if matches!(payload, Payload::Data(_)) {
        package::try_data(manifest.world, payload, &plugin)?;
    }
    Ok(())
}

/// Looks at a default plugin.
#[must_use]
pub fn inspect_bundled(id: &str) -> PackageReport {
    let named = |bundled: &&crate::Bundled| bundled.manifest.contains(&format!("id = \"{id}\""));
    let found = BUNDLED.iter().find(named);
    let manifest = found.and_then(|bundled| Manifest::parse(bundled.name, bundled.manifest).ok());
    let payload = found.map(|bundled| Payload::Component(bundled.component.to_vec()));
    described(Path::new(id), manifest, payload, Vec::new()).0
}

pub(crate) fn spec(manifest: &Manifest, bytes: &[u8]) -> PluginSpec {
    PluginSpec {
        id: manifest.id.to_string(),
        version: manifest.version.to_string(),
        digest: digest(bytes),
        world: manifest.world,
        limits: manifest.granted(),
        config: manifest.config.iter().map(|(key, value)| (key.clone(), value.0.clone())).collect(),
    }
}

fn look(folder: &Path) -> (PackageReport, Option<Payload>) {
    let folder = if folder.is_file() { folder.parent().unwrap_or(folder) } else { folder };
    let mut problems = Vec::new();
    let manifest = kept(Manifest::read(folder), &mut problems);
    let payload = match &manifest {
        Some(manifest) => kept(Payload::read(folder, manifest.world, manifest.granted()), &mut problems),
        // A component alone cannot be added, but looked at.
        None => {
            read_component(&folder.join(COMPONENT), Limits::MAX.component_bytes).ok().map(Payload::Component)
        }
    };
    described(folder, manifest, payload, problems)
}

fn described(
    folder: &Path,
    manifest: Option<Manifest>,
    payload: Option<Payload>,
    mut problems: Vec<String>,
) -> (PackageReport, Option<Payload>) {
    let world = manifest.as_ref().map_or(World::Router, |manifest| manifest.world);
    let component = payload.as_ref().map(|payload| payload.component(world));
    let found = component.and_then(|bytes| kept(inspect(bytes), &mut problems));
    let sha256 = payload.as_ref().map(|payload| digest(payload.bytes()));
    if let Some(manifest) = &manifest {
        problems.extend(disagreements(manifest, sha256.as_deref(), found.as_ref()));
    }
    let report = PackageReport {
        folder: folder.into(),
        ok: problems.is_empty(),
        problems,
        limits: manifest.as_ref().map(|manifest| manifest.granted()),
        manifest,
        sha256,
        size: payload.as_ref().map(|payload| payload.bytes().len() as u64),
        is_data: matches!(payload, Some(Payload::Data(_))),
        world: found.as_ref().map(|found| found.world),
        policy: found.as_ref().map(|found| found.policy.to_string()),
        imports: found.as_ref().map(|found| found.imports.clone()).unwrap_or_default(),
        exports: found.map(|found| found.exports).unwrap_or_default(),
    };
    (report, payload)
}

fn disagreements(manifest: &Manifest, sha256: Option<&str>, found: Option<&Inspection>) -> Vec<String> {
    let host = manifest.check_host(&host_version()).err().map(|error| error.to_string());
    let world = found.filter(|found| found.world != manifest.world);
    let world = world
        .map(|found| format!("the component is a {}, and the manifest says {}", found.world, manifest.world));
    let digest = match (&manifest.sha256, sha256) {
        (None, _) => Some("the manifest has no sha256: build the plugin".to_owned()),
        (Some(said), Some(is)) if said != is => {
            Some(format!("the manifest has sha256 {said}, the component {is}"))
        }
        _ => None,
    };
    [host, world, digest].into_iter().flatten().collect()
}

fn kept<T, E: ToString>(result: Result<T, E>, problems: &mut Vec<String>) -> Option<T> {
    result.map_err(|error| problems.push(error.to_string())).ok()
}
