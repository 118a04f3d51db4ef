//! What a run changed: its *before* against its *after*, never what is dirty now.

pub(crate) mod commits;
pub(crate) mod delta;
mod files;
pub(crate) mod repos;

use cc_domain::{ChangeKind, Changes, FolderChange, OutsideChange};

use crate::{Result, Snapshot, path::RelPath};

/// Everything that differs between two snapshots of a project.
///
/// # Errors
/// When git cannot compare them.
pub fn changes(from: &Snapshot, to: &Snapshot) -> Result<Changes> {
    let deltas = delta::files(from, to)?;
    let mut changes = Changes {
        files: files::describe(from, to, &deltas)?,
        folders: folders(from, to, &deltas),
        outside: outside(from, to)?,
        ..Changes::default()
    };
    let (repos, unseen) = repos::describe(from, to)?;
    changes.repos = repos;
    changes.incomplete = from.incomplete().to_vec();
    let since = to.incomplete().iter().cloned().chain(unseen);
    changes.no_longer_seen = since.filter(|sentence| !from.incomplete().contains(sentence)).collect();
    changes.incomplete.extend(changes.no_longer_seen.iter().cloned());
    Ok(changes)
}

fn folders(from: &Snapshot, to: &Snapshot, files: &[delta::FileDelta]) -> Vec<FolderChange> {
    let (before, after) = (&from.manifest.empty, &to.manifest.empty);
    let of = |path: &RelPath, change| FolderChange { path: path.to_string(), change };
    let lost = |folder: &RelPath, side: fn(&delta::FileDelta) -> &delta::Side| {
        files.iter().any(|file| file.path.is_in(folder) && *side(file) != delta::Side::Absent)
    };
    // An empty folder that had, or now has, files is told by those.
    let added = after.iter().filter(|f| !before.contains(f) && !lost(f, |file| &file.from));
    let deleted = before.iter().filter(|f| !after.contains(f) && !lost(f, |file| &file.to));
    let modes = delta::modes(from, to, files).into_iter().filter(|mode| mode.is_folder);
    let mut found: Vec<FolderChange> = added.map(|f| of(f, ChangeKind::Added)).collect();
    found.extend(deleted.map(|f| of(f, ChangeKind::Deleted)));
    found.extend(modes.map(|mode| of(&mode.path, ChangeKind::Mode)));
    found
}

/// What is behind links that were there before and lead where they led.
fn outside(from: &Snapshot, to: &Snapshot) -> Result<Vec<OutsideChange>> {
    let differing = delta::raw_diff(&from.place.store, from.id(), to.id(), &["outside"])?;
    let is_other = |link: &RelPath| {
        let file = Snapshot::outside_file(link);
        differing.iter().any(|delta| delta.path == file)
    };
    let links = to
        .manifest
        .outside
        .iter()
        .filter(|(link, target)| from.manifest.outside.get(link) == Some(target) && is_other(link));
    Ok(links.map(|(link, target)| OutsideChange { link: link.to_string(), target: target.clone() }).collect())
}
