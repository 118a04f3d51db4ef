//! A file that the worker left, and which paths it changed.

use std::collections::BTreeSet;

use regex::Regex;
use serde::Deserialize;

use super::{Seen, Verdict};

/// Exactly one of `exists`, `unchanged`, `matches` and `lacks`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileCheck {
    /// In the worker's folder.
    path: String,
    exists: Option<bool>,
    /// Byte for byte.
    #[serde(default)]
    unchanged: bool,
    /// A regular expression that is found in it.
    matches: Option<String>,
    /// One that is not. A file that is gone lacks nothing: the check fails.
    lacks: Option<String>,
}

/// The worker changed nothing but these.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffCheck {
    /// Paths; one that ends in `/` is a folder with all that is in it. Empty: nothing at all.
    only: Vec<String>,
}

impl FileCheck {
    pub(super) fn is_guard(&self) -> bool {
        self.unchanged || self.exists == Some(false)
    }

    pub(super) fn problem(&self) -> Option<String> {
        let kinds = [self.exists.is_some(), self.unchanged, self.matches.is_some(), self.lacks.is_some()];
        if kinds.iter().filter(|set| **set).count() != 1 {
            return Some("needs exactly one of 'exists', 'unchanged', 'matches' and 'lacks'".into());
        }
        let patterns = self.matches.iter().chain(&self.lacks);
        patterns.into_iter().find_map(|pattern| Regex::new(pattern).err()).map(|error| error.to_string())
    }

    pub(super) fn judge(&self, seen: &Seen<'_>) -> Verdict {
        let path = &self.path;
        let there = seen.left.files.0.get(path);
        if let Some(wanted) = self.exists {
            let told = if there.is_some() { "is there" } else { "is not there" };
            return (there.is_some() == wanted, format!("{path} {told}"));
        }
        if self.unchanged {
            let same = there == seen.prepared.repo.0.get(path);
            return (same, format!("{path} {}", if same { "is as it was" } else { "was changed" }));
        }
        let Some(text) = there.map(|bytes| String::from_utf8_lossy(bytes)) else {
            return (false, format!("{path} is not there"));
        };
        let (pattern, wanted) = match (&self.matches, &self.lacks) {
            (Some(pattern), _) => (pattern, true),
            (None, lacks) => (lacks.as_ref().unwrap_or(path), false),
        };
        let found = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&text));
        (found == wanted, format!("{path} {} {pattern}", if found { "matches" } else { "does not match" }))
    }
}

impl DiffCheck {
    pub(super) fn problem(&self) -> Option<String> {
        let bad =
            self.only.iter().find(|path| path.is_empty() || path.starts_with('/') || path.contains(".."));
        bad.map(|path| format!("'{path}' is no path from the task's folder"))
    }

    pub(super) fn judge(&self, seen: &Seen<'_>) -> Verdict {
        let (before, after) = (&seen.prepared.repo.0, &seen.left.files.0);
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
        let allowed = |name: &str| {
            self.only
                .iter()
                .any(|path| if path.ends_with('/') { name.starts_with(path.as_str()) } else { name == path })
        };
        let beyond: Vec<&str> = changed.map(String::as_str).filter(|name| !allowed(name)).collect();
        let told = if beyond.is_empty() {
            "nothing else was changed".into()
        } else {
            format!("changed: {}", beyond.join(", "))
        };
        (beyond.is_empty(), told)
    }
}
