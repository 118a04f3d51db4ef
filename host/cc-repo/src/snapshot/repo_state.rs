//! Reads what git knows about a repository, changing nothing in it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::manifest::{IndexState, RepoState};
use crate::{REFS, Result, git::Git, os, path::RelPath};

/// Files in a git folder that can change what git does, and marks of unfinished work. Folders end in `/`.
const GUARDED: &[&str] = &[
    "config",
    "config.worktree",
    "hooks/",
    "info/",
    "objects/info/alternates",
    "shallow",
    "logs/refs/stash",
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "SQUASH_MSG",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "BISECT_LOG",
    "BISECT_START",
    "rebase-merge/",
    "rebase-apply/",
    "sequencer/",
];
const MAX_GUARDED: usize = 1_000;
const MAX_GUARDED_BYTES: u64 = 1 << 20;

/// Where a repository keeps its things.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) git: Git,
    /// The working tree's own git folder: `HEAD`, `index`.
    pub(crate) own: PathBuf,
    /// The one that linked worktrees share: refs, objects, hooks.
    pub(crate) common: PathBuf,
    pub(crate) object_format: String,
}

impl Places {
    /// Of the repository whose working tree is `folder`.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let git = Git::at(folder.join(".git")).on(folder);
        let ask = |what: &[&str]| {
            let said = git.run(&[&["rev-parse", "--path-format=absolute"], what].concat())?;
            Ok(said.strip_suffix(b"\n").unwrap_or(&said).to_vec())
        };
        let wanted = ["--git-dir", "--git-common-dir", "--show-object-format"];
        let together = ask(&wanted)?;
        let mut answers: Vec<Vec<u8>> = together.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        if answers.len() != wanted.len() {
            // A name with a line's end in it.
            answers = wanted.iter().map(|what| ask(&[what])).collect::<Result<_>>()?;
        }
        let path = |at: usize| os::path_of(&answers[at]).into_owned();
        let (own, common) = (path(0), path(1));
        let object_format = String::from_utf8_lossy(&answers[2]).into_owned();
        Ok(Self { git: Git::at(&own).on(folder), own, common, object_format })
    }

    /// Where a guarded file is: in the own git folder where that has it, else in the shared one.
    pub(crate) fn guarded(&self, name: &RelPath) -> PathBuf {
        let own = name.bytes() == b"config.worktree" || !is_shared(name);
        name.under(if own { &self.own } else { &self.common })
    }
}

fn is_shared(name: &RelPath) -> bool {
    ["config", "hooks", "info", "objects", "shallow", "logs"].iter().any(|f| name.is_in(&(*f).into()))
}

/// What a repository's state is, what a snapshot of it has to hold on to, and what git tracks there.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) state: RepoState,
    /// Commits that refs name.
    pub(crate) tips: Vec<String>,
    /// Blobs that only the index names.
    pub(crate) staged: Vec<String>,
    pub(crate) tracked: Vec<RelPath>,
    pub(crate) incomplete: Vec<String>,
}

pub(crate) fn read(places: &Places) -> Result<Read> {
    let mut read = Read::default();
    read.refs(places)?;
    if let Err(error) = read.index(places) {
        read.state.index = IndexState {
            exists: true,
            staged: vec![(RelPath::default(), error.to_string())],
            flags: Vec::new(),
        };
        read.incomplete.push(format!("an index: {error}"));
    }
    read.held(places)?;
    read.guarded(places);
    Ok(read)
}

impl Read {
    /// Refs are read without looking at what they name: that may be gone.
    fn refs(&mut self, places: &Places) -> Result<()> {
        let format = "--format=%(objectname)%00%(refname)%00%(symref)";
        let text = places.git.run(&["for-each-ref", format])?;
        let text = String::from_utf8_lossy(&text);
        for line in text.lines() {
            let mut parts = line.split('\0');
            let (object, name, link) = (parts.next(), parts.next(), parts.next());
            let (Some(object), Some(name), Some(link)) = (object, name, link) else { continue };
            if !name.starts_with(REFS) {
                let value = if link.is_empty() { object.to_owned() } else { format!("ref: {link}") };
                self.state.refs.insert(name.to_owned(), value);
            }
        }
        match head(places) {
            Ok(head) => self.state.refs.extend(head.map(|head| ("HEAD".to_owned(), head))),
            Err(error) => self.incomplete.push(format!("where HEAD is: {error}")),
        }
        Ok(())
    }

    /// What a snapshot must hold on to, as far as it is still there.
    fn held(&mut self, places: &Places) -> Result<()> {
        let refs = self.state.refs.values().filter(|value| !value.starts_with("ref: ")).cloned();
        let mut tips: Vec<String> = refs.chain(stashes(&places.common)).collect();
        tips.sort_unstable();
        tips.dedup();
        self.tips = stored(places, tips.iter().map(|id| format!("{id}^{{commit}}")))?;
        let staged = self.state.index.staged.iter().filter_map(|(_, line)| staged_blob(line));
        self.staged = stored(places, staged.map(|id| format!("{id}^{{blob}}")))?;
        Ok(())
    }

    /// The index is read as it is: flags in it hide files from git, not from us.
    fn index(&mut self, places: &Places) -> Result<()> {
        let index = places.own.join("index");
        if !index.is_file() {
            return Ok(());
        }
        let tree = self.state.head().unwrap_or_else(|| empty_tree(&places.object_format)).to_owned();
        let raw = places.git.run(&[
            "diff-index",
            "--cached",
            "--raw",
            "-z",
            "--full-index",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=none",
            "--no-abbrev",
            &tree,
            "--",
        ])?;
        let mut fields = raw.split(|b| *b == 0);
        while let (Some(line), Some(path)) = (fields.next(), fields.next()) {
            let line = String::from_utf8_lossy(line).into_owned();
            self.state.index.staged.push((RelPath::new(path), line));
        }
        self.tracked(places)?;
        self.state.index.exists = true;
        Ok(())
    }

    fn tracked(&mut self, places: &Places) -> Result<()> {
        let listed = places.git.run(&["ls-files", "-v", "-z"])?;
        for line in listed.split(|b| *b == 0).filter(|line| line.len() > 2) {
            let path = RelPath::new(&line[2..]);
            if line[0] != b'H' {
                self.state.index.flags.push((path.clone(), char::from(line[0])));
            }
            self.tracked.push(path);
        }
        Ok(())
    }

    fn guarded(&mut self, places: &Places) {
        for name in GUARDED {
            let path = RelPath::from(name.trim_end_matches('/'));
            self.guard(places, &path);
        }
        if self.state.guarded.len() == MAX_GUARDED {
            self.incomplete.push(format!("more than {MAX_GUARDED} files in {}", places.common.display()));
        }
    }

    fn guard(&mut self, places: &Places, path: &RelPath) {
        let at = places.guarded(path);
        let Ok(meta) = fs::symlink_metadata(&at) else { return };
        if meta.is_dir() {
            let children = fs::read_dir(&at).into_iter().flatten().flatten();
            let mut names: Vec<_> = children.map(|child| child.file_name()).collect();
            names.sort_unstable();
            names.iter().for_each(|name| self.guard(places, &path.child(&os::name_bytes(name))));
        } else if meta.len() > MAX_GUARDED_BYTES {
            self.incomplete.push(format!("{} is too large", at.display()));
        } else if self.state.guarded.len() < MAX_GUARDED {
            self.state.guarded.push(path.clone());
        }
    }
}

/// What `HEAD` is. Git is asked, because not every repository keeps it in the file of that name.
fn head(places: &Places) -> Result<Option<String>> {
    if let Some(name) = places.git.ask(&["symbolic-ref", "-q", "HEAD"])? {
        return Ok(Some(format!("ref: {}", String::from_utf8_lossy(&name).trim_end())));
    }
    let commit = places.git.ask(&["rev-parse", "-q", "--verify", "HEAD"])?;
    Ok(commit.map(|commit| String::from_utf8_lossy(&commit).trim_end().to_owned()))
}

/// The ids of those of these names that git has.
fn stored(places: &Places, names: impl Iterator<Item = String>) -> Result<Vec<String>> {
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        return Ok(names);
    }
    let args = ["cat-file", "--batch-check=%(objectname)"];
    let said = places.git.feed(&args, |to| names.iter().try_for_each(|name| writeln!(to, "{name}")))?;
    let said = String::from_utf8_lossy(&said);
    let mut ids: Vec<String> = said.lines().filter(|line| !line.contains(' ')).map(str::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Older stashes are in the reflog of `refs/stash` and nowhere else.
fn stashes(common: &Path) -> Vec<String> {
    let log = fs::read(common.join("logs/refs/stash")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    log.lines().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned).collect()
}

fn staged_blob(raw: &str) -> Option<String> {
    let mut fields = raw.split(' ').skip(1);
    let (mode, object) = (fields.next()?, fields.nth(1)?);
    (mode.starts_with("10") || mode == "120000").then(|| object.to_owned()).filter(|id| is_object(id))
}

fn is_object(id: &str) -> bool {
    id.bytes().any(|b| b != b'0')
}

/// The object every git knows without storing it.
pub(crate) fn empty_tree(object_format: &str) -> &'static str {
    match object_format {
        "sha256" => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
        _ => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    }
}

impl IndexState {
    /// Paths whose entry is not the same in the other.
    pub(crate) fn changed(&self, other: &Self) -> Vec<RelPath> {
        let lines = |index: &Self| {
            let mut by_path = BTreeMap::<RelPath, Vec<String>>::new();
            for (path, line) in &index.staged {
                by_path.entry(path.clone()).or_default().push(line.clone());
            }
            for (path, flag) in &index.flags {
                by_path.entry(path.clone()).or_default().push(flag.to_string());
            }
            by_path
        };
        let (ours, theirs) = (lines(self), lines(other));
        let mut paths: Vec<RelPath> = ours.keys().chain(theirs.keys()).cloned().collect();
        paths.sort_unstable();
        paths.dedup();
        paths.retain(|path| ours.get(path) != theirs.get(path));
        paths
    }
}
