//! Where a project's snapshots are kept.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    RepoError, Result,
    git::{self, Git},
    os,
    path::RelPath,
    snapshot::repo_state::Places,
};

/// The store of a project's snapshots.
///
/// For a repository that is its own object store, written through a git folder of ours that no configuration
/// of the user's reaches; for any other folder, a repository of ours.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    /// Reads and writes objects.
    pub(crate) store: Git,
    /// Has the refs that keep them.
    pub(crate) refs: Git,
    pub(crate) objects: PathBuf,
    pub(crate) object_format: String,
    /// Whether the store is that of the project's repository.
    pub(crate) is_own: bool,
}

impl Place {
    /// In the project's repository.
    pub(crate) fn repository(root: &Path, state: &Path) -> Result<Self> {
        git::check_version()?;
        let note = state.join("git/repository");
        let (refs, objects, object_format) = match Places::of(root) {
            Ok(places) => (places.git, places.common.join("objects"), places.object_format),
            // A worker may have broken it: what was kept before can be read all the same.
            Err(error) => read_note(&note, root).ok_or(error)?,
        };
        let own = prepare(&state.join("git"), &object_format)?;
        let text = format!("{object_format}\n{}", objects.display());
        fs::write(&note, text).map_err(RepoError::io("write", &note))?;
        let store = own.with("GIT_OBJECT_DIRECTORY", &objects);
        Ok(Self { root: root.to_owned(), store, refs, objects, object_format, is_own: true })
    }

    /// In a repository of ours.
    pub(crate) fn shadow(root: &Path, state: &Path) -> Result<Self> {
        git::check_version()?;
        let store = prepare(&state.join("shadow"), "sha1")?;
        Ok(Self {
            root: root.to_owned(),
            refs: store.clone(),
            objects: store.dir().join("objects"),
            store,
            object_format: "sha1".to_owned(),
            is_own: false,
        })
    }

    /// In the same store, for another folder.
    pub(crate) fn beside(other: &Self, root: &Path, state: &Path) -> Result<Self> {
        let own = prepare(&state.join("git"), &other.object_format)?;
        let store = own.with("GIT_OBJECT_DIRECTORY", &other.objects);
        let refs = if root.join(".git").exists() { Places::of(root)?.git } else { other.refs.clone() };
        Ok(Self { root: root.to_owned(), store, refs, ..other.clone() })
    }

    /// The file with what the last snapshot saw.
    pub(crate) fn listing(&self) -> PathBuf {
        self.store.dir().join("listing")
    }

    /// A ref in our own git folder that nobody else uses.
    pub(crate) fn scratch_ref(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!("refs/importing/{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// An object of the store.
    pub(crate) fn object(&self, name: &str) -> Result<Vec<u8>> {
        self.store.run(&["cat-file", "blob", name])
    }

    /// The repository at a folder of the project.
    pub(crate) fn repo_at(&self, folder: &RelPath) -> Result<Places> {
        Places::of(&folder.under(&self.root))
    }
}

fn read_note(note: &Path, root: &Path) -> Option<(Git, PathBuf, String)> {
    let text = fs::read_to_string(note).ok()?;
    let (object_format, objects) = text.split_once('\n')?;
    let objects = PathBuf::from(objects);
    let refs = Git::at(root.join(".git")).on(root);
    objects.is_dir().then(|| (refs, objects, object_format.to_owned()))
}

/// A bare repository without templates; the one that is there if it is of the right kind.
fn prepare(dir: &Path, object_format: &str) -> Result<Git> {
    let git = Git::at(dir);
    let is_ready = || git.line(&["rev-parse", "--show-object-format"]).is_ok_and(|f| f == object_format);
    if !(dir.join("HEAD").exists() && is_ready()) {
        os::private_folders(dir).map_err(RepoError::io("create", dir))?;
        let format = format!("--object-format={object_format}");
        git.run(&["init", "--quiet", "--bare", "--template=", &format])?;
    }
    Ok(git)
}
