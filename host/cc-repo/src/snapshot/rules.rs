//! Which files git ignores: the rules as they are now, and as they were before a run.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::{Deserialize, Serialize};

use super::walk::read_rules;
use crate::{Result, git::Git, os, path::RelPath};

/// The texts of all ignore rules that hold in a project.
///
/// A run's *after* is looked at with the rules of its *before*: a worker cannot hide a file by ignoring it,
/// and a file of the user's does not become the worker's by no longer being ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rules {
    /// The user's own file (`core.excludesFile`).
    pub(crate) user: String,
    /// `info/exclude` of each repository, by the folder it is for.
    pub(crate) repos: BTreeMap<RelPath, String>,
    /// The `.gitignore` files, by the folder they are in.
    pub(crate) folders: BTreeMap<RelPath, String>,
}

/// The rules of one source, for the folder they are written in.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    depth: usize,
    now: Option<Gitignore>,
    then: Option<Gitignore>,
    same: bool,
}

impl Level {
    /// From what a source says now and what it said before.
    pub(crate) fn new(folder: &RelPath, now: Option<&str>, then: Option<&str>) -> Option<Self> {
        let same = now == then;
        let level = Self {
            depth: if folder.is_root() { 0 } else { folder.bytes().len() + 1 },
            now: now.and_then(compile),
            then: if same { None } else { then.and_then(compile) },
            same,
        };
        (level.now.is_some() || level.then.is_some()).then_some(level)
    }

    fn before(&self) -> Option<&Gitignore> {
        if self.same { self.now.as_ref() } else { self.then.as_ref() }
    }

    fn decides(rules: Option<&Gitignore>, path: &[u8], is_dir: bool) -> Option<bool> {
        let found = rules?.matched(os::path_of(path), is_dir);
        (!found.is_none()).then(|| found.is_ignore())
    }
}

/// Whether `path` is ignored: (by the rules of before, by those of now). The last level is the nearest.
pub(crate) fn ignored(levels: &[Arc<Level>], path: &RelPath, is_dir: bool) -> (bool, bool) {
    let inside = |level: &Arc<Level>| path.bytes().get(level.depth..).unwrap_or_default();
    let now = levels
        .iter()
        .rev()
        .find_map(|level| Level::decides(level.now.as_ref(), inside(level), is_dir))
        .unwrap_or(false);
    if levels.iter().all(|level| level.same) {
        return (now, now);
    }
    let then = levels
        .iter()
        .rev()
        .find_map(|level| Level::decides(level.before(), inside(level), is_dir))
        .unwrap_or(false);
    (then, now)
}

/// Lines that are no patterns are left out, as git does.
fn compile(text: &str) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    // Where names have no case, git's rules have none either.
    let _ = builder.case_insensitive(cfg!(any(windows, target_os = "macos")));
    for line in text.trim_start_matches('\u{feff}').lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// The files a caller wants kept though git ignores them: anywhere, and also inside folders that are ignored
/// as a whole. Those hold build output and dependencies, so that a pattern has to name them.
pub(crate) fn chosen(patterns: &[String]) -> (Gitignore, Gitignore) {
    let names_folder = |pattern: &&String| pattern.trim_end_matches('/').contains('/');
    let inside: Vec<&str> = patterns.iter().filter(names_folder).map(String::as_str).collect();
    let all = |text: String| compile(&text).unwrap_or_else(Gitignore::empty);
    (all(patterns.join("\n")), all(inside.join("\n")))
}

/// The user's own ignore file, for all repositories.
pub(crate) fn user_rules(own: Option<&Git>) -> Result<String> {
    let git = own.cloned().unwrap_or_else(|| Git::at(os::NULL_DEVICE));
    let named = git.with_user_config().ask(&["config", "--type=path", "--get", "core.excludesFile"])?;
    let named = named.map(|bytes| PathBuf::from(String::from_utf8_lossy(&bytes).trim_end()));
    let usual = || {
        let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let home = || std::env::home_dir().map(|home| home.join(".config"));
        config.or_else(home).map(|folder| folder.join("git/ignore"))
    };
    Ok(named.or_else(usual).and_then(|path| read_rules(&path)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_decides() {
        let levels: Vec<Arc<Level>> = [("", "*.log\n/target\n"), ("a", "!keep.log\nx/*.txt\n")]
            .iter()
            .filter_map(|(folder, text)| Level::new(&(*folder).into(), Some(text), Some(text)))
            .map(Arc::new)
            .collect();
        let is = |path: &str, dir| ignored(&levels, &path.into(), dir).0;
        assert!(is("b.log", false) && is("target", true) && is("a/x/n.txt", false));
        assert!(!is("a/keep.log", false) && !is("a/target", true) && !is("a/n.txt", false));
    }

    #[test]
    fn rules_of_before_and_now_are_told_apart() {
        let level = Arc::new(Level::new(&RelPath::default(), Some(".env\n"), Some("old\n")).unwrap());
        let is = |path: &str| ignored(std::slice::from_ref(&level), &path.into(), false);
        assert_eq!((is(".env"), is("old"), is("src")), ((false, true), (true, false), (false, false)));
    }
}
