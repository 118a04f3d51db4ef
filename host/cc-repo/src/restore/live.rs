//! What is at a path now. A symbolic link on the way is never followed.

use std::{ffi::OsString, fs, io, path::Path};

use crate::{
    RepoError, Result, Snapshot,
    changes::delta::Side,
    git::Git,
    os::{self, Stat},
    path::RelPath,
};

/// As long as a command line may be everywhere.
const MAX_ARGUMENTS: usize = 20_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    Nothing,
    Folder,
    File(Stat),
    Link(Stat, Vec<u8>),
    Special(Stat),
    /// In a folder that may not be entered.
    Unreadable,
}

impl Live {
    pub(crate) fn at(root: &Path, path: &RelPath) -> Result<Self> {
        if blocked(root, path).is_some() {
            return Ok(Self::Nothing);
        }
        let at = path.under(root);
        let meta = match fs::symlink_metadata(&at) {
            Ok(meta) => meta,
            Err(e) if is_absent(&e) => return Ok(Self::Nothing),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => return Ok(Self::Unreadable),
            Err(e) => return Err(RepoError::io("look at", at)(e)),
        };
        let (kind, stat) = (meta.file_type(), os::stat(&meta));
        Ok(match (kind.is_dir(), kind.is_file(), kind.is_symlink()) {
            (true, ..) => Self::Folder,
            (_, true, _) => Self::File(stat),
            (.., true) => Self::Link(stat, os::link_target(&at).map_err(RepoError::io("read", at))?),
            _ => Self::Special(stat),
        })
    }

    pub(crate) fn stat(&self) -> Option<Stat> {
        match self {
            Self::File(stat) | Self::Link(stat, _) | Self::Special(stat) => Some(*stat),
            Self::Nothing | Self::Folder | Self::Unreadable => None,
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The nearest to the root of the things on the way that is no folder.
pub(crate) fn blocked(root: &Path, path: &RelPath) -> Option<RelPath> {
    let mut way: Vec<RelPath> = path.parents().collect();
    way.reverse();
    way.into_iter().find(|part| fs::symlink_metadata(part.under(root)).is_ok_and(|meta| !meta.is_dir()))
}

/// Whether what is at each of these paths is what a snapshot had there. In order.
pub(crate) fn matches(
    snapshot: &Snapshot,
    root: &Path,
    wanted: &[(&RelPath, &Side, &Live)],
) -> Result<Vec<bool>> {
    let store = &snapshot.place.store;
    let mut same = vec![false; wanted.len()];
    let mut files = Vec::new();
    for (at, (path, side, live)) in wanted.iter().enumerate() {
        match (side, live) {
            (Side::Absent, Live::Nothing) => same[at] = true,
            (Side::Seen(entry), live) => {
                same[at] = live.stat().is_some_and(|stat| stat.is_same_file(&entry.stat))
            }
            (Side::Kept { id, .. }, Live::Link(_, target)) if side.is_link() => {
                same[at] = snapshot.place.object(id)? == *target;
            }
            (Side::Kept { id, .. }, Live::File(stat)) if !side.is_link() => {
                let runs = cfg!(windows) || side.is_executable() == (stat.mode & 0o100 != 0);
                if runs {
                    files.push((at, path.under(root).into_os_string(), id));
                }
            }
            _ => {}
        }
    }
    let names: Vec<OsString> = files.iter().map(|(_, name, _)| name.clone()).collect();
    for ((at, _, id), hash) in files.iter().zip(hashes(store, &names)?) {
        same[*at] = hash == **id;
    }
    Ok(same)
}

/// The ids that files would have, without storing or converting anything.
fn hashes(store: &Git, files: &[OsString]) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut rest = files;
    while !rest.is_empty() {
        let mut room = MAX_ARGUMENTS;
        let fits = |file: &&OsString| {
            let left = room.checked_sub(file.len() + 3);
            room = left.unwrap_or(0);
            left.is_some()
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (now, later) = rest.split_at(count);
        let mut args: Vec<OsString> = ["hash-object", "--no-filters", "--"].map(OsString::from).into();
        args.extend_from_slice(now);
        ids.extend(store.line(&args)?.lines().map(str::to_owned));
        rest = later;
    }
    Ok(ids)
}
