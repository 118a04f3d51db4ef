//! Where a rollback puts what no snapshot holds: moved, not copied, and brought back by its undoing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cc_domain::RunId;

use crate::{ARTIFACTS, RepoError, Result, path::RelPath};

/// The folder of one run.
#[derive(Clone, Debug)]
pub(crate) struct Aside {
    root: PathBuf,
    folder: PathBuf,
}

impl Aside {
    /// In the product's own folder of the project: on the same disk, and no part of any snapshot.
    pub(crate) fn of(root: &Path, run: &RunId) -> Self {
        Self { root: root.to_owned(), folder: root.join(ARTIFACTS).join("aside").join(run.as_str()) }
    }

    /// Where nothing is put: files whose content a snapshot holds.
    pub(crate) fn none(root: &Path) -> Self {
        Self { root: root.to_owned(), folder: root.join(ARTIFACTS).join("aside/none") }
    }

    /// For good: nothing can be brought back any more.
    pub(crate) fn empty(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RepoError::io("remove", &self.folder)(e)),
            _ => Ok(()),
        }
    }

    fn place(&self, path: &RelPath) -> PathBuf {
        path.under(&self.folder)
    }

    pub(crate) fn has(&self, path: &RelPath) -> bool {
        fs::symlink_metadata(self.place(path)).is_ok()
    }

    pub(crate) fn put(&self, path: &RelPath) -> Result<()> {
        self.prepare(path)?;
        rename(&path.under(&self.root), &self.place(path))
    }

    pub(crate) fn bring_back(&self, from: &RelPath, to: &RelPath) -> Result<()> {
        rename(&self.place(from), &to.under(&self.root))?;
        // What is empty now goes; the rest stays.
        for folder in from.parents() {
            let _ = fs::remove_dir(folder.under(&self.folder));
        }
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    /// The product's folder hides itself from git, whoever makes it.
    fn prepare(&self, path: &RelPath) -> Result<()> {
        let place = self.place(path);
        let folder = place.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(RepoError::io("create", folder))?;
        let ignore = self.root.join(".agent-workspace/.gitignore");
        let made = fs::File::create_new(&ignore).and_then(|mut file| io::Write::write_all(&mut file, b"*\n"));
        match made {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(RepoError::io("write", ignore)(e)),
            _ => Ok(()),
        }
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(RepoError::io("move", from))
}
