//! Which plugins there are: three layers, what was recorded of each, and why one cannot load.

mod admit;
mod bundled;
mod change;
mod keys;
mod lock;
mod package;
mod parcel;
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
    sync::Arc,
};

use cc_domain::{Layer, PluginRef, SecretRule};
use serde::{Deserialize, Serialize};

use crate::{
    PolicyError,
    engine::{Limits, PluginSpec, World, digest, read_component, tidy},
    manifest::{COMPONENT, MANIFEST, Manifest},
    overrides::Overrides,
    payload::{self, DATA, Payload},
    toml_text::Setting,
};

pub use bundled::{BUNDLED, Bundled};
pub(crate) use change::checked_payload;
pub use change::{
    Added, Place, Removed, add, add_local, add_package, promote, remove, set_enabled, set_place,
};
pub use keys::{KEYS, KeyName, PinnedKey, RemovedKey, add_key, keys, remove_key};
#[cfg(any(fuzzing, test))]
pub(crate) use lock::parse_text as parse_lock;
pub use lock::{LOCK, LockedPlugin};
pub use parcel::{Consent, Origin, Parcel};
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
    /// It is asked, and what it says is recorded and not acted on.
    Shadow,
    /// It failed too often and is asked no more, until it is enabled again.
    SetAside,
    /// The user switched it off.
    Disabled,
    /// Its project or the key that signed it is not trusted, or its project was before the plugin came.
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
            Self::Shadow => "shadow",
            Self::SetAside => "set aside",
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
    /// Read already: its file may be gone.
    Read(Arc<[u8]>),
    /// Data for the default component, and where it was read.
    Data(PathBuf, Arc<str>),
}

impl Entry {
    /// An entry as its manifest has it, ready unless there is a fault.
    fn of_folder(
        layer: Layer,
        folder: &Path,
        id: &str,
        manifest: Option<Manifest>,
        payload: Result<Payload, Fault>,
    ) -> Self {
        let (status, reason, package) = match payload {
            Ok(Payload::Data(text)) => (Status::Ready, None, Package::Data(folder.into(), text)),
            Ok(Payload::Component(_)) => (Status::Ready, None, Package::Folder(folder.into())),
            Err((status, reason)) => (status, Some(reason), Package::Folder(folder.into())),
        };
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
            package,
            status,
            reason,
        }
    }

    /// An entry of a package that was not added; it is as ready as it would be then.
    pub(crate) fn of_package(path: &Path) -> Result<Self, PolicyError> {
        let parcel = Parcel::read(path)?;
        let manifest = parcel.checked()?;
        let (id, world, limits) = (manifest.id.to_string(), manifest.world, manifest.granted());
        let digest = digest(parcel.payload.bytes());
        let package = match &parcel.payload {
            Payload::Component(bytes) => Package::Read(bytes.as_slice().into()),
            Payload::Data(text) => Package::Data(path.into(), Arc::clone(text)),
        };
        let entry = Self::of_folder(Layer::User, path, &id, Some(manifest), Ok(parcel.payload));
        Ok(Self { world: Some(world), limits, digest, package, ..entry })
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
        let mut spec = PluginSpec { id, version, digest, world, limits: self.limits, config };
        if let Package::Data(_, text) = &self.package {
            Payload::Data(Arc::clone(text)).complete(&mut spec);
        }
        spec
    }

    /// The rules of a secret-scanner that is data; the host reads them itself. None of a component.
    pub(crate) fn data_rules(&self) -> Option<Result<Vec<SecretRule>, String>> {
        match &self.package {
            Package::Data(_, text) if self.status == Status::Ready => Some(payload::data_rules(text)),
            _ => None,
        }
    }

    /// Where its files are, when it has any.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.package {
            Package::Inside(_) | Package::Read(_) => None,
            Package::Folder(folder) | Package::Data(folder, _) => Some(folder),
        }
    }

    /// The component's bytes, not yet held against the digest.
    pub(crate) fn bytes(&self) -> Result<Cow<'static, [u8]>, PolicyError> {
        match self.package {
            Package::Inside(bytes) => Ok(Cow::Borrowed(bytes)),
            Package::Read(ref bytes) => Ok(Cow::Owned(bytes.to_vec())),
            Package::Folder(ref folder) => {
                Ok(Cow::Owned(read_component(&folder.join(COMPONENT), self.limits.component_bytes)?))
            }
            Package::Data(..) => {
                let world =
                    self.world.ok_or_else(|| PolicyError::Refused(format!("'{}' has no world", self.id)))?;
                Ok(Cow::Borrowed(payload::default_of(world).component))
            }
        }
    }

    /// Asked, or to be asked if it could load: not switched off, in shadow or of a project that is not trusted.
    pub(crate) fn counts(&self) -> bool {
        match self.status {
            Status::Disabled | Status::Shadow => false,
            // The user added it, so its absence must be seen: a scanner without its key stops everything.
            Status::Untrusted => self.layer == Layer::User,
            _ => true,
        }
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
            if let Some(folder) = entry.folder() {
                for name in [MANIFEST, COMPONENT, DATA] {
                    self.watch.add(folder.join(name));
                }
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

    /// The routers in shadow, from the lowest to the highest, each with those that act and itself among them.
    pub(crate) fn shadows(&self) -> Vec<(PluginRef, Vec<PluginRef>)> {
        let routers = || self.entries.iter().filter(|entry| entry.world == Some(World::Router));
        let with = |shadow: &Entry| {
            let seats = routers().filter(|entry| entry.counts() || std::ptr::eq(*entry, shadow));
            (shadow.plugin_ref(), seats.map(Entry::plugin_ref).collect())
        };
        routers().filter(|entry| entry.status == Status::Shadow).map(with).collect()
    }

    /// The same catalog with one more plugin of the user's, at the place where adding it would put it.
    pub(crate) fn with(mut self, mut entry: Entry) -> Self {
        let of_user = |other: &Entry| other.layer == Layer::User;
        let replaced = self.entries.iter().position(|other| of_user(other) && other.id == entry.id);
        let last = self.entries.iter().filter(|other| of_user(other)).map(|other| other.order).max();
        entry.order = match replaced {
            Some(at) => self.entries.remove(at).order,
            None => last.unwrap_or(0).saturating_add(10),
        };
        self.entries.push(entry);
        self.entries.sort_by(|a, b| (a.layer, a.order, &a.id).cmp(&(b.layer, b.order, &b.id)));
        self
    }

    pub(crate) fn of(&self, world: World) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.world == Some(world) && entry.counts())
    }

    /// The entry that a trace names so.
    pub(crate) fn entry(&self, plugin: &PluginRef) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.layer == plugin.layer && entry.id == plugin.id)
    }
}
