//! What a path names: a package, whatever form it has.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{prompts, tar_file};
use crate::{
    FileError, PolicyError,
    author::package_folder,
    engine::digest,
    files,
    manifest::{COMPONENT, MANIFEST, Manifest, host_version},
    payload::DATA,
    toml_text,
};

/// A package's folder, and how people know it.
#[derive(Debug)]
pub struct PackageSource {
    folder: PathBuf,
    named: PathBuf,
    /// Goes with this value, when the folder was made for it.
    _made: Option<TempDir>,
}

impl PackageSource {
    /// Opens what `path` names:
    ///
    /// - a folder with `plugin.toml` and `plugin.wasm` or `data.json`, or one of these files;
    /// - a plugin's sources, built into `dist`;
    /// - a packed plugin, `*.plugin.tar`;
    /// - a prompt pack's texts: a folder with `pack.toml`.
    ///
    /// # Errors
    /// It is none of these, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, PolicyError> {
        let named = path.to_owned();
        if path.is_file() {
            if path.to_string_lossy().ends_with(".tar") {
                let made = temporary()?;
                tar_file::unpack(path, made.path())?;
                return Ok(Self { folder: made.path().into(), named, _made: Some(made) });
            }
            let folder = path.parent().unwrap_or(path).to_owned();
            return Ok(Self { folder, named, _made: None });
        }
        if path.join(prompts::PACK).is_file() && !has_payload(path) {
            let data = prompts::data(path)?;
            return Self::of_data(path, "prompt-pack", &data);
        }
        let dist = package_folder(path);
        let folder = if !has_payload(path) && has_payload(&dist) { dist } else { named.clone() };
        Ok(Self { folder, named, _made: None })
    }

    /// A package made of data, under the manifest in `path` when it has one. Else it is `local.NAME` 0.1.0.
    pub(super) fn of_data(path: &Path, world: &str, data: &str) -> Result<Self, PolicyError> {
        let made = temporary()?;
        let own = path.join(MANIFEST);
        let text = if path.is_dir() { files::read_text(&own)? } else { None };
        let text = text.unwrap_or_else(|| manifest(path, world));
        let shown = toml_text::shown(&own);
        let found = Manifest::parse(&shown, &text)?;
        if found.world.as_str() != world {
            let message = format!("{shown} says {}, and the folder holds a {world}", found.world);
            return Err(PolicyError::Refused(message));
        }
        let text = crate::build::with_sha256(&own, &text, &digest(data.as_bytes()))?;
        files::write(&made.path().join(MANIFEST), text.as_bytes())?;
        files::write(&made.path().join(DATA), data.as_bytes())?;
        Ok(Self { folder: made.path().into(), named: path.into(), _made: Some(made) })
    }

    /// The folder with `plugin.toml` and the payload. It may be a temporary one.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the user named.
    #[must_use]
    pub fn named(&self) -> &Path {
        &self.named
    }
}

fn has_payload(folder: &Path) -> bool {
    [COMPONENT, DATA].iter().any(|name| folder.join(name).is_file())
}

fn temporary() -> Result<TempDir, PolicyError> {
    let failed = |source| FileError::Io { action: "create", path: std::env::temp_dir(), source };
    Ok(tempfile::tempdir().map_err(failed)?)
}

/// The manifest of texts that have none.
fn manifest(path: &Path, world: &str) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let word: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let word = word.trim_matches('-');
    let word = if word.is_empty() { world } else { word };
    format!(
        "id = \"local.{word}\"\nversion = \"0.1.0\"\nworld = \"{world}\"\nhost = \">={}, <1.0.0\"\n",
        host_version()
    )
}
