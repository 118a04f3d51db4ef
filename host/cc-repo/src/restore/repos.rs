//! Refs, index and guarded files of repositories: what has to move, and moving it.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use cc_domain::{RefChange, Remark};

use super::{aside::Aside, plan::remark};
use crate::{
    RepoError, Result, Snapshot,
    changes::{
        delta::{FileDelta, Side, raw_diff},
        repos::{guarded, refs},
    },
    os,
    path::RelPath,
    snapshot::{
        import::content,
        listing::Kind,
        manifest::RepoState,
        repo_state::{self, Places},
    },
};

/// What happens to one repository.
#[derive(Debug)]
pub(crate) struct RepoPlan {
    pub(crate) folder: RelPath,
    pub(crate) places: Places,
    pub(crate) refs: Vec<RefChange>,
    /// Guarded files: what they are called, and what they shall be.
    pub(crate) files: Vec<(RelPath, Side)>,
    /// Whether the index comes back, and then the blob it is in; none where there was no index.
    pub(crate) index: Option<Option<String>>,
}

/// What happens to all of them.
#[derive(Debug, Default)]
pub(crate) struct Repos {
    pub(crate) plans: Vec<RepoPlan>,
    /// Git folders that the run made.
    pub(crate) aside: Vec<RelPath>,
    /// Git folders that were set aside.
    pub(crate) back: Vec<RelPath>,
    pub(crate) left: Vec<Remark>,
    pub(crate) conflicts: Vec<Remark>,
}

/// For people: the project's own repository has no folder to be named by.
pub(crate) fn name(folder: &RelPath) -> String {
    if folder.is_root() { ".".to_owned() } else { folder.to_string() }
}

pub(crate) fn plan(expected: &Snapshot, target: &Snapshot, aside: &Aside) -> Result<Repos> {
    let (ours, theirs) = (&expected.manifest.repos, &target.manifest.repos);
    let files = raw_diff(&expected.place.store, expected.id(), target.id(), &["repos"])?;
    let mut repos = Repos::default();
    for folder in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        match (ours.get(folder), theirs.get(folder)) {
            (Some(from), Some(to)) => repos.both(expected, target, folder, (from, to), &files)?,
            (Some(from), None) => repos.made(expected, folder, from),
            (None, _) => repos.gone(folder, aside),
        }
    }
    Ok(repos)
}

impl Repos {
    fn both(
        &mut self,
        expected: &Snapshot,
        target: &Snapshot,
        folder: &RelPath,
        (from, to): (&RepoState, &RepoState),
        files: &[FileDelta],
    ) -> Result<()> {
        let changed = refs(from, to);
        let guarded: Vec<_> = guarded(folder, files).collect();
        let is_index_same = from.index == to.index && from.head() == to.head();
        if changed.is_empty() && guarded.is_empty() && is_index_same {
            return Ok(());
        }
        let places = match expected.place.repo_at(folder) {
            Ok(places) => places,
            Err(error) => {
                self.left.push(remark(&name(folder), format!("its repository cannot be used: {error}")));
                return Ok(());
            }
        };
        let now = repo_state::read(&places)?.state;
        let refs = self.refs(folder, &places, changed, &now)?;
        let files = self.files(expected, folder, &places, &guarded)?;
        let mut plan = RepoPlan { folder: folder.clone(), places, refs, files, index: None };
        if !is_index_same {
            self.index(&mut plan, target, (from, to), &now)?;
        }
        self.plans.push(plan);
        Ok(())
    }

    /// A ref goes back only while it is where the run left it, and only to what is still there.
    fn refs(
        &mut self,
        folder: &RelPath,
        places: &Places,
        changed: Vec<RefChange>,
        now: &RepoState,
    ) -> Result<Vec<RefChange>> {
        let stored = stored(places, &changed)?;
        let mut moving = Vec::new();
        for change in changed {
            let is = now.refs.get(&change.name);
            let is_there = change.after.as_ref().is_none_or(|id| stored.contains(id));
            let why = match is == change.before.as_ref() {
                true if is_there => {
                    moving.push(change);
                    continue;
                }
                true => "the commit it was at is gone",
                false if is == change.after.as_ref() => continue,
                false => "it was moved since",
            };
            self.left.push(remark(&format!("{} in {}", change.name, name(folder)), why));
        }
        if let Err(error) = transact(places, &by_kind(&moving).1, "abort") {
            self.left.push(remark(&format!("the refs in {}", name(folder)), error.to_string()));
            moving.clear();
        }
        Ok(moving)
    }

    fn files(
        &mut self,
        expected: &Snapshot,
        folder: &RelPath,
        places: &Places,
        guarded: &[(RelPath, &FileDelta)],
    ) -> Result<Vec<(RelPath, Side)>> {
        let mut moving = Vec::new();
        for (path, delta) in guarded {
            let at = places.guarded(path);
            if is_as(expected, &at, &delta.from)? {
                moving.push((path.clone(), delta.to.clone()));
            } else if !is_as(expected, &at, &delta.to)? {
                let what = format!("{path} in the git folder of {}", name(folder));
                self.conflicts.push(remark(&what, "it was changed since"));
            }
        }
        Ok(moving)
    }

    fn index(
        &mut self,
        plan: &mut RepoPlan,
        target: &Snapshot,
        (from, to): (&RepoState, &RepoState),
        now: &RepoState,
    ) -> Result<()> {
        let what = format!("the index of {}", name(&plan.folder));
        let is = |state: &RepoState| now.index == state.index && now.head() == state.head();
        if !is(from) {
            if !is(to) {
                self.left.push(remark(&what, "it was changed since"));
            }
            return Ok(());
        }
        // Going back under a branch that stays would turn its commits into staged changes.
        let head_moves = from.head() == to.head() || head_after(plan, now) == to.head();
        if !head_moves {
            self.left.push(remark(&what, "the branch it belongs to stays where it is"));
            return Ok(());
        }
        let index = Snapshot::repo_folder(&plan.folder).child(b"index");
        let name = format!("{}:{}", target.id(), String::from_utf8_lossy(index.bytes()));
        let blob = target.place.store.ask(&["rev-parse", "-q", "--verify", &name])?;
        plan.index = Some(blob.map(|id| String::from_utf8_lossy(&id).trim_end().to_owned()));
        if plan.places.own.join("index.lock").exists() {
            self.conflicts.push(remark(
                &what,
                "git is at work there; if none is, one that was ended left index.lock behind: remove it",
            ));
        }
        Ok(())
    }

    fn made(&mut self, expected: &Snapshot, folder: &RelPath, from: &RepoState) {
        let now = expected.place.repo_at(folder).and_then(|places| repo_state::read(&places));
        match now {
            Ok(now) if now.state == *from => self.aside.push(folder.child(b".git")),
            _ if !folder.child(b".git").under(&expected.place.root).exists() => {}
            _ => self.conflicts.push(remark(&folder.child(b".git"), "the repository was changed since")),
        }
    }

    fn gone(&mut self, folder: &RelPath, aside: &Aside) {
        let git = folder.child(b".git");
        if aside.has(&git) {
            self.back.push(git);
        } else {
            self.left.push(remark(&git, "the repository is gone, with its history"));
        }
    }
}

/// Which of the values that refs shall get are there to be had.
fn stored(places: &Places, changes: &[RefChange]) -> Result<BTreeSet<String>> {
    let (names, ids): (Vec<&String>, Vec<&String>) = changes
        .iter()
        .filter_map(|change| change.after.as_ref())
        .partition(|value| value.starts_with("ref: "));
    let args = ["cat-file", "--batch-check=%(objectname)"];
    let said = places.git.feed(&args, |to| ids.iter().try_for_each(|id| writeln!(to, "{id}")))?;
    let said = String::from_utf8_lossy(&said);
    Ok(said.lines().map(str::to_owned).chain(names.into_iter().cloned()).collect())
}

/// Where `HEAD` will be.
fn head_after<'a>(plan: &'a RepoPlan, now: &'a RepoState) -> Option<&'a str> {
    let value = |name: &str| match plan.refs.iter().find(|change| change.name == name) {
        Some(change) => change.after.as_deref(),
        None => now.refs.get(name).map(String::as_str),
    };
    let head = value("HEAD")?;
    head.strip_prefix("ref: ").map_or(Some(head), value)
}

fn is_as(snapshot: &Snapshot, at: &std::path::Path, side: &Side) -> Result<bool> {
    let meta = fs::symlink_metadata(at).ok();
    Ok(match (side, meta) {
        (Side::Kept { id, .. }, Some(meta)) => {
            let kind = if meta.is_symlink() { Kind::Link } else { Kind::File };
            let is_kind = side.is_link() == meta.is_symlink();
            is_kind && content(at, kind, meta.len()) == Some(snapshot.place.object(id)?)
        }
        (Side::Absent, None) => true,
        _ => false,
    })
}

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
fn by_kind(refs: &[RefChange]) -> (Vec<&RefChange>, Vec<&RefChange>) {
    let is_name = |value: &Option<String>| value.as_ref().is_some_and(|value| value.starts_with("ref: "));
    refs.iter().partition(|change| is_name(&change.before) || is_name(&change.after))
}

/// Prepares a transaction, which says whether it can be done, and ends it with `commit` or `abort`.
fn transact(places: &Places, refs: &[&RefChange], end: &str) -> Result<()> {
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

fn put_guarded(target: &Snapshot, at: &std::path::Path, side: &Side) -> Result<()> {
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
