//! The project layer: `<project>/.cc-orchestrator/plugins/<id>/`, once the user trusts the project.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cc_domain::Layer;

use super::{
    Entry, Status,
    package::{self, Pin},
    trust::{self, TrustedPlugin, TrustedProject},
};
use crate::{FileError, PolicyError};

/// Most entries in a project's plugins folder.
const MAX: usize = 64;
const REMEDY: &str = "look at the change, then trust the project again";

/// Where a project keeps its plugins.
pub(super) fn folder(project: &Path) -> PathBuf {
    project.join(".cc-orchestrator").join("plugins")
}

/// Every folder in it, by name.
pub(super) fn folders(project: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let at = folder(project);
    let fail = |source| PolicyError::from(FileError::Io { action: "list", path: at.clone(), source });
    let entries = match fs::read_dir(&at) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(fail)?,
    };
    let paths = entries.take(MAX + 1).map(|entry| entry.map(|entry| entry.path()));
    let mut folders = paths.collect::<io::Result<Vec<_>>>().map_err(fail)?;
    if folders.len() > MAX {
        let message = format!("{} holds more than {MAX} entries: remove some", at.display());
        return Err(PolicyError::Refused(message));
    }
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}

/// The project's plugins, those that the user trusted and that are gone too. Those not trusted have a reason.
pub(super) fn entries(home: &Path, project: &Path) -> Result<Vec<Entry>, PolicyError> {
    let trusted = trust::of(home, project)?;
    let folders = match (folders(project), &trusted) {
        (Ok(folders), _) => folders,
        (Err(error), Some(_)) => return Err(error),
        // A stranger's project must not be able to stop decisions.
        (Err(error), None) => return Ok(vec![unlisted(project, &error)]),
    };
    let plugins = trusted.iter().flat_map(|trusted| &trusted.plugins);
    let gone = plugins.map(|plugin| (folder(project).join(plugin.id.as_str()), plugin));
    let gone =
        gone.filter(|(path, _)| !folders.contains(path)).map(|(path, plugin)| trusted_entry(&path, plugin));
    Ok(folders.iter().map(|folder| entry(folder, trusted.as_ref())).chain(gone).collect())
}

fn unlisted(project: &Path, error: &PolicyError) -> Entry {
    let fault = Err((Status::Untrusted, error.to_string()));
    Entry::of_folder(Layer::Project, &folder(project), "(unknown)", None, fault)
}

fn entry(folder: &Path, trusted: Option<&TrustedProject>) -> Entry {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let plugin = trusted.and_then(|project| project.plugins.iter().find(|plugin| plugin.id.as_str() == name));
    match plugin {
        Some(plugin) => trusted_entry(folder, plugin),
        None => untrusted_entry(folder, &name, trusted.is_some()),
    }
}

fn trusted_entry(folder: &Path, plugin: &TrustedPlugin) -> Entry {
    let pin = Pin {
        id: plugin.id.as_str(),
        version: &plugin.version,
        world: &plugin.world,
        sha256: &plugin.sha256,
        manifest_sha256: Some(&plugin.manifest_sha256),
        remedy: REMEDY,
    };
    let (manifest, checked) = package::examine(folder, &pin, None);
    let mut entry = Entry::of_folder(Layer::Project, folder, plugin.id.as_str(), manifest, checked);
    // What the user trusted is what the entry is, whatever the manifest says by now.
    entry.version.clone_from(&plugin.version);
    entry.world = plugin.world.parse().ok();
    entry.digest.clone_from(&plugin.sha256);
    entry
}

fn untrusted_entry(folder: &Path, name: &str, project_is_trusted: bool) -> Entry {
    let reason = if project_is_trusted {
        "it was not there when you trusted the project: look at it, then trust the project again"
    } else {
        "the project is not trusted: look at its plugins, then trust it"
    };
    let manifest = package::read_manifest(folder).ok().map(|(manifest, _)| manifest);
    Entry::of_folder(Layer::Project, folder, name, manifest, Err((Status::Untrusted, reason.into())))
}
