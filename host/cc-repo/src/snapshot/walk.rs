//! Looks at everything in a project, reading nothing but ignore rules. Never through a symbolic link.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use ignore::gitignore::Gitignore;

use super::{
    listing::{Entry, Fate, Kind},
    rules::{self, Level, Rules, ignored},
};
use crate::{ARTIFACTS, Options, RepoError, Result, os, path::RelPath};

const MAX_RULES: u64 = 1 << 20;
const MAX_THREADS: usize = 8;

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
    /// Whether there were too many ignored files to look at any but the chosen.
    pub(crate) is_cut: bool,
    /// What could not be looked at.
    pub(crate) incomplete: Vec<String>,
}

/// A folder to be looked at, and the rules on the way to it.
struct Folder {
    path: RelPath,
    fate: Fate,
    levels: Vec<Arc<Level>>,
    is_repo: bool,
}

/// Goes through a project, on several threads.
pub(crate) struct Walk<'a> {
    root: &'a Path,
    options: &'a Options,
    chosen: Gitignore,
    chosen_inside: Gitignore,
    /// The sources of rules outside the tree.
    rules: Rules,
    /// What held before the run.
    pinned: Option<&'a Rules>,
    ignored: AtomicUsize,
    files: AtomicUsize,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(root: &'a Path, options: &'a Options, rules: Rules, pinned: Option<&'a Rules>) -> Self {
        let (chosen, chosen_inside) = rules::chosen(&options.keep_ignored);
        Self {
            root,
            options,
            chosen,
            chosen_inside,
            rules,
            pinned,
            ignored: AtomicUsize::new(0),
            files: AtomicUsize::new(0),
        }
    }

    pub(crate) fn run(self) -> Result<Found> {
        fs::read_dir(self.root).map_err(RepoError::io("read the folder", self.root))?;
        let path = RelPath::default();
        let levels = self.repo_levels(&path, self.rules.repos.get(&path).map(String::as_str));
        let queue = Queue::with(Folder { path, fate: Fate::Kept, levels, is_repo: true });
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let parts = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| self.work(&queue))).collect();
            workers.into_iter().map(|worker| worker.join()).collect::<Result<Vec<Found>, _>>()
        });
        if self.is_too_large() {
            let most = format!("{} files", self.options.max_files);
            return Err(RepoError::TooLarge { root: self.root.to_owned(), most });
        }
        // What a thread did not see must not look as if it were gone.
        Ok(self.joined(parts.map_err(|_| stopped())?))
    }

    fn work(&self, queue: &Queue) -> Found {
        let mut found = Found::default();
        while let Some((folder, mut turn)) = queue.next() {
            turn.more = self.folder(folder, &mut found);
        }
        found
    }

    fn joined(self, parts: Vec<Found>) -> Found {
        let mut all = Found { rules: self.rules, ..Found::default() };
        for part in parts {
            all.entries.extend(part.entries);
            all.chosen.extend(part.chosen);
            all.empty.extend(part.empty);
            all.folders.extend(part.folders);
            all.repos.extend(part.repos);
            all.rules.repos.extend(part.rules.repos);
            all.rules.folders.extend(part.rules.folders);
            all.incomplete.extend(part.incomplete);
        }
        let most = self.options.max_ignored_files;
        if self.ignored.into_inner() > most {
            all.is_cut = true;
            all.entries.retain(|entry| entry.fate != Fate::Ignored);
            all.incomplete.push(format!("ignored files, because there are more than {most}"));
        }
        all.chosen.sort_unstable();
        all.empty.sort_unstable();
        all
    }

    /// Rules that hold in a repository whatever is in its tree.
    fn repo_levels(&self, repo: &RelPath, exclude: Option<&str>) -> Vec<Arc<Level>> {
        let then = self.pinned.unwrap_or(&self.rules);
        let exclude_then = match self.pinned {
            Some(pinned) => pinned.repos.get(repo).map(String::as_str),
            None => exclude,
        };
        let user = Level::new(repo, Some(&self.rules.user), Some(&then.user));
        let own = Level::new(repo, exclude, exclude_then);
        user.into_iter().chain(own).map(Arc::new).collect()
    }

    /// Looks at a folder. Gives those in it.
    fn folder(&self, mut folder: Folder, found: &mut Found) -> Vec<Folder> {
        if folder.fate != Fate::Ignored {
            folder.levels.extend(self.folder_rules(&folder.path, found).map(Arc::new));
        }
        let mut more = Vec::new();
        if self.is_too_large() {
            return more;
        }
        let children = match fs::read_dir(folder.path.under(self.root)) {
            Ok(children) => children,
            Err(e) => {
                found.incomplete.push(format!("the folder {}: {e}", folder.path));
                return more;
            }
        };
        let mut is_empty = true;
        for child in children.flatten() {
            is_empty = false;
            let name = child.file_name();
            let path = folder.path.child(&os::name_bytes(&name));
            // A file that vanishes while it is looked at was not there.
            let Ok(meta) = child.metadata() else { continue };
            // Git folders are looked at by way of git. The file that stands for one is a file like others.
            let is_git = folder.is_repo && name == ".git" && (meta.is_dir() || folder.path.is_root());
            if !is_git && path.bytes() != ARTIFACTS.as_bytes() {
                more.extend(self.child(path, &meta, &folder, found));
            }
        }
        if is_empty {
            found.empty.push(folder.path);
        }
        more
    }

    fn child(&self, path: RelPath, meta: &fs::Metadata, above: &Folder, found: &mut Found) -> Option<Folder> {
        let kind = meta.file_type();
        let fate = decide(&path, kind.is_dir(), above);
        if kind.is_dir() {
            return self.child_folder(path, meta, fate, above, found);
        }
        let kind = match (kind.is_file(), kind.is_symlink()) {
            (true, _) => Kind::File,
            (_, true) => Kind::Link,
            _ => Kind::Special,
        };
        self.entry(Entry { path, kind, fate, stat: os::stat(meta) }, above.fate, found);
        None
    }

    fn child_folder(
        &self,
        path: RelPath,
        meta: &fs::Metadata,
        fate: Fate,
        above: &Folder,
        found: &mut Found,
    ) -> Option<Folder> {
        if fate == Fate::Ignored {
            let is_cut = self.ignored.load(Ordering::Relaxed) > self.options.max_ignored_files;
            return (!is_cut).then_some(Folder { path, fate, levels: Vec::new(), is_repo: false });
        }
        found.folders.push((path.clone(), os::stat(meta).mode));
        if !is_repo(&path.under(self.root)) {
            return Some(Folder { path, fate, levels: above.levels.clone(), is_repo: false });
        }
        let exclude = read_rules(&path.under(self.root).join(".git/info/exclude"));
        let levels = self.repo_levels(&path, exclude.as_deref());
        found.repos.push(path.clone());
        found.rules.repos.extend(exclude.map(|text| (path.clone(), text)));
        Some(Folder { path, fate, levels, is_repo: true })
    }

    fn entry(&self, mut entry: Entry, above: Fate, found: &mut Found) {
        if matches!(entry.fate, Fate::Ignored | Fate::Hidden) && self.is_chosen(&entry, above) {
            entry.fate = Fate::Kept;
            found.chosen.push(entry.path.clone());
        }
        let count = if entry.fate == Fate::Ignored { &self.ignored } else { &self.files };
        count.fetch_add(1, Ordering::Relaxed);
        found.entries.push(entry);
    }

    fn is_too_large(&self) -> bool {
        self.files.load(Ordering::Relaxed) > self.options.max_files
    }

    fn is_chosen(&self, entry: &Entry, above: Fate) -> bool {
        let chosen = if above == Fate::Ignored { &self.chosen_inside } else { &self.chosen };
        let path = os::path_of(entry.path.bytes());
        entry.kind != Kind::Special
            && entry.stat.size <= self.options.max_ignored_bytes
            && chosen.matched_path_or_any_parents(path, false).is_ignore()
    }

    fn folder_rules(&self, path: &RelPath, found: &mut Found) -> Option<Level> {
        let now = read_rules(&path.under(self.root).join(".gitignore"));
        let then = match self.pinned {
            Some(pinned) => pinned.folders.get(path).map(String::as_str),
            None => now.as_deref(),
        };
        let level = Level::new(path, now.as_deref(), then);
        found.rules.folders.extend(now.map(|text| (path.clone(), text)));
        level
    }
}

fn decide(path: &RelPath, is_dir: bool, above: &Folder) -> Fate {
    if above.fate == Fate::Ignored {
        return Fate::Ignored;
    }
    match ignored(&above.levels, path, is_dir) {
        (true, _) => Fate::Ignored,
        (false, true) => Fate::Hidden,
        (false, false) => above.fate,
    }
}

/// A folder called `.git` that is no repository hides nothing: it is looked at like any other.
fn is_repo(folder: &Path) -> bool {
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

/// Folders that are still to be looked at, and how many are being looked at.
struct Queue {
    state: Mutex<(Vec<Folder>, usize)>,
    changed: Condvar,
}

impl Queue {
    fn with(folder: Folder) -> Self {
        Self { state: Mutex::new((vec![folder], 0)), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, (Vec<Folder>, usize)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next folder, and the turn it is looked at in; none once all are done.
    fn next(&self) -> Option<(Folder, Turn<'_>)> {
        let mut state = self.lock();
        loop {
            if let Some(folder) = state.0.pop() {
                state.1 += 1;
                return Some((folder, Turn { queue: self, more: Vec::new() }));
            }
            if state.1 == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends, however it does, so that nobody waits for it for ever.
struct Turn<'a> {
    queue: &'a Queue,
    more: Vec<Folder>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.0.append(&mut self.more);
        state.1 -= 1;
        self.queue.changed.notify_all();
    }
}

/// A thread of ours did not come to its end.
pub(crate) fn stopped() -> RepoError {
    RepoError::Corrupt { what: "the project", reason: "a thread that looked at it stopped".into() }
}
