//! One digest over a plugin's sources.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use walkdir::{DirEntry, WalkDir};

use crate::{FileError, PolicyError, engine::digest, files};

/// Largest source file that is read, in bytes.
const MAX_SOURCE: u64 = 16 << 20;

/// sha256 over the files in some folders of a repository: names and contents, in the order of their names.
///
/// Line endings count as LF, so that a checkout on Windows has the same digest. Hidden files, `target` and the snapshots
/// that tests compare with are left out.
///
/// # Errors
/// A file cannot be read.
pub fn source_digest(root: &Path, folders: &[&str]) -> Result<String, PolicyError> {
    let mut all = Vec::new();
    for (name, path) in listed(root, folders)? {
        let bytes = files::read(&path, MAX_SOURCE)?.unwrap_or_default();
        let content = with_unix_lines(&bytes);
        // Lengths first: no two lists of files run together into the same bytes.
        all.extend((name.len() as u64).to_le_bytes());
        all.extend(name.as_bytes());
        all.extend((content.len() as u64).to_le_bytes());
        all.extend(content);
    }
    Ok(digest(&all))
}

/// Every file, by its path from the root with forward slashes.
fn listed(root: &Path, folders: &[&str]) -> Result<BTreeMap<String, PathBuf>, PolicyError> {
    let mut files = BTreeMap::new();
    for folder in folders {
        let top = root.join(folder);
        for entry in WalkDir::new(&top).into_iter().filter_entry(is_source) {
            let entry = entry.map_err(|error| FileError::Io {
                action: "list",
                path: error.path().unwrap_or(&top).into(),
                source: error.into(),
            })?;
            if entry.file_type().is_file() {
                files.insert(slashed(root, entry.path()), entry.into_path());
            }
        }
    }
    Ok(files)
}

fn is_source(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "snapshots")
}

fn slashed(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn with_unix_lines(bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            lines.push(*byte);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            files::write(&root.path().join(name), text.as_bytes()).expect("written");
        }
        root
    }

    fn of(files: &[(&str, &str)]) -> String {
        source_digest(repository(files).path(), &["a", "b"]).expect("a digest")
    }

    #[test]
    fn what_is_built_counts_and_what_is_not_does_not() {
        let base = of(&[("a/src/lib.rs", "x\ny\n"), ("b/Cargo.toml", "t")]);
        let with =
            [("a/src/lib.rs", "x\r\ny\r\n"), ("b/Cargo.toml", "t"), ("a/target/x", "1"), ("a/.hidden", "1")];
        assert_eq!(of(&with), base);
        assert_ne!(of(&[("a/src/lib.rs", "x\ny"), ("b/Cargo.toml", "t")]), base);
        assert_ne!(of(&[("a/src/main.rs", "x\ny\n"), ("b/Cargo.toml", "t")]), base);
        assert_ne!(of(&[("a/src/lib.rs", "x\ny\n"), ("b/Cargo.toml", "t"), ("b/new", "")]), base);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(source_digest(repository(&[("a/x", "")]).path(), &["a", "b"]).is_err());
    }
}
