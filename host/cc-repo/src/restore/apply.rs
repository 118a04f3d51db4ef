//! Does to files what was planned, each of them whole or not at all.

use std::{collections::BTreeSet, fs, io, path::Path};

use super::{
    aside::Aside,
    live::Live,
    plan::{Act, Files, Step},
};
use crate::{RepoError, Result, Snapshot, changes::delta::ModeDelta, objects, os, path::RelPath};

const FILE_TO_BE: &str = ".cc-restoring-";

pub(crate) fn files(root: &Path, target: &Snapshot, plan: &Files, aside: &Aside) -> Result<()> {
    let made = Made { root, target, aside };
    // First so that the folders can be written to, last so that they are as they were.
    made.modes(plan, |mode| mode & 0o200 != 0)?;
    for step in plan.steps.iter().rev() {
        made.clear(step)?;
    }
    for folder in &plan.leave {
        // One that is not empty holds what somebody else put there.
        let _ = fs::remove_dir(folder.under(root));
    }
    let mut folders = BTreeSet::new();
    for folder in plan.make.iter().filter(|folder| !folder.is_root()) {
        made.folder(folder, &mut folders)?;
    }
    made.write(plan, &mut folders)?;
    for folder in folders.iter().rev() {
        let mode = target.manifest.modes.folder(folder);
        os::set_mode(&folder.under(root), mode)
            .map_err(RepoError::io("set permissions of", folder.under(root)))?;
    }
    made.modes(plan, |_| true)
}

/// Folders that a run closed to everybody are opened before anything can be looked at.
pub(crate) fn open_folders(root: &Path, modes: &[ModeDelta]) -> Result<()> {
    const ENTER: u32 = 0o500;
    for delta in modes.iter().filter(|delta| delta.is_folder && delta.from & ENTER != ENTER) {
        let at = delta.path.under(root);
        let is_closed =
            fs::symlink_metadata(&at).is_ok_and(|meta| meta.is_dir() && os::stat(&meta).mode == delta.from);
        if is_closed {
            os::set_mode(&at, delta.to).map_err(RepoError::io("set permissions of", at))?;
        }
    }
    Ok(())
}

struct Made<'a> {
    root: &'a Path,
    target: &'a Snapshot,
    aside: &'a Aside,
}

impl Made<'_> {
    /// Takes away what has to go, if it is still what it was.
    fn clear(&self, step: &Step) -> Result<()> {
        if step.was.is_none() {
            return Ok(());
        }
        let at = step.path.under(self.root);
        if Live::at(self.root, &step.path)?.stat() != step.was {
            return Err(RepoError::Conflict { places: vec![format!("{} (just now)", step.path)] });
        }
        match step.act {
            Act::Aside | Act::Write { aside: true, .. } => self.aside.put(&step.path),
            Act::Remove => fs::remove_file(&at).map_err(RepoError::io("remove", at)),
            Act::Write { .. } | Act::Back => Ok(()),
        }
    }

    fn write(&self, plan: &Files, folders: &mut BTreeSet<RelPath>) -> Result<()> {
        let mut wanted = Vec::new();
        for step in &plan.steps {
            match &step.act {
                Act::Write { id, .. } => wanted.push((id.clone(), step)),
                Act::Back => {
                    self.way_to(&step.path, folders)?;
                    self.aside.bring_back(&step.path, &step.path)?;
                }
                Act::Remove | Act::Aside => {}
            }
        }
        objects::for_each(&self.target.place.store, &wanted, |step, bytes| {
            self.way_to(&step.path, folders)?;
            self.put(step, bytes)
        })
    }

    /// Writes beside the place and moves there: a reader sees the old or the new.
    fn put(&self, step: &Step, bytes: &[u8]) -> Result<()> {
        let Act::Write { mode, aside, .. } = &step.act else { return Ok(()) };
        let at = step.path.under(self.root);
        let folder = at.parent().unwrap_or(self.root);
        let is_new = step.was.is_none() || *aside;
        if is_new && fs::symlink_metadata(&at).is_ok_and(|meta| meta.is_dir()) {
            fs::remove_dir(&at).map_err(RepoError::io("replace the folder", &at))?;
        }
        let done = if mode == "120000" {
            link(bytes, folder, &at, is_new)
        } else {
            let mode = self.target.manifest.modes.file(&step.path, mode == "100755");
            file(bytes, folder, &at, is_new, mode)
        };
        done.map_err(RepoError::io("write", at))
    }

    /// Makes the folders on the way, and refuses one that is a link.
    fn way_to(&self, path: &RelPath, made: &mut BTreeSet<RelPath>) -> Result<()> {
        match path.parent() {
            Some(folder) if !folder.is_root() => self.folder(&folder, made),
            _ => Ok(()),
        }
    }

    fn folder(&self, folder: &RelPath, made: &mut BTreeSet<RelPath>) -> Result<()> {
        self.way_to(folder, made)?;
        let at = folder.under(self.root);
        match fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_dir() => Ok(()),
            Ok(_) => Err(RepoError::Conflict { places: vec![format!("{folder} (no longer a folder)")] }),
            Err(_) => {
                made.insert(folder.clone());
                fs::create_dir(&at).map_err(RepoError::io("create", at))
            }
        }
    }

    fn modes(&self, plan: &Files, which: impl Fn(u32) -> bool) -> Result<()> {
        for delta in plan.modes.iter().filter(|delta| which(delta.to)) {
            let at = delta.path.under(self.root);
            let is_same_kind = match Live::at(self.root, &delta.path)? {
                Live::Folder => delta.is_folder,
                Live::File(_) => !delta.is_folder,
                _ => false,
            };
            if is_same_kind {
                os::set_mode(&at, delta.to).map_err(RepoError::io("set permissions of", at))?;
            }
        }
        Ok(())
    }
}

fn file(bytes: &[u8], folder: &Path, at: &Path, is_new: bool, mode: u32) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(FILE_TO_BE).tempfile_in(folder)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_data()?;
    os::set_mode(file.path(), mode)?;
    let moved = if is_new { file.persist_noclobber(at) } else { file.persist(at) };
    moved.map(drop).map_err(|e| e.error)
}

fn link(target: &[u8], folder: &Path, at: &Path, is_new: bool) -> io::Result<()> {
    if is_new {
        return os::make_link(target, at);
    }
    let scratch = tempfile::Builder::new().prefix(FILE_TO_BE).tempdir_in(folder)?;
    let link = scratch.path().join("link");
    os::make_link(target, &link)?;
    fs::rename(&link, at)
}
