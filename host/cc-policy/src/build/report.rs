//! What can be said of a package before it is added.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{
    engine::{Engine, Inspection, Limits, PluginSpec, World, digest, inspect, read_component},
    manifest::{COMPONENT, Manifest, host_version},
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
    let (mut report, bytes) = look(folder);
    let (Some(manifest), Some(bytes), true) = (&report.manifest, bytes, report.ok) else { return report };
    let loaded = Engine::start(cache_dir).map_err(|error| error.to_string()).and_then(|engine| {
        engine.load(&bytes, &spec(manifest, &bytes)).map(drop).map_err(|error| error.to_string())
    });
    if let Err(problem) = loaded {
        report.problems.push(problem);
        report.ok = false;
    }
    report
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

fn look(folder: &Path) -> (PackageReport, Option<Vec<u8>>) {
    let folder = if folder.is_file() { folder.parent().unwrap_or(folder) } else { folder };
    let mut problems = Vec::new();
    let manifest = kept(Manifest::read(folder), &mut problems);
    let granted = manifest.as_ref().map(|manifest| manifest.granted()).unwrap_or_default();
    let bytes = kept(read_component(&folder.join(COMPONENT), granted.component_bytes), &mut problems);
    let found = bytes.as_ref().and_then(|bytes| kept(inspect(bytes), &mut problems));
    let sha256 = bytes.as_ref().map(|bytes| digest(bytes));
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
        size: bytes.as_ref().map(|bytes| bytes.len() as u64),
        world: found.as_ref().map(|found| found.world),
        policy: found.as_ref().map(|found| found.policy.to_string()),
        imports: found.as_ref().map(|found| found.imports.clone()).unwrap_or_default(),
        exports: found.map(|found| found.exports).unwrap_or_default(),
    };
    (report, bytes)
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
