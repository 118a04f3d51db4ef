//! Where the project of a run begins.

use std::path::{Path, PathBuf};

/// A project's folders, as every run of it uses them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The folder the worker runs in; absolute, without symbolic links.
    pub cwd: PathBuf,
    /// The repository that holds it, else `cwd` itself.
    pub root: PathBuf,
}

/// A folder no worker can run in.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// It is missing or unreadable.
    #[error("the folder '{path}' cannot be used: {source}")]
    Unreadable {
        /// As it was given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is a file.
    #[error("'{0}' is not a folder")]
    NotAFolder(PathBuf),
}

impl Project {
    /// The project that `cwd` belongs to.
    ///
    /// The root is the nearest folder upwards with a `.git` entry: a folder in a repository, a file in a
    /// linked worktree or a submodule. Git itself is not asked, so a project needs none.
    ///
    /// # Errors
    /// When `cwd` is missing, unreadable or no folder.
    pub fn at(cwd: &Path) -> Result<Self, ProjectError> {
        let unreadable = |source| ProjectError::Unreadable { path: cwd.to_owned(), source };
        let cwd = plain(cwd.canonicalize().map_err(unreadable)?);
        if !cwd.is_dir() {
            return Err(ProjectError::NotAFolder(cwd));
        }
        let root = cwd.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&cwd).to_owned();
        Ok(Self { cwd, root })
    }
}

/// Windows' canonical paths begin with `\\?\`, which the programs a worker calls do not all take.
pub(crate) fn plain(path: PathBuf) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_prefix(r"\\?\")) {
        Some(rest) if !rest.starts_with("UNC") => PathBuf::from(rest),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(path: &Path) -> PathBuf {
        plain(path.canonicalize().unwrap())
    }

    #[test]
    fn the_root_is_the_repository_and_else_the_folder_itself() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("repo/crates/one");
        std::fs::create_dir_all(&inner).unwrap();
        assert_eq!(Project::at(&inner).unwrap().root, real(&inner));

        std::fs::write(dir.path().join("repo/.git"), "gitdir: elsewhere").unwrap();
        let project = Project::at(&inner).unwrap();
        assert_eq!(project.root, real(&dir.path().join("repo")));
        assert_eq!(project.cwd, real(&inner));
    }

    #[test]
    fn a_file_and_a_missing_folder_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(Project::at(&file), Err(ProjectError::NotAFolder(_))));
        assert!(matches!(Project::at(&dir.path().join("none")), Err(ProjectError::Unreadable { .. })));
    }
}
