//! Moves a repository's refs, index and guarded files to where they were planned to be.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cc_domain::RefChange;

use super::repos::RepoPlan;
use crate::{RepoError, Result, Snapshot, changes::delta::Side, os, snapshot::repo_state::Places};

/// Holds git's own lock on an index.
pub(crate) struct IndexLock {
    file: PathBuf,
    is_done: bool,
}

impl IndexLock {
    pub(crate) fn take(plan: &RepoPlan) -> Result<Self> {
        let file = plan.places.own.join("index.lock");
        fs::File::create_new(&file).map_err(RepoError::io("lock the index with", &file))?;
        Ok(Self { file, is_done: false })
    }

    /// The index becomes this, or there is none.
    fn put(mut self, index: Option<&[u8]>) -> io::Result<()> {
        let at = self.file.with_extension("");
        let Some(bytes) = index else { return fs::remove_file(at) };
        fs::write(&self.file, bytes)?;
        fs::rename(&self.file, at)?;
        self.is_done = true;
        Ok(())
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.file);
        }
    }
}

pub(crate) fn apply(target: &Snapshot, plan: &RepoPlan, lock: Option<IndexLock>) -> Result<()> {
    move_refs(plan)?;
    for (path, side) in &plan.files {
        put_guarded(target, &plan.places.guarded(path), side)?;
    }
    if let (Some(lock), Some(index)) = (lock, &plan.index) {
        let bytes = index.as_ref().map(|id| target.place.object(id)).transpose()?;
        let at = plan.places.own.join("index");
        lock.put(bytes.as_deref()).map_err(RepoError::io("restore", at))?;
    }
    Ok(())
}

/// All refs at once or none; then what are names of refs, which git moves one by one.
fn move_refs(plan: &RepoPlan) -> Result<()> {
    let (names, objects) = by_kind(&plan.refs);
    transact(&plan.places, &objects, "commit")?;
    for RefChange { name, after, .. } in names {
        let git = &plan.places.git;
        match after.as_deref().map(|value| value.strip_prefix("ref: ").ok_or(value)) {
            Some(Ok(to)) => git.run(&["symbolic-ref", name.as_str(), to])?,
            Some(Err(object)) => git.run(&["update-ref", "--no-deref", name.as_str(), object])?,
            None => git.run(&["symbolic-ref", "--delete", name.as_str()])?,
        };
    }
    Ok(())
}

/// Those that are or become names of other refs, and those that are and become objects.
pub(crate) fn by_kind(refs: &[RefChange]) -> (Vec<&RefChange>, Vec<&RefChange>) {
    let is_name = |value: &Option<String>| value.as_ref().is_some_and(|value| value.starts_with("ref: "));
    refs.iter().partition(|change| is_name(&change.before) || is_name(&change.after))
}

/// Prepares a transaction, which says whether it can be done, and ends it with `commit` or `abort`.
pub(crate) fn transact(places: &Places, refs: &[&RefChange], end: &str) -> Result<()> {
    let said = places.git.feed(&["update-ref", "--no-deref", "--stdin", "-z"], |to| {
        write!(to, "start\0")?;
        for RefChange { name, before, after } in refs {
            let old = before.as_deref().unwrap_or_default();
            match after {
                Some(new) if before.is_none() => write!(to, "create {name}\0{new}\0")?,
                Some(new) => write!(to, "update {name}\0{new}\0{old}\0")?,
                None => write!(to, "delete {name}\0{old}\0")?,
            }
        }
        write!(to, "prepare\0{end}\0")
    });
    said.map(drop)
}

fn put_guarded(target: &Snapshot, at: &Path, side: &Side) -> Result<()> {
    let Side::Kept { id, .. } = side else {
        return match fs::remove_file(at) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RepoError::io("remove", at)(e)),
            _ => Ok(()),
        };
    };
    let bytes = target.place.object(id)?;
    let folder = at.parent().unwrap_or(at);
    let write = || {
        fs::create_dir_all(folder)?;
        if side.is_link() {
            let _ = fs::remove_file(at);
            return os::make_link(&bytes, at);
        }
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, &bytes)?;
        os::set_mode(file.path(), if side.is_executable() { 0o755 } else { 0o644 })?;
        file.persist(at).map(drop).map_err(|e| e.error)
    };
    write().map_err(RepoError::io("write", at))
}
