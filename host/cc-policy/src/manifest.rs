//! `plugin.toml`: what a plugin says of itself.

use std::{collections::BTreeMap, path::Path};

use semver::{Comparator, Op, Version, VersionReq};
use serde::{Deserialize, Serialize};

use crate::{
    engine::{Limits, World},
    files::{self, FileError},
    id::PluginId,
    toml_text::{self, Setting, TextError},
};

/// The manifest's file name.
pub const MANIFEST: &str = "plugin.toml";
/// The component's file name.
pub const COMPONENT: &str = "plugin.wasm";

/// The file name of the manifest's signature.
pub const SIGNATURE: &str = "plugin.toml.minisig";

/// Longest manifest that is read, in bytes.
pub const MAX_MANIFEST: u64 = 64 << 10;

const HINT: &str = "Correct the manifest; its keys are in the plugin guide";

/// A plugin's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Such as `cc.router`.
    pub id: PluginId,
    /// The plugin's own version.
    pub version: Version,
    /// The one world it is of.
    pub world: World,
    /// The cc-orchestrator versions it works with, such as `>=0.1.0, <1.0.0`.
    pub host: VersionReq,
    /// What it does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// sha256 of `plugin.wasm`, lower-case hex. Building writes it; a source folder has none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "digest")]
    pub sha256: Option<String>,
    /// What it asks for; see [`Manifest::granted`].
    #[serde(default, skip_serializing_if = "are_default")]
    pub limits: Limits,
    /// Defaults of its settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, Setting>,
}

fn are_default(limits: &Limits) -> bool {
    *limits == Limits::default()
}

fn digest<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    let is_hex = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex {
        Ok(Some(text))
    } else {
        Err(serde::de::Error::custom("a sha256 is 64 lower-case hex digits"))
    }
}

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is none.
    #[error("there is no {MANIFEST} in {0}: a plugin is a folder with {MANIFEST} and {COMPONENT}")]
    Missing(String),
    /// It does not say what it should.
    #[error(transparent)]
    Text(#[from] TextError),
}

impl Manifest {
    /// Reads a manifest's text; `file` is how errors call it.
    ///
    /// # Errors
    /// The line and what is wrong there: an unknown key, a value of another kind, a missing key.
    pub fn parse(file: &str, text: &str) -> Result<Self, TextError> {
        if text.len() as u64 > MAX_MANIFEST {
            let message = format!("the manifest is larger than {MAX_MANIFEST} bytes");
            return Err(toml_text::at(file, text, None, &message, HINT));
        }
        toml_text::parse(file, text, HINT)
    }

    /// Reads the manifest of a plugin's folder.
    ///
    /// # Errors
    /// It is missing, unreadable, too large or not a manifest.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join(MANIFEST);
        let text =
            files::read_text(&path)?.ok_or_else(|| ManifestError::Missing(toml_text::shown(folder)))?;
        Ok(Self::parse(&toml_text::shown(&path), &text)?)
    }

    /// What it gets: never more than the engine's maximum.
    #[must_use]
    pub fn granted(&self) -> Limits {
        self.limits.clamped()
    }

    /// Checks that this cc-orchestrator is one the plugin works with.
    ///
    /// # Errors
    /// A sentence that says which of the two is to be upgraded.
    pub fn check_host(&self, host: &Version) -> Result<(), HostMismatch> {
        // A pre-release of a version counts as that version: a range rarely names pre-releases.
        let release = Version::new(host.major, host.minor, host.patch);
        match self.host.comparators.iter().find(|part| !allows(part, &release)) {
            None => Ok(()),
            Some(part) if host_is_older(part, &release) => Err(HostMismatch::HostTooOld(self.mismatch(host))),
            Some(_) => Err(HostMismatch::PluginTooOld(self.mismatch(host))),
        }
    }

    fn mismatch(&self, host: &Version) -> Mismatch {
        let [id, version] = [self.id.to_string(), self.version.to_string()];
        Mismatch { id, version, range: self.host.to_string(), host: host.to_string() }
    }
}

fn allows(part: &Comparator, host: &Version) -> bool {
    VersionReq { comparators: vec![part.clone()] }.matches(host)
}

fn host_is_older(part: &Comparator, host: &Version) -> bool {
    let bound = (part.major, part.minor.unwrap_or(0), part.patch.unwrap_or(0));
    let below = (host.major, host.minor, host.patch) < bound;
    below || (part.op == Op::Greater && !allows(part, host))
}

/// A plugin and a host that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostMismatch {
    /// The plugin needs a newer host.
    #[error("{0}: upgrade cc-orchestrator, or use an older version of the plugin")]
    HostTooOld(Mismatch),
    /// The plugin was made for older hosts.
    #[error("{0}: upgrade the plugin to a version made for this cc-orchestrator")]
    PluginTooOld(Mismatch),
}

/// The versions in question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin {id} {version} works with cc-orchestrator {range}, and this one is {host}")]
pub struct Mismatch {
    id: String,
    version: String,
    range: String,
    host: String,
}

/// This binary's version, as manifests are checked against it.
#[must_use]
pub fn host_version() -> Version {
    let number = |text: &str| text.parse().unwrap_or(0);
    Version::new(
        number(env!("CARGO_PKG_VERSION_MAJOR")),
        number(env!("CARGO_PKG_VERSION_MINOR")),
        number(env!("CARGO_PKG_VERSION_PATCH")),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = r#"
id = "acme.router"
version = "1.2.0"
world = "router"
host = ">=0.1.0, <1.0.0"
[limits]
memory_bytes = 64000000
[config]
floor = 6.5
strict = true
"#;

    fn parse(text: &str) -> Result<Manifest, TextError> {
        Manifest::parse("plugin.toml", text)
    }

    fn for_hosts(range: &str) -> Manifest {
        parse(&WHOLE.replace(">=0.1.0, <1.0.0", range)).expect("a manifest")
    }

    #[test]
    fn a_manifest_is_typed_and_its_settings_are_texts() {
        let manifest = parse(WHOLE).expect("a manifest");
        assert_eq!((manifest.id.as_str(), manifest.world), ("acme.router", World::Router));
        assert_eq!(manifest.config["floor"], Setting("6.5".into()));
        assert_eq!(manifest.config["strict"], Setting("true".into()));
        assert_eq!(manifest.granted().memory_bytes, 64_000_000);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (from, to, line, word) in [
            ("memory_bytes", "memory_mb", 7, "memory_mb"),
            ("version = \"1.2.0\"", "version = \"1.2\"", 3, "version"),
            ("\"router\"", "\"rooter\"", 4, "rooter"),
            ("floor = 6.5", "floor = []", 9, "a text, a number"),
            ("acme.router", "../x", 2, "../x"),
        ] {
            let error = parse(&WHOLE.replace(from, to)).expect_err(to);
            assert_eq!(error.line, line, "{error}");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn the_message_says_which_side_to_upgrade() {
        let at = |range, host: &str| for_hosts(range).check_host(&host.parse().expect("a version"));
        assert_eq!(at(">=0.1.0, <1.0.0", "0.9.9"), Ok(()));
        assert_eq!(at(">=0.2.0", "0.2.0-rc.1"), Ok(()));
        for (range, host) in [(">=0.3.0", "0.2.0"), (">0.2.0", "0.2.0"), ("^1", "0.9.0"), ("=0.4.1", "0.4.0")]
        {
            assert!(matches!(at(range, host), Err(HostMismatch::HostTooOld(_))), "{range} {host}");
        }
        for (range, host) in
            [("<1.0.0", "1.0.0"), ("^0.1", "0.2.0"), ("~0.1.4", "0.2.0"), ("=0.4.1", "0.5.0")]
        {
            assert!(matches!(at(range, host), Err(HostMismatch::PluginTooOld(_))), "{range} {host}");
        }
    }

    #[test]
    fn a_manifest_asks_for_no_more_than_there_is() {
        let greedy = parse(&WHOLE.replace("64000000", "64000000000")).expect("a manifest");
        assert_eq!(greedy.granted().memory_bytes, Limits::MAX.memory_bytes);
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in ".{0,400}") {
            let _ = parse(&text);
        }

        #[test]
        fn a_changed_manifest_is_read_or_refused_with_a_line(at in 0..WHOLE.len(), put in any::<char>()) {
            let text: String = WHOLE.chars().enumerate().map(|(n, c)| if n == at { put } else { c }).collect();
            if let Err(error) = parse(&text) {
                prop_assert!((1..=WHOLE.lines().count() + 1).contains(&error.line));
            }
        }

        #[test]
        fn a_manifest_outlives_writing_and_reading(
            memory in 0u64..(1 << 40), key in "[a-z_]{1,9}", value in "\\PC{0,40}",
        ) {
            let mut manifest = parse(WHOLE).expect("a manifest");
            manifest.limits.memory_bytes = memory;
            manifest.config.insert(key, Setting(value));
            let text = toml::to_string(&manifest).expect("writable");
            prop_assert_eq!(parse(&text).expect("readable"), manifest);
        }
    }
}
