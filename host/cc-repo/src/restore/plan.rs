//! What has to happen to files so that a project gets from one snapshot to another, and what forbids it.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::Path,
};

use cc_domain::Remark;

use super::{
    aside::Aside,
    live::{self, Live},
};
use crate::{
    Result, Snapshot,
    changes::delta::{self, FileDelta, ModeDelta, Side},
    os::{self, Stat},
    path::RelPath,
};

/// What is done to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// It gets this content. What is there goes aside first if no snapshot has it.
    Write {
        mode: String,
        id: String,
        aside: bool,
    },
    Remove,
    Aside,
    Back,
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) path: RelPath,
    pub(crate) act: Act,
    /// What was there when it was looked at.
    pub(crate) was: Option<Stat>,
}

/// What happens to files and folders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub(crate) steps: Vec<Step>,
    pub(crate) modes: Vec<ModeDelta>,
    /// Folders that go if nothing is left in them, the deepest first.
    pub(crate) leave: Vec<RelPath>,
    /// Folders that come, empty.
    pub(crate) make: Vec<RelPath>,
    pub(crate) left: Vec<Remark>,
    pub(crate) conflicts: Vec<Remark>,
}

pub(crate) fn remark(what: &impl ToString, why: impl Into<String>) -> Remark {
    Remark { what: what.to_string(), why: why.into() }
}

/// From what is expected to be there to what shall be; `only` these paths, if given.
pub(crate) fn files(
    root: &Path,
    expected: &Snapshot,
    target: &Snapshot,
    only: Option<&HashSet<RelPath>>,
    aside: &Aside,
) -> Result<Files> {
    let is_meant = |path: &RelPath| only.is_none_or(|only| only.contains(path));
    let deltas = delta::files(expected, target)?;
    let mut modes = delta::modes(expected, target, &deltas);
    modes.retain(|mode| is_meant(&mode.path));
    let deltas: Vec<FileDelta> = deltas.into_iter().filter(|delta| is_meant(&delta.path)).collect();
    let lives = deltas.iter().map(|delta| Live::at(root, &delta.path)).collect::<Result<Vec<_>>>()?;
    let sides: Vec<_> =
        deltas.iter().zip(&lives).map(|(delta, live)| (&delta.path, &delta.from, live)).collect();
    let same = live::matches(expected, root, &sides)?;
    let wanted: Vec<_> =
        deltas.iter().zip(&lives).map(|(delta, live)| (&delta.path, &delta.to, live)).collect();
    let done = live::matches(target, root, &wanted)?;
    let mut plan = Files { modes, ..Files::default() };
    for (((delta, live), same), done) in deltas.iter().zip(&lives).zip(same).zip(done) {
        // What is already as it shall be is nobody's conflict.
        if same || !done {
            plan.add(delta, live, same, aside);
        }
    }
    plan.check_ways(root);
    let empty: Vec<RelPath> =
        expected.manifest.empty.iter().cloned().chain(repos_only_in(expected, target)).collect();
    plan.check_folders(root, &deltas, &lives, &empty);
    plan.check_modes(root)?;
    plan.folders(&deltas, expected, target)?;
    Ok(plan)
}

impl Files {
    fn add(&mut self, delta: &FileDelta, live: &Live, same: bool, aside: &Aside) {
        let path = &delta.path;
        let is_seen = matches!(delta.from, Side::Seen(_));
        let act = match &delta.to {
            Side::Kept { mode, id } => Act::Write { mode: mode.clone(), id: id.clone(), aside: is_seen },
            Side::Absent if is_seen => Act::Aside,
            Side::Absent => Act::Remove,
            Side::Seen(_) if aside.has(path) => Act::Back,
            Side::Seen(_) => {
                self.left.push(remark(path, "only its size and time were kept, not what it held"));
                self.make.extend(path.parent());
                return;
            }
        };
        // A folder where nothing was expected may be one that goes: its files say so.
        let is_folder = delta.from == Side::Absent && *live == Live::Folder;
        if same || is_folder {
            self.steps.push(Step { path: path.clone(), act, was: live.stat() });
        } else {
            self.conflicts.push(remark(path, describe(&delta.from, live)));
        }
    }

    fn removed(&self) -> HashSet<&RelPath> {
        let goes = |step: &&Step| matches!(step.act, Act::Remove | Act::Aside);
        self.steps.iter().filter(goes).map(|step| &step.path).collect()
    }

    /// Whatever is in the way of a file must be about to go.
    fn check_ways(&mut self, root: &Path) {
        let removed = self.removed();
        let comes = |step: &&Step| matches!(step.act, Act::Write { .. } | Act::Back);
        let ways = self.steps.iter().filter(comes).filter_map(|step| {
            let way = live::blocked(root, &step.path)?;
            let reason = format!("{way} is no longer a folder");
            (!removed.contains(&way)).then(|| remark(&step.path, reason))
        });
        let found: Vec<Remark> = ways.collect();
        self.conflicts.extend(found);
    }

    /// A folder that gives way to a file may hold nothing but what goes, `empty` folders among it.
    fn check_folders(&mut self, root: &Path, deltas: &[FileDelta], lives: &[Live], empty: &[RelPath]) {
        let going: HashSet<&RelPath> = self.removed().into_iter().chain(empty).collect();
        let folders = deltas.iter().zip(lives).filter(|(_, live)| **live == Live::Folder);
        let found: Vec<Remark> = folders
            .filter_map(|(delta, _)| {
                let other = first_other(root, &delta.path, &going)?;
                Some(remark(&delta.path, format!("it is now a folder, with {other} in it")))
            })
            .collect();
        self.conflicts.extend(found);
    }

    fn check_modes(&mut self, root: &Path) -> Result<()> {
        let mut kept = Vec::new();
        for mode in std::mem::take(&mut self.modes) {
            match (Live::at(root, &mode.path)?, mode.is_folder) {
                (Live::Folder, true) => kept.push(mode),
                (Live::File(stat), false) if stat.mode == mode.from => kept.push(mode),
                (Live::File(stat), false) if stat.mode != mode.to => {
                    self.conflicts.push(remark(&mode.path, "its permissions were changed since"));
                }
                _ => {}
            }
        }
        self.modes = kept;
        Ok(())
    }

    /// Folders that one of the two does not have.
    fn folders(&mut self, deltas: &[FileDelta], expected: &Snapshot, target: &Snapshot) -> Result<()> {
        let (before, after) = (&target.manifest.empty, &expected.manifest.empty);
        self.make.extend(before.iter().filter(|folder| !after.contains(folder)).cloned());
        self.make.extend(repos_only_in(target, expected));
        let gone =
            deltas.iter().filter(|delta| delta.to == Side::Absent).flat_map(|delta| delta.path.parents());
        let mut leave: BTreeSet<RelPath> = gone.collect();
        for folder in after.iter().filter(|folder| !before.contains(folder) && !folder.is_root()) {
            leave.insert(folder.clone());
            leave.extend(folder.parents());
        }
        for folder in repos_only_in(expected, target) {
            leave.extend(folder.parents().chain([folder.clone()]));
        }
        if !leave.is_empty() {
            let stay = folders_of(target)?;
            leave.retain(|folder| !stay.contains(folder));
        }
        self.leave = leave.into_iter().rev().collect();
        Ok(())
    }
}

/// Their git folders are moved, which may leave or need a folder with nothing else in it.
fn repos_only_in<'a>(one: &'a Snapshot, other: &'a Snapshot) -> impl Iterator<Item = RelPath> + 'a {
    let repos = one.manifest.repos.keys();
    repos.filter(|folder| !folder.is_root() && !other.manifest.repos.contains_key(folder)).cloned()
}

/// Every folder that a snapshot knows of.
fn folders_of(snapshot: &Snapshot) -> Result<HashSet<RelPath>> {
    let seen = snapshot.unkept.0.iter().map(|entry| entry.path.clone());
    let files: Vec<RelPath> = snapshot.paths()?.into_iter().chain(seen).collect();
    let alone = || snapshot.manifest.empty.iter().chain(snapshot.manifest.repos.keys());
    let mut folders: HashSet<RelPath> = alone().cloned().collect();
    folders.extend(alone().flat_map(RelPath::parents));
    for file in &files {
        for folder in file.parents() {
            if !folders.insert(folder) {
                break;
            }
        }
    }
    Ok(folders)
}

/// Something in a folder that does not go: a file, or a folder with nothing in it.
fn first_other(root: &Path, folder: &RelPath, going: &HashSet<&RelPath>) -> Option<RelPath> {
    let mut children = fs::read_dir(folder.under(root)).into_iter().flatten().flatten().peekable();
    if children.peek().is_none() && !going.contains(folder) {
        return Some(folder.clone());
    }
    for child in children {
        let path = folder.child(&os::name_bytes(&child.file_name()));
        let is_folder = child.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && path.bytes().ends_with(b"/.git") {
            continue; // A repository that the run made is judged by itself.
        }
        let other = if is_folder { first_other(root, &path, going) } else { Some(path) };
        if let Some(other) = other.filter(|path| !going.contains(path)) {
            return Some(other);
        }
    }
    None
}

fn describe(expected: &Side, live: &Live) -> &'static str {
    match (expected, live) {
        (_, Live::Unreadable) => "its folder may not be entered",
        (Side::Absent, _) => "it was created since",
        (_, Live::Nothing) => "it was deleted since",
        (_, Live::Folder) => "it is now a folder",
        _ => "it was changed since",
    }
}
