//! Files that hold secrets for as long as a run goes on: never in the project, never in the home.

use std::{
    fmt, fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use cc_domain::RunId;
use serde::{Deserialize, Serialize};

use crate::{WorkerError, command::random, os};

/// Where a run's private files will be. Nothing is there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivatePaths {
    /// The settings file: provider, key, model.
    pub settings: PathBuf,
    /// The system prompt.
    pub system_prompt: PathBuf,
}

/// A file to write before the worker starts and to remove when the run ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateFile {
    /// One of [`PrivatePaths`].
    pub path: PathBuf,
    /// Its content.
    pub content: String,
}

// Not derived: the content is a secret.
impl fmt::Debug for PrivateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// New, unique paths for a run, in the user's runtime folder or else the temporary one.
#[must_use]
pub fn private_paths(run: &RunId) -> PrivatePaths {
    let folders = os::private_folders();
    let folder = folders.iter().find(|folder| folder.parent().is_some_and(Path::is_dir)).cloned();
    let folder = folder.unwrap_or_else(std::env::temp_dir);
    let name = format!("{run}-{:016x}", random());
    PrivatePaths {
        settings: folder.join(format!("{name}.settings.json")),
        system_prompt: folder.join(format!("{name}.system.md")),
    }
}

/// Writes a new private file; its folder must be the user's alone.
pub(crate) fn write(file: &PrivateFile) -> Result<(), WorkerError> {
    let folder = file.path.parent().unwrap_or(Path::new("."));
    os::make_private_folder(folder).map_err(WorkerError::io("create", folder))?;
    os::check_private_folder(folder)
        .map_err(|reason| WorkerError::UnsafeFolder { path: folder.into(), reason })?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    os::private(&mut options)
        .open(&file.path)
        .and_then(|mut open| open.write_all(file.content.as_bytes()))
        .map_err(WorkerError::io("write", &file.path))
}

/// Removes private files; those that are gone already are fine.
pub(crate) fn remove<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Vec<PathBuf> {
    let left = |path: &&Path| fs::remove_file(path).is_err_and(|e| e.kind() != ErrorKind::NotFound);
    paths.into_iter().filter(left).map(Path::to_path_buf).collect()
}

/// Removes what a lost run left, wherever its launcher's environment may have put it.
pub(crate) fn remove_all_of(run: &RunId) -> Vec<PathBuf> {
    let prefix = format!("{run}-");
    let is_of_run = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
    };
    let found: Vec<PathBuf> = os::private_folders()
        .iter()
        .filter(|folder| os::check_private_folder(folder).is_ok())
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(is_of_run)
        .collect();
    remove(found.iter().map(PathBuf::as_path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path) -> PrivateFile {
        PrivateFile { path: folder.join("a.json"), content: "{\"key\":\"secret\"}".into() }
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_new_and_for_the_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir.path().join("own"));
        write(&file).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file.path), mode(&dir.path().join("own"))), (0o600, 0o700));
        assert!(write(&file).is_err(), "never written over");
        assert_eq!(remove([file.path.as_path()]), [] as [&Path; 0]);
        assert_eq!(remove([file.path.as_path()]), [] as [&Path; 0], "gone already");
        assert!(!file.path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_reach_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(write(&file(&open)), Err(WorkerError::UnsafeFolder { .. })));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(dir.path(), &link).unwrap();
        assert!(matches!(write(&file(&link)), Err(WorkerError::UnsafeFolder { .. })));
    }

    #[test]
    fn the_content_is_not_for_logs() {
        assert!(!format!("{:?}", file(Path::new("/x"))).contains("secret"));
    }

    #[test]
    fn paths_are_unique_and_named_after_their_run() {
        let run: RunId = "20261123T061500Z-1a2b3c4d".parse().unwrap();
        let (one, two) = (private_paths(&run), private_paths(&run));
        assert_ne!(one, two);
        assert!(one.settings.file_name().unwrap().to_str().unwrap().starts_with(run.as_str()));
    }
}
