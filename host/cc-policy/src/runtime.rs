//! The engine and the plugins loaded so far. Nothing is started before the first plugin is asked.

use std::{
    borrow::Cow,
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::{
    PolicyError,
    catalog::{Entry, Status},
    engine::{Engine, Plugin, PluginError, PluginSpec, World, digest},
    overrides::Overrides,
};

/// Most plugins kept ready; beyond it all are dropped, and those still asked are loaded again.
const MOST_LOADED: usize = 64;

type Slot = Arc<OnceLock<Result<Plugin, PluginError>>>;

/// Why a plugin cannot be asked.
pub(crate) enum Unloaded {
    /// It may not run, or its files cannot be read now.
    NotReady(String),
    /// Its bytes are what is wrong.
    Failed(PluginError),
}

/// Loads each plugin once, however many threads ask for it.
pub(crate) struct Runtime {
    cache: PathBuf,
    engine: Mutex<Option<Engine>>,
    loaded: Mutex<HashMap<String, Slot>>,
}

impl Runtime {
    pub(crate) fn new(cache: PathBuf) -> Self {
        Self { cache, engine: Mutex::new(None), loaded: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn is_started(&self) -> bool {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The plugin of an entry, ready for calls; else why it is not.
    pub(crate) fn plugin(
        &self,
        entry: &Entry,
        world: World,
        overrides: &Overrides,
    ) -> Result<Plugin, Unloaded> {
        if !matches!(entry.status, Status::Ready | Status::Shadow) {
            let reason = entry.reason.as_deref().unwrap_or("it cannot load");
            let message = format!("plugin '{}' {} is not loaded: {reason}", entry.id, entry.version);
            return Err(Unloaded::NotReady(message));
        }
        let spec = entry.spec(world, overrides);
        let slot = self.slot(key(&spec));
        if let Some(loaded) = slot.get() {
            return loaded.clone().map_err(Unloaded::Failed);
        }
        // What may be otherwise the next time fails this call only; what is wrong with the bytes is kept.
        let (engine, bytes) =
            self.ready(entry, &spec).map_err(|error| Unloaded::NotReady(error.to_string()))?;
        slot.get_or_init(|| engine.load(&bytes, &spec)).clone().map_err(Unloaded::Failed)
    }

    fn ready(&self, entry: &Entry, spec: &PluginSpec) -> Result<(Engine, Cow<'static, [u8]>), PolicyError> {
        let bytes = entry.bytes()?;
        if digest(&bytes) == spec.digest {
            return Ok((self.engine()?, bytes));
        }
        Err(PolicyError::Refused(format!(
            "plugin '{}' {} changed while it was being loaded",
            entry.id, entry.version
        )))
    }

    fn slot(&self, key: String) -> Slot {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.len() >= MOST_LOADED && !loaded.contains_key(&key) {
            loaded.clear();
        }
        Arc::clone(loaded.entry(key).or_default())
    }

    fn engine(&self) -> Result<Engine, PolicyError> {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(started) = &*engine {
            return Ok(started.clone());
        }
        let started = Engine::start(Some(&self.cache))?;
        *engine = Some(started.clone());
        Ok(started)
    }
}

/// Everything that makes a loaded plugin what it is.
fn key(spec: &PluginSpec) -> String {
    format!("{spec:?}")
}
