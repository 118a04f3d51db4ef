//! What differs between two snapshots, as a machine needs it to go from one to the other.

use std::collections::BTreeMap;

use crate::{
    Result, Snapshot,
    git::Git,
    path::RelPath,
    snapshot::listing::{Entry, Fate},
};

/// What a snapshot has at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Absent,
    /// Content, in the store.
    Kept {
        mode: String,
        id: String,
    },
    /// It was only looked at.
    Seen(Entry),
}

impl Side {
    pub(crate) fn is_link(&self) -> bool {
        matches!(self, Self::Kept { mode, .. } if mode == "120000")
    }

    pub(crate) fn is_executable(&self) -> bool {
        matches!(self, Self::Kept { mode, .. } if mode == "100755")
    }
}

/// A path that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileDelta {
    pub(crate) path: RelPath,
    pub(crate) from: Side,
    pub(crate) to: Side,
}

/// Every file that differs, in the order of the paths.
pub(crate) fn files(from: &Snapshot, to: &Snapshot) -> Result<Vec<FileDelta>> {
    let mut sides = BTreeMap::<RelPath, (Side, Side)>::new();
    for raw in raw_diff(&from.place.store, &from.tree, &to.tree, &[])? {
        sides.insert(raw.path, (raw.from, raw.to));
    }
    // Where one of the two did not look, nothing can be said.
    let is_cut = from.manifest.is_cut || to.manifest.is_cut;
    let is_unknown = |entry: &Entry| is_cut && entry.fate == Fate::Ignored;
    for (ours, theirs) in from.unkept.differences(&to.unkept) {
        if ours.into_iter().chain(theirs).all(is_unknown) {
            continue;
        }
        let Some(path) = ours.or(theirs).map(|entry| entry.path.clone()) else { continue };
        let sides = sides.entry(path).or_insert((Side::Absent, Side::Absent));
        if let Some(entry) = ours {
            sides.0 = Side::Seen(entry.clone());
        }
        if let Some(entry) = theirs {
            sides.1 = Side::Seen(entry.clone());
        }
    }
    Ok(sides.into_iter().map(|(path, (from, to))| FileDelta { path, from, to }).collect())
}

/// Permissions that differ while all else is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModeDelta {
    pub(crate) path: RelPath,
    pub(crate) is_folder: bool,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

pub(crate) fn modes(from: &Snapshot, to: &Snapshot, files: &[FileDelta]) -> Vec<ModeDelta> {
    let (ours, theirs) = (&from.manifest.modes, &to.manifest.modes);
    let is_same_file = |path: &&RelPath| files.binary_search_by(|file| file.path.cmp(path)).is_err();
    let odd = ours.odd_files.iter().chain(&theirs.odd_files);
    let files = odd.filter(|(path, _)| is_same_file(path)).map(|(path, mode)| {
        let runs = mode & 0o100 != 0;
        let (from, to) = (ours.file(path, runs), theirs.file(path, runs));
        ModeDelta { path: path.clone(), is_folder: false, from, to }
    });
    let folders = ours.odd_folders.keys().chain(theirs.odd_folders.keys()).map(|path| {
        let (from, to) = (ours.folder(path), theirs.folder(path));
        ModeDelta { path: path.clone(), is_folder: true, from, to }
    });
    let mut found: Vec<_> = files.chain(folders).filter(|delta| delta.from != delta.to).collect();
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    found.dedup();
    found
}

/// Paths in two trees that differ.
pub(crate) fn raw_diff(store: &Git, from: &str, to: &str, only: &[&str]) -> Result<Vec<FileDelta>> {
    let args =
        ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", from, to, "--"];
    let text = store.run(&[&args[..], only].concat())?;
    let mut fields = text.split(|b| *b == 0);
    let mut found = Vec::new();
    while let (Some(line), Some(path)) = (fields.next(), fields.next()) {
        let line = String::from_utf8_lossy(line).into_owned();
        let words: Vec<&str> = line.trim_start_matches(':').split(' ').collect();
        if let [old_mode, new_mode, old, new, _] = words[..] {
            let (from, to) = (side(old_mode, old), side(new_mode, new));
            found.push(FileDelta { path: RelPath::new(path), from, to });
        }
    }
    Ok(found)
}

fn side(mode: &str, id: &str) -> Side {
    match mode {
        "000000" => Side::Absent,
        _ => Side::Kept { mode: mode.to_owned(), id: id.to_owned() },
    }
}
