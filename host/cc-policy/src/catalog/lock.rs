//! `plugins.lock`: the user's plugins, and exactly which bytes of them may run.

use std::path::{Path, PathBuf};

use semver::Version;
use serde::{Deserialize, Serialize};
use toml_edit::DocumentMut;

use super::{keys::KeyName, tables::Array};
use crate::{
    PolicyError,
    engine::Limits,
    files,
    id::PluginId,
    toml_text::{self, TextError},
};

/// The file's name in the home.
pub const LOCK: &str = "plugins.lock";

const FORMAT: u32 = 1;
const HINT: &str = "Correct it, or take an older one from the backups folder";
const ARRAY: Array = Array {
    name: "plugin",
    key: "id",
    hint: HINT,
    head: "# The plugins that you added. `order`, `enabled` and `shadow` are yours to change; the rest is written by cc-orchestrator.\n",
};
const SEEN: Array = Array { name: "seen", ..ARRAY };

/// One plugin of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// Its id.
    pub id: PluginId,
    /// The version in use; it names the folder.
    pub version: Version,
    /// Its world. A text: a newer cc-orchestrator may have written one that this one does not know.
    pub world: String,
    /// Where it was added from.
    pub source: String,
    /// `sha256:…`, of what was found there; none for a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// sha256 of the component, lower-case hex. Other bytes do not load.
    pub sha256: String,
    /// sha256 of its manifest, likewise; none in a lock of the first release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
    /// The pinned key that signed the manifest. Without that key it does not load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<KeyName>,
    /// What it may use.
    #[serde(default)]
    pub limits: Limits,
    /// RFC 3339, UTC.
    pub installed_at: String,
    /// Off: kept, not asked.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Asked, and what it says recorded, but not acted on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub shadow: bool,
    /// Plugins with a greater one come later and so outrank those before.
    #[serde(default)]
    pub order: i64,
}

fn yes() -> bool {
    true
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// The newest version of a plugin that ever was in this home. It outlives the plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    pub(super) id: PluginId,
    pub(super) version: Version,
    pub(super) manifest_sha256: String,
    /// It came from the network.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) remote: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signed_by: Option<KeyName>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockFile {
    #[serde(default = "first")]
    format: u32,
    #[serde(default)]
    plugin: Vec<LockedPlugin>,
    #[serde(default)]
    seen: Vec<Seen>,
}

fn first() -> u32 {
    FORMAT
}

/// Where a home keeps its lock.
pub(crate) fn path(home: &Path) -> PathBuf {
    home.join(LOCK)
}

/// Every plugin in the home's lock; none when there is no lock.
pub(crate) fn read(home: &Path) -> Result<Vec<LockedPlugin>, PolicyError> {
    Ok(read_file(home)?.plugin)
}

/// The newest version of a plugin that ever was in this home.
pub(super) fn seen(home: &Path, id: &PluginId) -> Result<Option<Seen>, PolicyError> {
    Ok(read_file(home)?.seen.into_iter().find(|seen| seen.id == *id))
}

fn read_file(home: &Path) -> Result<LockFile, PolicyError> {
    let path = path(home);
    let text = files::read_text(&path)?.unwrap_or_default();
    Ok(parse(&toml_text::shown(&path), &text)?)
}

/// Reads a text as a lock.
#[cfg(any(fuzzing, test))]
pub(crate) fn parse_text(text: &str) -> Result<Vec<LockedPlugin>, TextError> {
    parse(LOCK, text).map(|lock| lock.plugin)
}

fn parse(file: &str, text: &str) -> Result<LockFile, TextError> {
    let lock: LockFile = toml_text::parse(file, text, HINT)?;
    toml_text::check_format(file, text, lock.format, FORMAT)?;
    let twice = |plugin: &&LockedPlugin| lock.plugin.iter().filter(|other| other.id == plugin.id).count() > 1;
    match lock.plugin.iter().find(twice) {
        Some(plugin) => {
            Err(toml_text::at(file, text, None, &format!("'{}' is listed twice", plugin.id), HINT))
        }
        None => Ok(lock),
    }
}

/// Changes the lock and keeps the old one in `backups/`. The caller holds the guard.
pub(super) fn change(
    home: &Path,
    edit: impl FnOnce(&mut Editor) -> Result<(), PolicyError>,
) -> Result<Option<PathBuf>, PolicyError> {
    let path = path(home);
    read(home)?;
    let mut editor = Editor(ARRAY.open(&path)?);
    edit(&mut editor)?;
    let text = editor.0.to_string();
    parse("the changed lock", &text)?;
    let backup = files::back_up(home, &path)?;
    files::write(&path, text.as_bytes())?;
    Ok(backup)
}

/// The lock, open for changes.
pub(super) struct Editor(DocumentMut);

impl Editor {
    pub(super) fn put(&mut self, plugin: &LockedPlugin) -> Result<(), PolicyError> {
        ARRAY.put(&mut self.0, plugin.id.as_str(), plugin)
    }

    pub(super) fn remember(&mut self, seen: &Seen) -> Result<(), PolicyError> {
        SEEN.put(&mut self.0, seen.id.as_str(), seen)
    }

    pub(super) fn take(&mut self, id: &PluginId) -> bool {
        ARRAY.take(&mut self.0, id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(id: &str, order: i64) -> LockedPlugin {
        LockedPlugin {
            id: id.parse().expect("an id"),
            version: Version::new(1, 0, 0),
            world: "router".into(),
            source: "/somewhere".into(),
            digest: None,
            sha256: "0".repeat(64),
            manifest_sha256: Some("1".repeat(64)),
            signed_by: None,
            limits: Limits::default(),
            installed_at: "2026-11-23T06:15:00Z".into(),
            enabled: true,
            shadow: false,
            order,
        }
    }

    #[test]
    fn changing_the_lock_keeps_the_users_comments() {
        let home = tempfile::tempdir().expect("a home");
        let home = home.path();
        change(home, |lock| lock.put(&plugin("a", 1)).and(lock.put(&plugin("b", 2)))).expect("changed");
        let text = std::fs::read_to_string(path(home)).expect("readable");
        files::write(&path(home), text.replace("order = 1", "order = 1 # first").as_bytes())
            .expect("written");
        let backup = change(home, |lock| {
            assert!(lock.take(&"b".parse().expect("an id")));
            lock.put(&LockedPlugin { enabled: false, ..plugin("a", 5) })
        });
        let after = std::fs::read_to_string(path(home)).expect("readable");
        assert!(after.contains("order = 5 # first") && after.contains("enabled = false"), "{after}");
        assert_eq!(read(home).expect("a lock").len(), 1);
        assert!(backup.expect("changed").is_some_and(|path| path.exists()));
    }

    #[test]
    fn a_lock_of_the_future_or_with_mistakes_is_refused() {
        let entry = toml::to_string(&plugin("a", 1)).expect("a text").replace("[limits]", "[plugin.limits]");
        for (text, word) in [
            ("format = 2\n".to_owned(), "Upgrade cc-orchestrator"),
            (format!("[[plugin]]\n{}", entry.replace("order", "ordre")), "ordre"),
            (format!("[[plugin]]\n{entry}\n[[plugin]]\n{entry}"), "twice"),
        ] {
            let error = parse("plugins.lock", &text).expect_err(word).to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
