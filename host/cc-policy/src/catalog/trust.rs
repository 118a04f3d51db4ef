//! `trust.toml`: the projects whose plugins may run, each with the bytes the user trusted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{package, project, tables::Array};
use crate::{PolicyError, files, id::PluginId, toml_text};

/// The file's name in the home.
pub const TRUST: &str = "trust.toml";

const HINT: &str = "Correct it, or take an older one from the backups folder";
const ARRAY: Array = Array {
    name: "project",
    key: "path",
    hint: HINT,
    head: "# The projects whose plugins you trust. Written by cc-orchestrator.\n",
};

/// A project that the user trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedProject {
    /// Canonical.
    pub path: String,
    /// RFC 3339, UTC.
    pub trusted_at: String,
    /// Its plugins at that time.
    #[serde(default)]
    pub plugins: Vec<TrustedPlugin>,
}

/// A project's plugin, as it was when the user trusted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedPlugin {
    /// Its id; it names the folder.
    pub id: PluginId,
    /// Its version.
    pub version: String,
    /// Its world.
    pub world: String,
    /// sha256 of its manifest, lower-case hex.
    pub manifest_sha256: String,
    /// sha256 of its component, lower-case hex.
    pub sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustFile {
    #[serde(default)]
    format: u32,
    #[serde(default)]
    project: Vec<TrustedProject>,
}

/// What trusting a project came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trusted {
    /// What is recorded now.
    pub project: TrustedProject,
    /// Folders that hold no plugin that could be read, and why.
    pub skipped: Vec<(PathBuf, String)>,
    /// The trust file as it was before.
    pub backup: Option<PathBuf>,
}

/// Where a home keeps its trust.
pub(crate) fn path(home: &Path) -> PathBuf {
    home.join(TRUST)
}

/// Whether the user trusts a project.
///
/// # Errors
/// When the trust file cannot be read, or the project's folder is gone.
pub fn trusts(home: &Path, project: &Path) -> Result<bool, PolicyError> {
    of(home, project).map(|trusted| trusted.is_some())
}

/// What the home records of a project; none when it is not trusted.
pub(crate) fn of(home: &Path, project: &Path) -> Result<Option<TrustedProject>, PolicyError> {
    let wanted = canonical(project)?;
    Ok(read(home)?.into_iter().find(|trusted| trusted.path == wanted))
}

fn read(home: &Path) -> Result<Vec<TrustedProject>, PolicyError> {
    let path = path(home);
    let text = files::read_text(&path)?.unwrap_or_default();
    let file: TrustFile = toml_text::parse(&toml_text::shown(&path), &text, HINT)?;
    toml_text::check_format(&toml_text::shown(&path), &text, file.format, 1)?;
    Ok(file.project)
}

/// Trusts a project's plugins as they are now. Bytes that change later do not load until this is done again.
///
/// # Errors
/// The project's folder or the trust file cannot be used.
pub fn trust(home: &Path, project: &Path) -> Result<Trusted, PolicyError> {
    let _guard = files::guard(home)?;
    let path = canonical(project)?;
    let mut skipped = Vec::new();
    let mut plugins = Vec::new();
    for folder in project::folders(project)? {
        match package::pin(&folder) {
            Ok(plugin) => plugins.push(plugin),
            Err(error) => skipped.push((folder, error.to_string())),
        }
    }
    let project = TrustedProject { path, trusted_at: jiff::Timestamp::now().to_string(), plugins };
    let backup = change(home, |document| ARRAY.put(document, &project.path, &project))?;
    Ok(Trusted { project, skipped, backup })
}

/// Takes back the trust in a project; false when there was none.
///
/// # Errors
/// The trust file cannot be used.
pub fn untrust(home: &Path, project: &Path) -> Result<bool, PolicyError> {
    let _guard = files::guard(home)?;
    let path = canonical(project)?;
    if !read(home)?.iter().any(|trusted| trusted.path == path) {
        return Ok(false);
    }
    change(home, |document| {
        ARRAY.take(document, &path);
        Ok(())
    })?;
    Ok(true)
}

fn change(
    home: &Path,
    edit: impl FnOnce(&mut toml_edit::DocumentMut) -> Result<(), PolicyError>,
) -> Result<Option<PathBuf>, PolicyError> {
    read(home)?;
    let path = path(home);
    let mut document = ARRAY.open(&path)?;
    edit(&mut document)?;
    let backup = files::back_up(home, &path)?;
    files::write(&path, document.to_string().as_bytes())?;
    Ok(backup)
}

/// The project's canonical path; of a project that is gone, its absolute one.
fn canonical(project: &Path) -> Result<String, PolicyError> {
    let path = fs::canonicalize(project)
        .or_else(|_| std::path::absolute(project))
        .unwrap_or_else(|_| project.into());
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| {
        PolicyError::Refused(format!("the project's path {} is not UTF-8: rename it", path.display()))
    })
}
