//! What each version of this program that worked in a home has left there, written by itself.

use std::{collections::BTreeMap, fs, sync::OnceLock};

use cc_policy::BUNDLED;
use cc_store::{Home, read_bounded, schema, write_atomic};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::inventory::{self, Files};
use crate::{Context, ErrorKind, OpError};

/// The form of a record; a reader leaves a newer one alone.
const FORMAT: u32 = 1;
const MOST_BYTES: u64 = 16 << 20;
/// Names the version whose state the user has accepted last.
const ACCEPTED: &str = "accepted";

/// A home as one version left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    format: u32,
    pub(crate) version: String,
    /// Tells builds of one version apart.
    pub(crate) build: String,
    /// RFC 3339, UTC.
    pub(crate) at: String,
    /// The version of `state.db` that it writes.
    pub(crate) schema: u32,
    pub(crate) files: Files,
    pub(crate) bundled: Vec<BundledPlugin>,
    /// Rows of each table of `state.db`.
    pub(crate) rows: BTreeMap<String, u64>,
}

/// A default plugin of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BundledPlugin {
    pub(crate) id: String,
    pub(crate) version: String,
    /// sha256 of its component, which is kept as `versions/<sha256>.wasm`.
    pub(crate) digest: String,
}

impl Record {
    /// `<version>-<build>`: names its file.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.version, self.build)
    }

    /// The home as it is now, and what this binary is.
    pub(crate) fn now(home: &Home, known: &Files) -> Result<Self, OpError> {
        let files = inventory::take(home, known).map_err(|error| unreadable(home, &error))?;
        let bundled = bundled();
        Ok(Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: build(&bundled),
            at: Timestamp::now().to_string(),
            schema: schema::known_version(),
            files,
            bundled,
            rows: schema::found(home)?.map(|found| found.rows).unwrap_or_default(),
        })
    }

    /// The record of that name, if it can be read.
    pub(crate) fn read(home: &Home, name: &str) -> Option<Self> {
        let bytes = read_bounded(&home.versions().join(format!("{name}.json")), MOST_BYTES).ok()?;
        serde_json::from_slice::<Self>(&bytes).ok().filter(|record| record.format <= FORMAT)
    }

    fn write(&self, home: &Home) -> Result<(), OpError> {
        let folder = home.versions();
        cc_store::create_private_dir(&folder)?;
        for (plugin, bundled) in self.bundled.iter().zip(BUNDLED) {
            let path = folder.join(format!("{}.wasm", plugin.digest));
            if !path.is_file() {
                write_atomic(&path, bundled.component)?;
            }
        }
        let text = serde_json::to_vec(self).unwrap_or_default();
        Ok(write_atomic(&folder.join(format!("{}.json", self.name())), &text)?)
    }
}

/// The version whose state the user accepted last; none: the home is new, or what worked here kept no record.
pub(crate) fn accepted(home: &Home) -> Option<String> {
    let text = fs::read_to_string(home.versions().join(ACCEPTED)).ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

pub(crate) fn accept(home: &Home, name: &str) -> Result<(), OpError> {
    cc_store::create_private_dir(&home.versions())?;
    Ok(write_atomic(&home.versions().join(ACCEPTED), format!("{name}\n").as_bytes())?)
}

/// Writes down how this version leaves the home, if that has changed. A home that is not there stays so.
///
/// # Errors
/// When the home cannot be read or written.
pub fn note(cx: &Context) -> Result<(), OpError> {
    let home = &cx.setup().home;
    if !home.root().is_dir() {
        return Ok(());
    }
    let name = own_name();
    let old = Record::read(home, name);
    if old.as_ref().is_some_and(|old| inventory::is_as(home, &old.files)) {
        return Ok(());
    }
    let known = old.as_ref().map(|old| old.files.clone()).unwrap_or_default();
    let record = Record::now(home, &known)?;
    record.write(home)?;
    // Whoever comes first to a home has nothing to be compared with.
    if cx.home_was_new() && accepted(home).is_none() {
        accept(home, name)?;
    }
    Ok(())
}

/// The name of this binary's own record.
pub(crate) fn own_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("{}-{}", env!("CARGO_PKG_VERSION"), build(&bundled())))
}

fn bundled() -> Vec<BundledPlugin> {
    let plugin = |status: cc_policy::PluginStatus| BundledPlugin {
        id: status.id,
        version: status.version,
        digest: status.digest,
    };
    cc_policy::bundled_plugins().into_iter().map(plugin).collect()
}

/// What decides and what is written: the default plugins and the database's version.
fn build(bundled: &[BundledPlugin]) -> String {
    let mut hash = Sha256::new();
    bundled.iter().for_each(|plugin| hash.update(&plugin.digest));
    hash.update(schema::known_version().to_le_bytes());
    hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unreadable(home: &Home, error: &std::io::Error) -> OpError {
    OpError::new(
        ErrorKind::State,
        format!("the home {} cannot be read: {error}", home.root().display()),
        "check its permissions, then call again",
    )
}
