//! Refs, index and guarded files of repositories: what has to move, and moving it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use cc_domain::{RefChange, Remark};

use super::{
    aside::Aside,
    plan::remark,
    repo_moves::{by_kind, transact},
};
use crate::{
    Result, Snapshot,
    changes::{
        delta::{FileDelta, Side, raw_diff},
        repos::{guarded, refs},
    },
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
    /// Git folders that were set aside, by this name, and where they come to be: elsewhere if one was moved.
    pub(crate) back: Vec<(RelPath, RelPath)>,
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
            // Where a file stands for the git folder, it goes and comes with the files.
            (Some(from), None) if !expected.has(&folder.child(b".git")) => repos.made(expected, folder, from),
            (Some(_), None) => {}
            (None, _) => {}
        }
    }
    let gone = theirs.iter().filter(|(folder, _)| !ours.contains_key(folder));
    for (folder, to) in gone.filter(|(folder, _)| !target.has(&folder.child(b".git"))) {
        repos.gone(folder, to, ours, aside);
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

    /// A repository that is to come: set aside earlier, or one that was only moved.
    fn gone(&mut self, folder: &RelPath, to: &RepoState, ours: &BTreeMap<RelPath, RepoState>, aside: &Aside) {
        let git = folder.child(b".git");
        let is_it = |moved: &&RelPath| {
            let from = moved.parent().and_then(|folder| ours.get(&folder));
            from == Some(to) && !self.back.iter().any(|(taken, _)| taken == *moved)
        };
        match self.aside.iter().find(is_it).cloned() {
            _ if aside.has(&git) => self.back.push((git.clone(), git)),
            Some(moved) => self.back.push((moved, git)),
            None => self.left.push(remark(&git, "the repository is gone, with its history")),
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

fn is_as(snapshot: &Snapshot, at: &Path, side: &Side) -> Result<bool> {
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
