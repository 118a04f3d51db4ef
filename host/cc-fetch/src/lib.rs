//! Brings a plugin's package here, from an OCI registry or a web server.
//!
//! A package is up to three files by fixed names; there is no archive, so nothing of the sender's is ever a path.
//! Everything that comes is bounded and held against its digest. Whether its author is trusted is for others to say.
#![forbid(unsafe_code)]

mod digest;
mod error;
mod oci;
mod source;
mod web;

pub use digest::Digest;
pub use error::FetchError;
pub use source::{Reference, Source};

use web::Web;

/// The manifest's file name in a package.
pub const MANIFEST: &str = "plugin.toml";
/// The component's file name in a package.
pub const COMPONENT: &str = "plugin.wasm";
/// The file name of the manifest's signature in a package.
pub const SIGNATURE: &str = "plugin.toml.minisig";

/// Most bytes that are read of each file.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Of `plugin.toml`.
    pub manifest: u64,
    /// Of `plugin.wasm`.
    pub component: u64,
}

/// Longest signature that is read, in bytes; minisign's are about 300.
const SIGNATURE_BYTES: u64 = 4 << 10;

/// A package, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// `plugin.toml`.
    pub manifest: Vec<u8>,
    /// `plugin.wasm`.
    pub component: Vec<u8>,
    /// `plugin.toml.minisig`, when there is one.
    pub signature: Option<Vec<u8>>,
    /// Where it came from, as it was asked for.
    pub source: String,
    /// Of the image manifest (OCI) or of `plugin.toml` (web): it names these bytes and no others.
    pub digest: Digest,
}

/// Fetches a package. Blocks until all of it is here.
///
/// # Errors
/// The place cannot be reached, has no package, or sends what is too large or not what its digest says.
pub fn fetch(source: &Source, bounds: Bounds) -> Result<Fetched, FetchError> {
    let web = Web::new(source.is_local());
    match source {
        Source::Oci(reference) => oci::pull(&web, reference, bounds),
        Source::Web(folder) => from_web(&web, folder, bounds),
    }
}

/// Three files beside each other on a web server. The signature may be missing.
fn from_web(web: &Web, folder: &str, bounds: Bounds) -> Result<Fetched, FetchError> {
    let file = |name: &str, most| web.file(&format!("{folder}{name}"), most);
    let needed = |name: &str, most| {
        file(name, most)?.ok_or_else(|| FetchError::Missing(format!("there is no {name} at {folder}")))
    };
    let manifest = needed(MANIFEST, bounds.manifest)?;
    Ok(Fetched {
        digest: Digest::of(&manifest),
        signature: file(SIGNATURE, SIGNATURE_BYTES)?,
        component: needed(COMPONENT, bounds.component)?,
        source: folder.to_owned(),
        manifest,
    })
}
