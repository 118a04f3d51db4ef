//! The user's limits as they are now: a limit that is lowered counts for workers that run already.

use std::{fs, path::PathBuf, time::SystemTime};

use cc_domain::CostGuard;
use cc_store::read_bounded;

/// Longest file of limits, bytes.
const MAX_FILE: u64 = 1 << 20;

/// How the limits of a home are read. Given by the program, so that a supervisor has no plugin engine in it.
#[derive(Clone, Copy, Debug)]
pub struct LimitsFile {
    /// The file in the home.
    pub name: &'static str,
    /// Its limits, or why it cannot be read.
    pub parse: fn(&str) -> Result<CostGuard, String>,
}

/// The limits, read again whenever their file changes.
#[derive(Debug)]
pub(super) struct Limits {
    path: PathBuf,
    parse: fn(&str) -> Result<CostGuard, String>,
    stamp: Option<(SystemTime, u64)>,
    guard: CostGuard,
}

impl Limits {
    /// Those of a home. Nothing is read yet.
    pub(super) fn of(home: &std::path::Path, file: LimitsFile) -> Self {
        let (path, parse) = (home.join(file.name), file.parse);
        Self { path, parse, stamp: None, guard: CostGuard::default() }
    }

    /// The limits now. A file that cannot be read, perhaps while somebody edits it, changes nothing.
    pub(super) fn now(&mut self) -> &CostGuard {
        let stamp = fs::metadata(&self.path).ok().and_then(|data| Some((data.modified().ok()?, data.len())));
        if stamp != self.stamp {
            match self.read(stamp.is_some()) {
                Ok(guard) => self.guard = guard,
                Err(error) => tracing::warn!("the limits stay as they are: {error}"),
            }
            self.stamp = stamp;
        }
        &self.guard
    }

    fn read(&self, exists: bool) -> Result<CostGuard, String> {
        if !exists {
            return Ok(CostGuard::default());
        }
        let bytes = read_bounded(&self.path, MAX_FILE).map_err(|error| error.to_string())?;
        (self.parse)(&String::from_utf8_lossy(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_and_a_file_that_is_wrong_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let parse = |text: &str| serde_json::from_str(text).map_err(|error| error.to_string());
        let mut limits = Limits::of(home.path(), LimitsFile { name: "limits.json", parse });
        assert_eq!(limits.now().usd.day, None);
        let path = home.path().join("limits.json");
        for (text, day) in [
            (r#"{"usd": {"day": 1}}"#, Some(1.0)),
            (r#"{"usd": {"day": 0.25}}"#, Some(0.25)),
            (r#"{"usd": {"day": "#, Some(0.25)),
            (r#"{}"#, None),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(limits.now().usd.day, day, "{text}");
        }
        fs::write(&path, r#"{"usd": {"day": 1}}"#).unwrap();
        limits.now();
        fs::remove_file(&path).unwrap();
        assert_eq!(limits.now().usd.day, None);
    }
}
