//! A package as one file: a plain tar, the same bytes for the same content, whoever makes it and when.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::Serialize;
use tar::{Archive, Builder, EntryType, Header};

use super::PackageSource;
use crate::{
    FileError, PolicyError,
    catalog::checked_payload,
    engine::{Limits, digest},
    files,
    id::PluginId,
    manifest::{COMPONENT, MANIFEST, Manifest},
    payload::DATA,
};

/// How the name of a packed plugin ends.
pub const PACKED: &str = ".plugin.tar";

/// What may lie beside manifest and payload, for people: taken along when it is there.
const DOCUMENTS: [&str; 6] =
    ["README.md", "CHANGELOG.md", "LICENSE", "LICENSE.md", "LICENSE-APACHE", "LICENSE-MIT"];
/// Longest document, bytes.
const DOCUMENT_BYTES: u64 = 1 << 20;
/// Longest file that is opened: the largest component, the documents and the headers.
const FILE_BYTES: u64 = Limits::MAX.component_bytes + (8 << 20);

/// What packing made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Packed {
    /// The plugin.
    pub id: PluginId,
    /// Its version.
    pub version: String,
    /// The file.
    pub file: PathBuf,
    /// Its size, bytes.
    pub size: u64,
    /// sha256 of the file, lower-case hex.
    pub sha256: String,
    /// What is in it.
    pub contents: Vec<String>,
}

type Contents = BTreeMap<&'static str, Vec<u8>>;

/// Packs a plugin into `ID-VERSION.plugin.tar` in `out`. `documents` are taken from that folder.
///
/// # Errors
/// The package could not be added as it is, or the file cannot be written.
pub fn pack_plugin(source: &PackageSource, documents: &Path, out: &Path) -> Result<Packed, PolicyError> {
    let manifest = Manifest::read(source.folder())?;
    if manifest.sha256.is_none() {
        let message = format!("{MANIFEST} of '{}' has no sha256: build the plugin first", manifest.id);
        return Err(PolicyError::Refused(message));
    }
    let payload = checked_payload(source.folder(), &manifest)?;
    let mut contents = Contents::new();
    let text = files::read(&source.folder().join(MANIFEST), files::MAX_TEXT)?;
    contents.insert(MANIFEST, text.unwrap_or_default());
    contents.insert(payload.file_name(), payload.bytes().to_vec());
    for name in DOCUMENTS {
        if let Some(bytes) = files::read(&documents.join(name), DOCUMENT_BYTES)? {
            contents.insert(name, bytes);
        }
    }
    let file = out.join(format!("{}-{}{PACKED}", manifest.id, manifest.version));
    let bytes = archive(&contents).map_err(|source| failed("pack", &file, source))?;
    files::write_shared(&file, &bytes)?;
    Ok(Packed {
        id: manifest.id,
        version: manifest.version.to_string(),
        size: bytes.len() as u64,
        sha256: digest(&bytes),
        contents: contents.into_keys().map(str::to_owned).collect(),
        file,
    })
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> PolicyError {
    FileError::Io { action, path: path.into(), source }.into()
}

/// In the order of names, with nothing of this machine: no time, no owner, one mode.
fn archive(contents: &Contents) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for (name, bytes) in contents {
        let mut header = Header::new_ustar();
        header.set_path(name)?;
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(EntryType::Regular);
        header.set_cksum();
        builder.append(&header, bytes.as_slice())?;
    }
    builder.into_inner()
}

/// Unpacks a file into a folder. It holds plain files of known names, each once; anything else is refused.
pub(super) fn unpack(file: &Path, folder: &Path) -> Result<(), PolicyError> {
    let bytes =
        files::read(file, FILE_BYTES)?.ok_or_else(|| failed("read", file, io::ErrorKind::NotFound.into()))?;
    let contents = contents(&bytes)
        .map_err(|what| PolicyError::Refused(format!("{} is no packed plugin: {what}", file.display())))?;
    for (name, bytes) in contents {
        fs::write(folder.join(name), bytes).map_err(|source| failed("unpack", file, source))?;
    }
    Ok(())
}

fn contents(bytes: &[u8]) -> Result<Contents, String> {
    let mut contents = Contents::new();
    for entry in Archive::new(bytes).entries().map_err(|error| error.to_string())? {
        let mut entry = entry.map_err(|error| error.to_string())?;
        let path = entry.path_bytes().into_owned();
        let known =
            [MANIFEST, COMPONENT, DATA].into_iter().chain(DOCUMENTS).find(|name| name.as_bytes() == path);
        let shown = String::from_utf8_lossy(&path).into_owned();
        let name = known.ok_or_else(|| format!("it holds '{shown}', which a plugin does not have"))?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(format!("its '{shown}' is no plain file"));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| error.to_string())?;
        if contents.insert(name, content).is_some() {
            return Err(format!("it holds '{shown}' twice"));
        }
    }
    if contents.contains_key(MANIFEST) { Ok(contents) } else { Err(format!("it holds no {MANIFEST}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar(entries: &[(&str, EntryType)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, kind) in entries {
            let mut header = Header::new_ustar();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(1);
            header.set_entry_type(*kind);
            header.set_cksum();
            builder.append(&header, &b"x"[..]).expect("an entry");
        }
        builder.into_inner().expect("an archive")
    }

    #[test]
    fn only_plain_files_of_known_names_come_out_of_a_packed_plugin() {
        let plain = EntryType::Regular;
        let good = contents(&tar(&[(MANIFEST, plain), (COMPONENT, plain), ("README.md", plain)]));
        assert_eq!(good.expect("a plugin").len(), 3);
        for (entries, word) in [
            (&[("../plugin.toml", plain)][..], "'../plugin.toml'"),
            (&[("/etc/passwd", plain)], "does not have"),
            (&[("plugin.toml", EntryType::Symlink)], "no plain file"),
            (&[(MANIFEST, plain), (MANIFEST, plain)], "twice"),
            (&[(COMPONENT, plain)], "no plugin.toml"),
            (&[], "no plugin.toml"),
        ] {
            let error = contents(&tar(entries)).expect_err(word);
            assert!(error.contains(word), "{error}");
        }
        assert!(contents(b"no tar at all, though long enough to look at").is_err());
    }

    #[test]
    fn the_same_content_is_the_same_file() {
        let contents: Contents = [(COMPONENT, vec![0; 700]), (MANIFEST, b"id".to_vec())].into();
        let [first, second] = [archive(&contents).expect("a file"), archive(&contents).expect("a file")];
        assert_eq!(first, second);
        assert_eq!(super::contents(&first).expect("a plugin"), contents);
    }
}
