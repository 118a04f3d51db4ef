//! A folder for one run: the project as it was, in a working tree of its own, and the way back from it.

use std::{collections::HashSet, fs, path::Path, sync::Arc};

use cc_domain::{Rollback, RunId};

use crate::{
    Moment, Repo, RepoError, Result, Snapshot,
    changes::delta::{self, FileDelta, Side},
    path::RelPath,
    place::Place,
    project::plain,
    restore::Plan,
    snapshot::repo_state::{Places, empty_tree},
};

/// What was brought from an isolated folder into the project.
#[derive(Clone, Debug)]
pub struct AppliedBack {
    /// What was done, or would be.
    pub what: Rollback,
    /// The project before, and after: rolling back between the two takes it out again. None without `confirm`.
    pub between: Option<(Snapshot, Snapshot)>,
}

impl Repo {
    /// Makes a working tree at `folder`, which must not exist, that holds what `before` does: also what was not
    /// committed. In a repository it is a linked worktree on no branch. `state` is a folder of ours for it.
    ///
    /// # Errors
    /// When `folder` exists or git refuses.
    pub fn isolate(&self, before: &Snapshot, folder: &Path, state: &Path) -> Result<Self> {
        let head = before.manifest.repos.get(&RelPath::default()).and_then(|repo| repo.head());
        if let (Some(head), true) = (head, before.place.is_own) {
            let args = ["worktree", "add", "--quiet", "--detach", "--no-checkout"].map(std::ffi::OsStr::new);
            before.place.refs.run(&[&args[..], &[folder.as_os_str(), head.as_ref()]].concat())?;
        } else {
            fs::create_dir(folder).map_err(RepoError::io("create", folder))?;
        }
        let isolated = self.isolated(folder, state)?;
        let nothing = nothing(before);
        Plan::of_files(isolated.root(), &nothing, before, &kept(&nothing, before)?)?.apply()?;
        fill_index(isolated.root(), before)?;
        Ok(isolated)
    }

    /// The working tree that [`Repo::isolate`] made there.
    ///
    /// # Errors
    /// As [`Repo::open`].
    pub fn isolated(&self, folder: &Path, state: &Path) -> Result<Self> {
        let root = fs::canonicalize(folder).map(plain).map_err(RepoError::io("find", folder))?;
        let place = Place::beside(self.place(), &root, state)?;
        Ok(self.elsewhere(&root, state, place))
    }

    /// Brings into this project what a run changed in an isolated folder: files, not commits. `before` and
    /// `after` are the folder's.
    ///
    /// # Errors
    /// `Conflict` when something that the run changed is not in this project as the run found it.
    pub fn apply_back(
        &self,
        run: &RunId,
        before: &Snapshot,
        after: &Snapshot,
        confirm: bool,
    ) -> Result<AppliedBack> {
        let plan = Plan::of_files(self.root(), before, after, &kept(before, after)?)?;
        if !confirm {
            return Ok(AppliedBack { what: plan.describe(), between: None });
        }
        plan.refuse()?;
        let was = self.take(self.place(), Some((run, Moment::Before)), None)?;
        let what = plan.apply()?;
        let is = self.after(run, &was)?;
        Ok(AppliedBack { what, between: Some((was, is)) })
    }

    /// Takes away an isolated folder, with whatever is in it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_isolated(&self, folder: &Path) -> Result<()> {
        if folder.join(".git").is_file() {
            let args = ["worktree", "remove", "--force", "--force"].map(std::ffi::OsStr::new);
            return self.place().refs.run(&[&args[..], &[folder.as_os_str()]].concat()).map(drop);
        }
        fs::remove_dir_all(folder).map_err(RepoError::io("remove", folder))
    }
}

/// Paths that differ and whose content both snapshots hold: build output is not brought along. Nor are files
/// that stand for git folders: they say where those are from here.
fn kept(from: &Snapshot, to: &Snapshot) -> Result<HashSet<RelPath>> {
    let is_kept = |side: &Side| !matches!(side, Side::Seen(_));
    let deltas = delta::files(from, to)?.into_iter();
    let is_meant = |delta: &FileDelta| {
        is_kept(&delta.from) && is_kept(&delta.to) && !delta.path.bytes().ends_with(b"/.git")
    };
    Ok(deltas.filter(is_meant).map(|delta| delta.path).collect())
}

/// What was staged is staged there, too. An index in several files cannot be copied: then it is `HEAD`'s.
fn fill_index(root: &Path, before: &Snapshot) -> Result<()> {
    if !root.join(".git").exists() {
        return Ok(());
    }
    let places = Places::of(root)?;
    let index = places.own.join("index");
    if let Ok(bytes) = before.place.object(&format!("{}:repos/r/index", before.id())) {
        fs::write(&index, bytes).map_err(RepoError::io("write", &index))?;
    }
    if places.git.run(&["ls-files", "-z"]).is_err() {
        fs::remove_file(&index).map_err(RepoError::io("remove", &index))?;
        places.git.run(&["read-tree", "HEAD"])?;
    }
    Ok(())
}

/// The same place and moment without a file.
fn nothing(like: &Snapshot) -> Snapshot {
    let tree = empty_tree(&like.place.object_format).to_owned();
    Snapshot { tree, manifest: Arc::default(), unkept: Arc::default(), ..like.clone() }
}
