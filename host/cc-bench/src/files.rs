//! A folder's files in memory: bounded, without links, with `/` in their names.

use std::{collections::BTreeMap, fs, path::Path};

use sha2::{Digest as _, Sha256};

use crate::SuiteError;

/// Files of one folder.
const MOST_FILES: usize = 2_000;
/// Bytes of one folder.
const MOST_BYTES: u64 = 64 << 20;
/// Folders in folders.
const MOST_DEPTH: usize = 16;
/// What tools keep for themselves in a project is no work of a worker's.
const NOT_WORK: [&str; 3] = [".git", ".claude", ".agent-workspace"];

/// Files by their relative names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub(crate) BTreeMap<String, Vec<u8>>);

impl Files {
    /// Everything in a folder but what git, Claude Code and this product keep there. Links are not followed: one is
    /// kept as a file that says where it points.
    ///
    /// # Errors
    /// When it cannot be read or holds too much.
    pub fn read(folder: &Path) -> Result<Self, SuiteError> {
        let mut found = Self::default();
        found.add_folder(folder, folder, 0, &mut 0)?;
        Ok(found)
    }

    fn add_folder(
        &mut self,
        root: &Path,
        at: &Path,
        depth: usize,
        bytes: &mut u64,
    ) -> Result<(), SuiteError> {
        let too_much = |what: String| SuiteError::TooMuch { path: root.to_owned(), what };
        if depth > MOST_DEPTH {
            return Err(too_much(format!("folders more than {MOST_DEPTH} deep")));
        }
        for entry in fs::read_dir(at).map_err(SuiteError::io("list", at))? {
            let path = entry.map_err(SuiteError::io("list", at))?.path();
            let data = path.symlink_metadata().map_err(SuiteError::io("look at", &path))?;
            if path.file_name().is_some_and(|name| NOT_WORK.iter().any(|own| name == *own)) {
                continue;
            }
            if data.is_dir() {
                self.add_folder(root, &path, depth + 1, bytes)?;
                continue;
            }
            *bytes += data.len();
            if self.0.len() >= MOST_FILES || *bytes > MOST_BYTES {
                return Err(too_much(format!("more than {MOST_FILES} files or {MOST_BYTES} bytes")));
            }
            let content = if data.is_file() {
                fs::read(&path).map_err(SuiteError::io("read", &path))?
            } else {
                format!("no file: {:?}", fs::read_link(&path).ok()).into_bytes()
            };
            self.0.insert(relative(root, &path), content);
        }
        Ok(())
    }

    /// Writes them below a folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, folder: &Path) -> Result<(), SuiteError> {
        for (name, content) in &self.0 {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(SuiteError::io("create", parent))?;
            }
            fs::write(&path, content).map_err(SuiteError::io("write", &path))?;
        }
        Ok(())
    }

    /// A file's text; none when there is no such file or it is no UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.0.get(name)?).ok()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Those below a folder, by their names from there.
    pub(crate) fn below(&self, folder: &str) -> Self {
        let prefix = format!("{folder}/");
        let inside = |(name, content): (&String, &Vec<u8>)| {
            Some((name.strip_prefix(&prefix)?.to_owned(), content.clone()))
        };
        Self(self.0.iter().filter_map(inside).collect())
    }

    /// sha256 of all names and contents, hex.
    pub(crate) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for (name, content) in &self.0 {
            // Lengths keep two different sets of files from being the same bytes.
            digest.update((name.len() as u64).to_be_bytes());
            digest.update(name);
            digest.update((content.len() as u64).to_be_bytes());
            digest.update(content);
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<N: Into<String>, C: Into<Vec<u8>>> FromIterator<(N, C)> for Files {
    fn from_iter<T: IntoIterator<Item = (N, C)>>(files: T) -> Self {
        Self(files.into_iter().map(|(name, content)| (name.into(), content.into())).collect())
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).iter();
    parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_as_it_was_written_without_what_tools_keep() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::from_iter([("a/b.sql", "SELECT 1;"), ("c.md", "é")]);
        files.write(dir.path()).unwrap();
        Files::from_iter([(".git/HEAD", "x"), (".claude/settings.json", "{}")]).write(dir.path()).unwrap();
        assert_eq!(Files::read(dir.path()).unwrap(), files);
        assert_eq!((files.text("c.md"), files.text("none")), (Some("é"), None));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_never_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("a")).unwrap();
        std::os::unix::fs::symlink("/etc", dir.path().join("b")).unwrap();
        let files = Files::read(dir.path()).unwrap();
        assert_eq!(files.names().collect::<Vec<_>>(), ["a", "b"]);
        assert!(files.text("a").unwrap().starts_with("no file"));
    }

    #[test]
    fn digests_tell_names_from_contents() {
        let digest = |name: &str, content: &str| Files::from_iter([(name, content)]).digest();
        assert_ne!(digest("ab", "c"), digest("a", "bc"));
    }
}
