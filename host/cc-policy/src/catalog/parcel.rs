//! A package on its way into the home, and what the user allows it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    keys::{KeyName, MAX_SIGNATURE},
    package,
};
use crate::{
    PolicyError,
    engine::{digest, inspect},
    files,
    manifest::{COMPONENT, MANIFEST, Manifest, SIGNATURE, host_version},
    toml_text,
};

/// A package's files, and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// `plugin.toml`.
    pub manifest: Vec<u8>,
    /// `plugin.wasm`.
    pub component: Vec<u8>,
    /// `plugin.toml.minisig`, when there is one. It covers the component too: the manifest has its sha256.
    pub signature: Option<Vec<u8>>,
    /// Where they came from.
    pub origin: Origin,
}

/// Where a package came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder of this machine.
    Folder(PathBuf),
    /// The network.
    Remote {
        /// As it was asked for, such as `oci://ghcr.io/acme/router:1.2.0`.
        source: String,
        /// `sha256:…`, of what was found there.
        digest: String,
    },
}

/// What the user allows in so many words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// It must be signed by this pinned key; none: by any.
    pub key: Option<KeyName>,
    /// From the network, unsigned, when its digest is this: `sha256:…`.
    pub unsigned: Option<String>,
    /// A version older than one that was in this home.
    pub downgrade: bool,
    /// Its answers are recorded and not acted on.
    pub shadow: bool,
}

impl Origin {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Folder(path) => path.display().to_string(),
            Self::Remote { source, .. } => source.clone(),
        }
    }

    pub(super) fn digest(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            Self::Remote { digest, .. } => Some(digest.clone()),
        }
    }

    pub(super) fn is_remote(&self) -> bool {
        matches!(self, Self::Remote { .. })
    }
}

impl Parcel {
    /// Reads a package's folder, or the folder of the named file.
    ///
    /// # Errors
    /// A file is missing, too large, or no manifest.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
        let (manifest, bytes) = package::read_manifest(folder)?;
        Ok(Self {
            component: package::read_component(folder, manifest.granted())?,
            signature: files::read(&folder.join(SIGNATURE), MAX_SIGNATURE)?,
            origin: Origin::Folder(fs::canonicalize(folder).unwrap_or_else(|_| folder.into())),
            manifest: bytes,
        })
    }

    /// The manifest, once the component is known to be the one it names and one that this host can load.
    pub(super) fn checked(&self) -> Result<Manifest, PolicyError> {
        let file = format!("{MANIFEST} of {}", self.origin.text());
        let text = std::str::from_utf8(&self.manifest)
            .map_err(|_| toml_text::at(&file, "", None, "it is not UTF-8", "Ask its publisher"))?;
        let manifest = Manifest::parse(&file, text)?;
        manifest.check_host(&host_version())?;
        let (id, version) = (manifest.id.as_str(), manifest.version.to_string());
        let refused = |what: String| Err(PolicyError::Refused(format!("plugin '{id}' {version} {what}")));
        let most = manifest.granted().component_bytes;
        if self.component.len() as u64 > most {
            return refused(format!(
                "has a {COMPONENT} larger than the {most} bytes that its {MANIFEST} asks for"
            ));
        }
        let found = inspect(&self.component).map_err(|error| error.of(id, &version))?;
        if found.world != manifest.world {
            return refused(format!(
                "is a {}, and its manifest says {}: correct its world",
                found.world, manifest.world
            ));
        }
        match &manifest.sha256 {
            Some(expected) if *expected != digest(&self.component) => refused(format!(
                "has another {COMPONENT} than its {MANIFEST} says: build or download it again"
            )),
            None if self.origin.is_remote() || self.signature.is_some() => refused(format!(
                "has no sha256 in its {MANIFEST}: build it with 'plugin build', then publish that"
            )),
            _ => Ok(manifest),
        }
    }
}
