//! What changed in repositories beside their files.

use std::collections::BTreeSet;

use cc_domain::{ChangeKind, GitFileChange, RefChange, RepoChange};

use super::{
    commits,
    delta::{FileDelta, Side, raw_diff},
};
use crate::{Result, Snapshot, path::RelPath, snapshot::manifest::RepoState};

/// The repositories that differ, and what could not be looked at.
pub(crate) fn describe(from: &Snapshot, to: &Snapshot) -> Result<(Vec<RepoChange>, Vec<String>)> {
    let mut incomplete = Vec::new();
    let files = raw_diff(&from.place.store, from.id(), to.id(), &["repos"])?;
    let none = RepoState::default();
    let (ours, theirs) = (&from.manifest.repos, &to.manifest.repos);
    let mut found = Vec::new();
    for path in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (ours.get(path), theirs.get(path));
        let states = (before.unwrap_or(&none), after.unwrap_or(&none));
        let mut change = RepoChange {
            folder: path.to_string(),
            change: match (before, after) {
                (None, _) => ChangeKind::Added,
                (_, None) => ChangeKind::Deleted,
                _ => ChangeKind::Modified,
            },
            refs: refs(states.0, states.1),
            commits: Vec::new(),
            staged: states.0.index.changed(&states.1.index).iter().map(RelPath::to_string).collect(),
            git_files: git_files(path, &files),
        };
        if before.is_some() && after.is_some() && !change.refs.is_empty() {
            add_commits(to, path, states, &mut change, &mut incomplete);
        }
        if change.change != ChangeKind::Modified || differs(&change) {
            found.push(change);
        }
    }
    Ok((found, incomplete))
}

fn differs(change: &RepoChange) -> bool {
    !(change.refs.is_empty() && change.staged.is_empty() && change.git_files.is_empty())
}

/// The project's own commits are read from our side of the store; a repository inside has its own.
fn add_commits(
    to: &Snapshot,
    path: &RelPath,
    (before, after): (&RepoState, &RepoState),
    change: &mut RepoChange,
    incomplete: &mut Vec<String>,
) {
    let git = if path.is_root() && to.place.is_own {
        Ok(to.place.store.clone())
    } else {
        to.place.repo_at(path).map(|p| p.git)
    };
    match git.and_then(|git| commits::made(&git, before, after)) {
        Ok((commits, is_all)) => {
            change.commits = commits;
            if !is_all {
                incomplete.push(format!("of the commits in '{path}' only the newest were looked at"));
            }
        }
        Err(error) => incomplete.push(format!("the commits in '{path}': {error}")),
    }
}

pub(crate) fn refs(before: &RepoState, after: &RepoState) -> Vec<RefChange> {
    let names: BTreeSet<&String> = before.refs.keys().chain(after.refs.keys()).collect();
    let pairs = names.into_iter().map(|name| (name, before.refs.get(name), after.refs.get(name)));
    pairs
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| RefChange {
            name: name.clone(),
            before: before.cloned(),
            after: after.cloned(),
        })
        .collect()
}

/// Guarded files of one repository among all that differ.
pub(crate) fn guarded<'a>(
    repo: &RelPath,
    files: &'a [FileDelta],
) -> impl Iterator<Item = (RelPath, &'a FileDelta)> + use<'a> {
    let mut folder = Snapshot::repo_folder(repo).child(b"guarded").bytes().to_vec();
    folder.push(b'/');
    files.iter().filter_map(move |file| {
        let name = file.path.bytes().strip_prefix(folder.as_slice())?;
        Some((RelPath::new(name), file))
    })
}

fn git_files(repo: &RelPath, files: &[FileDelta]) -> Vec<GitFileChange> {
    let change = |file: &FileDelta| match (&file.from, &file.to) {
        (Side::Absent, _) => ChangeKind::Added,
        (_, Side::Absent) => ChangeKind::Deleted,
        _ => ChangeKind::Modified,
    };
    guarded(repo, files)
        .map(|(path, file)| GitFileChange { path: path.to_string(), change: change(file) })
        .collect()
}
