//! Where a worker and all that it starts may write, as far as the system can refuse it.
//!
//! The system knows folders, not patterns: a folder that any allowed pattern reaches into is open as a whole, and the
//! check after the run is finer. Reading is not restricted.

use std::path::{Path, PathBuf};

use cc_domain::WriteScope;
use serde::{Deserialize, Serialize};

use crate::Environment;

/// Folders of a project that hold what tools make, where they are there already. A worker that may build must be able
/// to write to them; git ignores them as a rule, and then a scope does not ask for leave either.
const BUILD_OUTPUT: &[&str] = &[
    "target",
    "node_modules",
    "dist",
    "build",
    "out",
    ".venv",
    "venv",
    ".next",
    ".turbo",
    ".gradle",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    "coverage",
];
/// Of the user's home: Claude Code's own state, and caches that package managers share.
const OF_HOME: &[&str] = &[
    ".claude",
    ".claude.json",
    ".cache",
    ".npm",
    ".cargo",
    ".rustup",
    ".gradle",
    ".m2",
    ".local/share/pnpm",
    ".yarn",
    ".bun",
    "go/pkg",
    ".deno",
];
/// Of the system.
#[cfg(unix)]
const OF_SYSTEM: &[&str] = &["/dev", "/proc/self", "/tmp", "/var/tmp"];
#[cfg(not(unix))]
const OF_SYSTEM: &[&str] = &[];

/// What may be written to; all else is refused by the system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Files, and folders with all that is in them.
    pub writable: Vec<PathBuf>,
}

impl Sandbox {
    /// For a worker in the project at `root`, which may write where `scope` allows it.
    #[must_use]
    pub fn of(root: &Path, scope: Option<&WriteScope>, environment: &Environment) -> Self {
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let mut writable = in_project(root, scope.map_or(&[], |scope| &scope.allow));
        let home = get("HOME").or_else(|| get("USERPROFILE"));
        writable.extend(home.iter().flat_map(|home| OF_HOME.iter().map(|name| home.join(name))));
        writable.extend(
            ["CLAUDE_CONFIG_DIR", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "CARGO_HOME"]
                .iter()
                .filter_map(|n| get(n)),
        );
        writable.extend(OF_SYSTEM.iter().map(PathBuf::from));
        // A temporary folder that holds the project would open all of it.
        let holds_project = |path: &Path| root.starts_with(path) && path != root;
        writable.retain(|path| path.exists() && !holds_project(path));
        writable.sort();
        writable.dedup();
        Self { writable }
    }
}

/// The folders that the patterns reach into; the whole project when one could be anywhere.
fn in_project(root: &Path, allow: &[String]) -> Vec<PathBuf> {
    let allowed = allow.iter().filter(|pattern| !pattern.starts_with('!'));
    let prefixes: Vec<Option<PathBuf>> = allowed.map(|pattern| fixed_part(root, pattern)).collect();
    if prefixes.is_empty() || prefixes.contains(&None) {
        return vec![root.to_owned()];
    }
    let output = BUILD_OUTPUT.iter().map(|name| root.join(name));
    prefixes.into_iter().flatten().chain(output).collect()
}

/// The part of an anchored pattern before its first wildcard, as far as it is there. None: it is not anchored.
fn fixed_part(root: &Path, pattern: &str) -> Option<PathBuf> {
    let anchored = pattern.trim_end_matches('/').trim_start_matches("./");
    if !anchored.contains('/') {
        // `src/` holds at any depth, but a folder of that name at the root is what people mean by it.
        let folder = root.join(anchored);
        return (pattern.ends_with('/') && folder.is_dir()).then_some(folder);
    }
    let mut place = root.to_owned();
    for part in anchored.trim_start_matches('/').split('/') {
        let next = place.join(part);
        if part.contains(['*', '?', '[', '\\']) || !next.exists() {
            break;
        }
        place = next;
    }
    // A file is written by way of its folder: most programs replace it.
    if place.is_file() {
        place.pop();
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(allow: &[&str]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for folder in ["src/deep", "docs", "target"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::fs::write(root.join("docs/a.md"), "").unwrap();
        let allow: Vec<String> = allow.iter().map(|p| (*p).to_owned()).collect();
        let mut all: Vec<String> = in_project(root, &allow)
            .into_iter()
            .filter(|path| path.exists())
            .map(|path| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn patterns_open_the_folders_they_reach_into() {
        assert_eq!(open(&["src/"]), ["src", "target"]);
        assert_eq!(open(&["/src/**/*.rs"]), ["src", "target"]);
        assert_eq!(open(&["src/deep/**", "docs/a.md"]), ["docs", "src/deep", "target"]);
        assert_eq!(
            open(&["src/new/**"]),
            ["src", "target"],
            "a folder that is not there is made in the one above"
        );
        for anywhere in [&[][..], &["*.md"], &["src/", "*.lock"], &["new/"]] {
            assert_eq!(open(anywhere), [""], "{anywhere:?}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".claude")).unwrap();
        let environment = [("HOME".to_owned(), dir.path().to_string_lossy().into_owned())].into();
        let sandbox = Sandbox::of(Path::new("/nowhere"), None, &environment);
        assert!(sandbox.writable.contains(&dir.path().join(".claude")));
        assert!(!sandbox.writable.iter().any(|path| path.ends_with(".npm") || path.ends_with("nowhere")));
    }
}
