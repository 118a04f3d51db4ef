//! What belongs to the user in a home, as it is at a moment.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use cc_store::Home;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Everything else in a home is the user's. These are this program's own: made from something, or made again.
const NOT_THE_USERS: [&str; 9] =
    ["backups", "cache", "logs", "projects", "worktrees", "versions", "benchmarks", "plugins.guard", "tmp"];
/// Files that are looked at; a home with more holds something that is none of ours.
const MOST_FILES: usize = 20_000;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Lower-case hex.
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    /// Milliseconds of the Unix epoch; with `bytes`, it tells whether the file must be read again.
    modified_ms: u64,
}

/// The user's files in a home, by path from there, `/` between the parts.
pub(crate) type Files = BTreeMap<String, Seen>;

/// Looks at every file of the user's. Those that `known` has with the same size and time are not read again.
pub(crate) fn take(home: &Home, known: &Files) -> io::Result<Files> {
    let mut files = Files::new();
    for path in paths(home)? {
        let name = name(home, &path);
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        let modified_ms = modified_ms(&found);
        let same = known.get(&name).filter(|old| old.bytes == found.len() && old.modified_ms == modified_ms);
        let seen = match same {
            Some(old) => old.clone(),
            None => Seen { sha256: sha256(&path, &found)?, bytes: found.len(), modified_ms },
        };
        files.insert(name, seen);
    }
    Ok(files)
}

/// Whether something was added, taken away or written since. Reads no file.
pub(crate) fn is_as(home: &Home, known: &Files) -> bool {
    let Ok(paths) = paths(home) else { return false };
    let same = |path: &PathBuf| {
        let found = fs::symlink_metadata(path);
        let old = known.get(&name(home, path));
        found.ok().zip(old).is_some_and(|(found, old)| {
            old.bytes == found.len() && old.modified_ms == self::modified_ms(&found)
        })
    };
    paths.len() == known.len() && paths.iter().all(same)
}

/// Every file and link of the user's in the home.
pub(crate) fn paths(home: &Home) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![home.root().to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if folder == home.root() && !is_the_users(&entry.file_name().to_string_lossy()) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path())
            } else {
                found.push(entry.path())
            }
            if found.len() > MOST_FILES {
                return Err(io::Error::other(format!(
                    "{} holds more than {MOST_FILES} files: take out what does not belong there",
                    home.root().display()
                )));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_the_users(name: &str) -> bool {
    let database = name.starts_with("state.db");
    let passing = name.ends_with(".lock") && name != "plugins.lock" || name.starts_with(".tmp");
    !database && !passing && !NOT_THE_USERS.contains(&name)
}

/// The path from the home, as it is recorded.
pub(crate) fn name(home: &Home, path: &Path) -> String {
    let inside = path.strip_prefix(home.root()).unwrap_or(path);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn modified_ms(found: &fs::Metadata) -> u64 {
    let since = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or_default()
}

/// Of a link, that of the path it leads to.
fn sha256(path: &Path, found: &fs::Metadata) -> io::Result<String> {
    let mut hash = Sha256::new();
    if found.file_type().is_symlink() {
        hash.update(fs::read_link(path)?.as_os_str().as_encoded_bytes());
    } else if found.is_file() {
        let mut file = fs::File::open(path)?;
        let mut part = vec![0; 1 << 16];
        loop {
            match file.read(&mut part)? {
                0 => break,
                length => hash.update(part.get(..length).unwrap_or_default()),
            }
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        for (path, text) in [
            ("overrides.toml", "notes = 'mine'\n"),
            ("plugins.lock", ""),
            ("plugins/team.router/1.0.0/plugin.wasm", "bytes"),
            ("prompts/review.md", "be strict"),
            ("a-thing-of-later/x", "1"),
            ("state.db", "db"),
            ("state.db-wal", "log"),
            ("cache/x", "x"),
            ("backups/x", "x"),
            ("fingerprint-salt.lock", ""),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (folder, home)
    }

    #[test]
    fn all_that_is_not_ours_is_the_users() {
        let (_folder, home) = home();
        let files = take(&home, &Files::new()).unwrap();
        let names: Vec<_> = files.keys().map(String::as_str).collect();
        let expected = [
            "a-thing-of-later/x",
            "overrides.toml",
            "plugins.lock",
            "plugins/team.router/1.0.0/plugin.wasm",
            "prompts/review.md",
        ];
        assert_eq!(names, expected);
        assert!(is_as(&home, &files));
    }

    #[test]
    fn what_is_written_added_or_taken_away_is_seen() {
        let (folder, home) = home();
        let files = take(&home, &Files::new()).unwrap();
        fs::write(folder.path().join("prompts/review.md"), "be very strict").unwrap();
        assert!(!is_as(&home, &files));
        let later = take(&home, &files).unwrap();
        assert_ne!(later["prompts/review.md"].sha256, files["prompts/review.md"].sha256);
        fs::remove_file(folder.path().join("overrides.toml")).unwrap();
        assert!(!is_as(&home, &later) && take(&home, &later).unwrap().len() == 4);
    }

    #[test]
    fn a_home_that_is_not_there_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("none"));
        assert!(take(&home, &Files::new()).unwrap().is_empty());
        assert!(is_as(&home, &Files::new()));
    }
}
