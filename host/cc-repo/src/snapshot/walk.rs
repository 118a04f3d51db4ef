//! Looks at everything in a project, reading nothing but ignore rules. Never through a symbolic link.

use std::{fs, path::Path};

use ignore::gitignore::Gitignore;

use super::{
    listing::{Entry, Fate, Kind},
    rules::{Level, Rules, ignored},
};
use crate::{ARTIFACTS, Options, RepoError, Result, os, path::RelPath};

const MAX_RULES: u64 = 1 << 20;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    /// Ignored files that are kept because the caller chose them.
    pub(crate) chosen: Vec<RelPath>,
    /// Folders with nothing in them.
    pub(crate) empty: Vec<RelPath>,
    /// Folders that are not ignored, with their modes.
    pub(crate) folders: Vec<(RelPath, u32)>,
    /// Folders with a repository of their own.
    pub(crate) repos: Vec<RelPath>,
    pub(crate) rules: Rules,
    /// Whether folders of ignored files were left out.
    pub(crate) is_cut: bool,
    /// What could not be looked at.
    pub(crate) incomplete: Vec<String>,
}

/// Goes through a project.
pub(crate) struct Walk<'a> {
    root: &'a Path,
    options: &'a Options,
    chosen: Gitignore,
    pinned: Option<&'a Rules>,
    left: usize,
    found: Found,
}

impl<'a> Walk<'a> {
    /// `rules` has the sources outside the tree; `pinned` is what held before the run.
    pub(crate) fn new(root: &'a Path, options: &'a Options, rules: Rules, pinned: Option<&'a Rules>) -> Self {
        let chosen = super::rules::chosen(&options.keep_ignored);
        let found = Found { rules, ..Found::default() };
        Self { root, options, chosen, pinned, left: options.max_ignored_files, found }
    }

    pub(crate) fn run(mut self) -> Result<Found> {
        let root = RelPath::default();
        let mut levels = self.repo_levels(&root);
        self.folder(&root, Fate::Kept, &mut levels)?;
        Ok(self.found)
    }

    /// Rules that hold in a repository whatever is in its tree.
    fn repo_levels(&self, repo: &RelPath) -> Vec<Level> {
        let now = &self.found.rules;
        let then = self.pinned.unwrap_or(now);
        let user = Level::new(repo, Some(&now.user), Some(&then.user));
        let exclude = |rules: &'_ Rules| rules.repos.get(repo).cloned();
        let own = Level::new(repo, exclude(now).as_deref(), exclude(then).as_deref());
        user.into_iter().chain(own).collect()
    }

    fn folder(&mut self, path: &RelPath, fate: Fate, levels: &mut Vec<Level>) -> Result<()> {
        let depth = levels.len();
        if fate != Fate::Ignored {
            levels.extend(self.folder_rules(path));
        }
        let children = match fs::read_dir(path.under(self.root)) {
            Ok(children) => children,
            Err(e) if !path.is_root() => {
                self.found.incomplete.push(format!("the folder {path} cannot be read: {e}"));
                return Ok(());
            }
            Err(e) => return Err(RepoError::io("read the folder", self.root)(e)),
        };
        let mut is_empty = true;
        for child in children {
            let child = child.map_err(RepoError::io("read the folder", path.under(self.root)))?;
            is_empty = false;
            let name = child.file_name();
            let at = path.child(&os::name_bytes(&name));
            // A file that vanishes while it is looked at was not there.
            if let Ok(meta) = child.metadata() {
                self.child(at, &meta, fate, levels)?;
            }
        }
        if is_empty {
            self.found.empty.push(path.clone());
        }
        levels.truncate(depth);
        Ok(())
    }

    fn child(
        &mut self,
        path: RelPath,
        meta: &fs::Metadata,
        fate: Fate,
        levels: &mut Vec<Level>,
    ) -> Result<()> {
        if self.is_skipped(&path) {
            return Ok(());
        }
        let kind = meta.file_type();
        let fate = decide(&path, kind.is_dir(), fate, levels);
        if kind.is_dir() {
            return self.child_folder(&path, meta, fate, levels);
        }
        let kind = match (kind.is_file(), kind.is_symlink()) {
            (true, _) => Kind::File,
            (_, true) => Kind::Link,
            _ => Kind::Special,
        };
        self.entry(Entry { path, kind, fate, stat: os::stat(meta) });
        Ok(())
    }

    fn child_folder(
        &mut self,
        path: &RelPath,
        meta: &fs::Metadata,
        fate: Fate,
        levels: &mut Vec<Level>,
    ) -> Result<()> {
        if fate == Fate::Ignored && self.left == 0 {
            return Ok(());
        }
        if fate != Fate::Ignored {
            self.found.folders.push((path.clone(), os::stat(meta).mode));
        }
        if fate == Fate::Ignored || !is_repo(&path.under(self.root)) {
            return self.folder(path, fate, levels);
        }
        self.found.repos.push(path.clone());
        if let Some(text) = read_rules(&path.under(self.root).join(".git/info/exclude")) {
            self.found.rules.repos.insert(path.clone(), text);
        }
        let mut own = self.repo_levels(path);
        self.folder(path, fate, &mut own)
    }

    fn entry(&mut self, mut entry: Entry) {
        if matches!(entry.fate, Fate::Ignored | Fate::Hidden) && self.is_chosen(&entry) {
            entry.fate = Fate::Kept;
            self.found.chosen.push(entry.path.clone());
        }
        if entry.fate == Fate::Ignored {
            if self.left == 1 {
                let most = self.options.max_ignored_files;
                self.found.is_cut = true;
                self.found.incomplete.push(format!("folders of ignored files beyond the first {most} files"));
            }
            self.left = self.left.saturating_sub(1);
        }
        self.found.entries.push(entry);
    }

    fn is_chosen(&self, entry: &Entry) -> bool {
        let path = os::path_of(entry.path.bytes());
        entry.kind != Kind::Special
            && entry.stat.size <= self.options.max_ignored_bytes
            && self.chosen.matched_path_or_any_parents(path, false).is_ignore()
    }

    /// Our own records, and git's: those are looked at by way of git.
    fn is_skipped(&self, path: &RelPath) -> bool {
        let bytes = path.bytes();
        if bytes == ARTIFACTS.as_bytes() || bytes == b".git" {
            return true;
        }
        let repo = bytes.strip_suffix(b"/.git");
        repo.is_some_and(|repo| self.found.repos.iter().rev().any(|known| known.bytes() == repo))
    }

    fn folder_rules(&mut self, path: &RelPath) -> Option<Level> {
        let now = read_rules(&path.under(self.root).join(".gitignore"));
        let level = match self.pinned {
            Some(pinned) => Level::new(path, now.as_deref(), pinned.folders.get(path).map(String::as_str)),
            None => Level::new(path, now.as_deref(), now.as_deref()),
        };
        if let Some(text) = now {
            self.found.rules.folders.insert(path.clone(), text);
        }
        level
    }
}

fn decide(path: &RelPath, is_dir: bool, above: Fate, levels: &[Level]) -> Fate {
    if above == Fate::Ignored {
        return Fate::Ignored;
    }
    match ignored(levels, path, is_dir) {
        (true, _) => Fate::Ignored,
        (false, true) => Fate::Hidden,
        (false, false) => above,
    }
}

/// A folder called `.git` that is no repository hides nothing: it is looked at like any other.
pub(crate) fn is_repo(folder: &Path) -> bool {
    let git = folder.join(".git");
    match fs::symlink_metadata(&git) {
        Ok(meta) if meta.is_file() => fs::read(&git).is_ok_and(|text| text.starts_with(b"gitdir:")),
        Ok(meta) if meta.is_dir() => git.join("HEAD").exists() && git.join("objects").is_dir(),
        _ => false,
    }
}

/// Git follows no symbolic link here either.
pub(crate) fn read_rules(path: &Path) -> Option<String> {
    let meta = fs::symlink_metadata(path).ok()?;
    let bytes = (meta.is_file() && meta.len() <= MAX_RULES).then(|| fs::read(path).ok()).flatten()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
