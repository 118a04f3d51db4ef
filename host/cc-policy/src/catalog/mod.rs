//! Which plugins there are: three layers, what was recorded of each, and why one cannot load.

mod bundled;
mod change;
mod lock;
mod package;
mod project;
mod tables;
mod trust;
mod user;
mod watch;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use cc_domain::{Layer, PluginRef};
use serde::{Deserialize, Serialize};

use crate::{
    PolicyError,
    engine::{Limits, PluginSpec, World, read_component, tidy},
    manifest::{COMPONENT, MANIFEST, Manifest},
    overrides::Overrides,
    toml_text::Setting,
};

pub use bundled::{BUNDLED, Bundled};
pub use change::{Added, Removed, add_local, remove, set_enabled};
#[cfg(fuzzing)]
pub(crate) use lock::parse_text as parse_lock;
pub use lock::{LOCK, LockedPlugin};
pub use trust::{TRUST, Trusted, TrustedPlugin, TrustedProject, trust, trusts, untrust};
pub(crate) use watch::Watch;

use package::Fault;

/// Longest folder name that is shown as an id, in bytes.
const NAME_BYTES: usize = 80;
/// Longest description that is shown, in bytes.
const DESCRIPTION_BYTES: usize = 300;

/// Whether a plugin can load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is asked.
    Ready,
    /// The user switched it off.
    Disabled,
    /// Its project is not trusted, or was before the plugin came.
    Untrusted,
    /// Its bytes are not those that the user added or trusted.
    Changed,
    /// It is made for other versions of cc-orchestrator.
    Incompatible,
    /// It is missing, cannot be read or is no plugin.
    Broken,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::Disabled => "disabled",
            Self::Untrusted => "untrusted",
            Self::Changed => "changed",
            Self::Incompatible => "incompatible",
            Self::Broken => "broken",
        })
    }
}

/// One plugin of one layer.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) version: String,
    /// None when it cannot be told.
    pub(crate) world: Option<World>,
    pub(crate) layer: Layer,
    pub(crate) order: i64,
    /// Of the bytes that may run; empty when none may.
    pub(crate) digest: String,
    pub(crate) limits: Limits,
    pub(crate) description: Option<String>,
    pub(crate) source: String,
    pub(crate) config: BTreeMap<String, Setting>,
    pub(crate) package: Package,
    pub(crate) status: Status,
    pub(crate) reason: Option<String>,
}

/// Where the component's bytes are.
#[derive(Clone, Debug)]
pub(crate) enum Package {
    Inside(&'static [u8]),
    Folder(PathBuf),
}

impl Entry {
    /// An entry as its manifest has it, ready unless there is a fault.
    fn of_folder(
        layer: Layer,
        folder: &Path,
        id: &str,
        manifest: Option<Manifest>,
        fault: Option<Fault>,
    ) -> Self {
        let (status, reason) = fault.map_or((Status::Ready, None), |(status, reason)| (status, Some(reason)));
        let manifest = manifest.as_ref();
        Self {
            id: tidy(id, NAME_BYTES),
            version: manifest.map(|manifest| manifest.version.to_string()).unwrap_or_default(),
            world: manifest.map(|manifest| manifest.world),
            layer,
            order: 0,
            digest: String::new(),
            limits: manifest.map(|manifest| manifest.granted()).unwrap_or_default(),
            description: manifest
                .and_then(|m| m.description.as_ref())
                .map(|text| tidy(text, DESCRIPTION_BYTES)),
            source: folder.display().to_string(),
            config: manifest.map(|manifest| manifest.config.clone()).unwrap_or_default(),
            package: Package::Folder(folder.into()),
            status,
            reason,
        }
    }

    /// How traces name it.
    pub(crate) fn plugin_ref(&self) -> PluginRef {
        let [id, version, digest] = [&self.id, &self.version, &self.digest].map(Clone::clone);
        PluginRef { id, version, digest, layer: self.layer }
    }

    /// What the engine is to load, with the user's settings.
    pub(crate) fn spec(&self, world: World, overrides: &Overrides) -> PluginSpec {
        let config = match self.id.parse() {
            Ok(id) => overrides.settings(&id, &self.config),
            Err(_) => Vec::new(),
        };
        let [id, version, digest] = [&self.id, &self.version, &self.digest].map(Clone::clone);
        PluginSpec { id, version, digest, world, limits: self.limits, config }
    }

    /// The component's bytes, not yet held against the digest.
    pub(crate) fn bytes(&self) -> Result<Cow<'static, [u8]>, PolicyError> {
        match self.package {
            Package::Inside(bytes) => Ok(Cow::Borrowed(bytes)),
            Package::Folder(ref folder) => {
                Ok(Cow::Owned(read_component(&folder.join(COMPONENT), self.limits.component_bytes)?))
            }
        }
    }

    /// Asked, or to be asked if it could load: neither switched off nor untrusted.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self.status, Status::Disabled | Status::Untrusted)
    }
}

/// All plugins, from the lowest seat to the highest.
#[derive(Debug)]
pub(crate) struct Catalog {
    entries: Vec<Entry>,
    watch: Watch,
}

impl Catalog {
    /// Reads every layer. Starts no engine and runs no plugin.
    pub(crate) fn read(home: &Path, project: Option<&Path>) -> Result<Self, PolicyError> {
        let watch = Watch::start(home, project);
        let mut entries = bundled::entries()?;
        entries.extend(user::entries(home)?);
        if let Some(project) = project {
            entries.extend(project::entries(home, project)?);
        }
        entries.sort_by(|a, b| (a.layer, a.order, &a.id).cmp(&(b.layer, b.order, &b.id)));
        let mut catalog = Self { entries, watch };
        catalog.watch_packages();
        Ok(catalog)
    }

    /// The bundled layer alone.
    pub(crate) fn bundled() -> Vec<Entry> {
        bundled::entries().unwrap_or_default()
    }

    fn watch_packages(&mut self) {
        for entry in &self.entries {
            if let Package::Folder(folder) = &entry.package {
                self.watch.add(folder.join(MANIFEST));
                self.watch.add(folder.join(COMPONENT));
            }
        }
    }

    /// Nothing it was read from has changed since.
    pub(crate) fn is_fresh(&self) -> bool {
        self.watch.is_unchanged()
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The plugins of a world that count, from the lowest to the highest.
    pub(crate) fn seats(&self, world: World) -> Vec<PluginRef> {
        self.of(world).map(Entry::plugin_ref).collect()
    }

    pub(crate) fn of(&self, world: World) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.world == Some(world) && entry.counts())
    }

    /// The entry that a trace names so.
    pub(crate) fn entry(&self, plugin: &PluginRef) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.layer == plugin.layer && entry.id == plugin.id)
    }
}
