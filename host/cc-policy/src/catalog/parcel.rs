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
    manifest::{MANIFEST, Manifest, SIGNATURE, host_version},
    package::PackageSource,
    payload::Payload,
    toml_text,
};

/// A package's files, and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// `plugin.toml`.
    pub manifest: Vec<u8>,
    /// `plugin.wasm`, or data for the default component.
    pub(crate) payload: Payload,
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
    /// A package with a component of its own.
    #[must_use]
    pub fn of_component(
        manifest: Vec<u8>,
        component: Vec<u8>,
        signature: Option<Vec<u8>>,
        origin: Origin,
    ) -> Self {
        Self { manifest, payload: Payload::Component(component), signature, origin }
    }

    /// Reads whatever [`PackageSource::open`] takes.
    ///
    /// # Errors
    /// A file is missing, too large, or no manifest.
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        Self::of(&PackageSource::open(path)?)
    }

    /// The files of an opened package.
    ///
    /// # Errors
    /// As [`Parcel::read`].
    pub fn of(package: &PackageSource) -> Result<Self, PolicyError> {
        let (folder, named) = (package.folder(), package.named());
        let (manifest, bytes) = package::read_manifest(folder)?;
        Ok(Self {
            payload: Payload::read(folder, manifest.world, manifest.granted())?,
            signature: files::read(&folder.join(SIGNATURE), MAX_SIGNATURE)?,
            origin: Origin::Folder(fs::canonicalize(named).unwrap_or_else(|_| named.into())),
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
        let (most, name) = (manifest.granted().component_bytes, self.payload.file_name());
        if self.payload.bytes().len() as u64 > most {
            return refused(format!(
                "has a {name} larger than the {most} bytes that its {MANIFEST} asks for"
            ));
        }
        let found =
            inspect(self.payload.component(manifest.world)).map_err(|error| error.of(id, &version))?;
        if found.world != manifest.world {
            return refused(format!(
                "is a {}, and its manifest says {}: correct its world",
                found.world, manifest.world
            ));
        }
        match &manifest.sha256 {
            Some(expected) if *expected != digest(self.payload.bytes()) => {
                refused(format!("has another {name} than its {MANIFEST} says: build or download it again"))
            }
            None if self.origin.is_remote() || self.signature.is_some() => refused(format!(
                "has no sha256 in its {MANIFEST}: build it with 'plugin build', then publish that"
            )),
            _ => Ok(manifest),
        }
    }
}
