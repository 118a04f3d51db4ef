//! What a snapshot knows beside the files themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    listing::{Entry, Kind},
    rules::Rules,
};
use crate::path::RelPath;

/// Everything about a moment that is no file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The snapshot whose rules it was seen with.
    pub(crate) seen_as: Option<String>,
    /// The project's repository, if it is one, and those inside it, by folder.
    pub(crate) repos: BTreeMap<RelPath, RepoState>,
    pub(crate) rules: Rules,
    pub(crate) empty: Vec<RelPath>,
    pub(crate) modes: Modes,
    /// Kept although git ignores them.
    pub(crate) ignored: Vec<RelPath>,
    /// Kept although rules that the run made ignore them.
    pub(crate) hidden: Vec<RelPath>,
    /// Symbolic links that leave the project, and where they lead.
    pub(crate) outside: BTreeMap<RelPath, String>,
    /// Whether ignored files were too many to be watched.
    pub(crate) is_cut: bool,
    pub(crate) incomplete: Vec<String>,
}

impl Manifest {
    pub(crate) const FORMAT: u32 = 1;
}

/// What git knows about one repository beside its files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RepoState {
    /// `HEAD` and every ref: an object, or `ref: ` and a name.
    pub(crate) refs: BTreeMap<String, String>,
    /// What the index has beyond `HEAD`, and flags that hide files from git.
    pub(crate) index: IndexState,
    /// Files of the git folder that can make git run or ignore things, and marks of unfinished work.
    pub(crate) guarded: Vec<RelPath>,
}

impl RepoState {
    /// The commit that `HEAD` means; none before the first.
    pub(crate) fn head(&self) -> Option<&str> {
        let head = self.refs.get("HEAD")?;
        match head.strip_prefix("ref: ") {
            Some(branch) => self.refs.get(branch).map(String::as_str),
            None => Some(head),
        }
    }
}

/// An index, so that two can be compared whatever their stat data are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexState {
    pub(crate) exists: bool,
    /// Staged differences to `HEAD`: the raw line by path.
    pub(crate) staged: Vec<(RelPath, String)>,
    /// Paths with a flag, such as `h` (assume unchanged) or `S` (skip worktree).
    pub(crate) flags: Vec<(RelPath, char)>,
}

/// Permissions beyond what git stores: the usual ones, and who differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Modes {
    pub(crate) file: u32,
    pub(crate) executable: u32,
    pub(crate) folder: u32,
    pub(crate) odd_files: BTreeMap<RelPath, u32>,
    pub(crate) odd_folders: BTreeMap<RelPath, u32>,
}

impl Modes {
    /// `usual` is what an earlier snapshot called usual, so that two can be compared by who differs.
    pub(crate) fn of(files: &[Entry], folders: &[(RelPath, u32)], usual: Option<&Self>) -> Self {
        let plain = || files.iter().filter(|e| e.kind == Kind::File);
        let mode_of =
            |runs: bool| most_common(plain().filter(|e| e.is_executable() == runs).map(|e| e.stat.mode));
        let mut modes = usual.cloned().unwrap_or_else(|| Self {
            file: mode_of(false).unwrap_or(0o644),
            executable: mode_of(true).unwrap_or(0o755),
            folder: most_common(folders.iter().map(|(_, mode)| *mode)).unwrap_or(0o755),
            ..Self::default()
        });
        let odd = plain().filter(|e| e.stat.mode != modes.usual(e.is_executable()));
        modes.odd_files = odd.map(|e| (e.path.clone(), e.stat.mode)).collect();
        modes.odd_folders = folders.iter().filter(|(_, mode)| *mode != modes.folder).cloned().collect();
        modes
    }

    fn usual(&self, executable: bool) -> u32 {
        if executable { self.executable } else { self.file }
    }

    pub(crate) fn file(&self, path: &RelPath, executable: bool) -> u32 {
        self.odd_files.get(path).copied().unwrap_or(self.usual(executable))
    }

    pub(crate) fn folder(&self, path: &RelPath) -> u32 {
        self.odd_folders.get(path).copied().unwrap_or(self.folder)
    }
}

fn most_common(modes: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts = BTreeMap::<u32, usize>::new();
    modes.for_each(|mode| *counts.entry(mode).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(mode, _)| mode)
}
