//! The plugin engine: what runs one component, within limits, and says clearly why it could not.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use wasmtime::component::Component;

mod blame;
mod cache;
mod clock;
mod contract;
mod error;
mod file;
mod guest;
mod inspect;
mod lane;
mod limits;
mod machine_code;
mod plugin;
mod slots;
mod spec;
mod text;
mod world;

pub use error::{EngineError, PluginError, PluginErrorKind};
pub use file::read_component;
pub use inspect::{Inspection, inspect};
pub use limits::{LimitError, Limits};
pub use plugin::Plugin;
pub use spec::{PluginSpec, digest};
pub use world::{UnknownWorld, World};

pub(crate) use file::check_size;
pub(crate) use guest::{Guest, Hidden, Level};
pub(crate) use limits::ERROR_BYTES;
pub(crate) use text::tidy;

use cache::Cache;
use clock::Clock;
use lane::Lane;
use machine_code::MachineCode;

/// Runs plugins. One for each process, started when the first plugin is needed; clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

/// Kept alive by the engine and by every plugin that it loaded.
struct Shared {
    clock: Clock,
    pooled: Lane,
    /// Started with the first plugin that needs it.
    large: OnceLock<Lane>,
    cache: Option<Cache>,
}

impl Engine {
    /// Starts the engine. With a cache folder, compiled components are kept in `<cache_dir>/compiled`.
    ///
    /// # Errors
    /// When address space or a thread is refused.
    pub fn start(cache_dir: Option<&Path>) -> Result<Self, EngineError> {
        let clock = Clock::start().map_err(EngineError::Clock)?;
        let pooled = Lane::pooled().map_err(|error| EngineError::Wasmtime(format!("{error:#}")))?;
        clock.drive(&pooled.engine);
        let cache = cache_dir.map(Cache::new);
        Ok(Self(Arc::new(Shared { clock, pooled, large: OnceLock::new(), cache })))
    }

    /// Inspects, compiles (or takes from the cache) and starts a plugin once, so that what cannot run says so now.
    ///
    /// # Errors
    /// Names the plugin, what is wrong with it and what to do.
    pub fn load(&self, bytes: &[u8], spec: &PluginSpec) -> Result<Plugin, PluginError> {
        let mut spec = spec.clone();
        spec.limits = spec.limits.clamped();
        self.load_within(bytes, &Arc::new(spec.clone())).map_err(|error| error.of(&spec.id, &spec.version))
    }

    fn load_within(&self, bytes: &[u8], spec: &Arc<PluginSpec>) -> Result<Plugin, PluginError> {
        file::check_size(bytes.len() as u64, spec.limits.component_bytes)?;
        check_digest(bytes, spec)?;
        check_world(&inspect(bytes)?, spec)?;
        let (lane, component) = self.component(bytes, spec)?;
        Plugin::start(Arc::clone(&self.0), lane, &component, Arc::clone(spec))
    }

    /// The machine code of a component, mapped into the engine that has room for its calls.
    fn component(&self, bytes: &[u8], spec: &PluginSpec) -> Result<(Which, Component), PluginError> {
        let engine = &self.0.pooled.engine;
        let key = Cache::key(engine, &spec.digest);
        if let Some(code) = self.0.cache.as_ref().and_then(|cache| cache.get(&key)) {
            match self.0.map(&code, spec) {
                Ok(mapped) => return Ok(mapped),
                Err(error) => {
                    tracing::warn!(plugin = spec.id, "compiled again, its cached form is refused: {error}")
                }
            }
        }
        let code = MachineCode::compile(engine, bytes).map_err(|error| invalid(&error))?;
        if let Some(cache) = &self.0.cache {
            cache.put(&key, &code);
        }
        self.0.map(&code, spec)
    }
}

/// Which of the two engines a plugin runs on.
#[derive(Clone, Copy)]
enum Which {
    Pooled,
    Large,
}

impl Shared {
    fn lane(&self, which: Which) -> Result<&Lane, PluginError> {
        match which {
            Which::Pooled => Ok(&self.pooled),
            Which::Large => self.large(),
        }
    }

    fn large(&self) -> Result<&Lane, PluginError> {
        if let Some(lane) = self.large.get() {
            return Ok(lane);
        }
        let lane = Lane::large().map_err(|error| host(&error))?;
        self.clock.drive(&lane.engine);
        // Another thread may have been faster; then its lane stays.
        Ok(self.large.get_or_init(|| lane))
    }

    fn map(&self, code: &MachineCode, spec: &PluginSpec) -> Result<(Which, Component), PluginError> {
        if spec.limits.memory_bytes <= lane::POOLED_MEMORY
            && let Ok(component) = code.load(&self.pooled.engine)
        {
            return Ok((Which::Pooled, component));
        }
        // Too much memory, or more instances and tables than a slot of the pool has.
        let component = code.load(&self.large()?.engine).map_err(|error| invalid(&error))?;
        Ok((Which::Large, component))
    }
}

fn check_digest(bytes: &[u8], spec: &PluginSpec) -> Result<(), PluginError> {
    let actual = digest(bytes);
    if actual == spec.digest {
        return Ok(());
    }
    let what =
        format!("is not what was installed: its sha256 is {actual}, expected was {}", tidy(&spec.digest, 64));
    Err(PluginError::new(PluginErrorKind::Digest, what)
        .hint("install it again if you changed it; if you did not, find out who did"))
}

fn check_world(found: &Inspection, spec: &PluginSpec) -> Result<(), PluginError> {
    if found.world == spec.world {
        return Ok(());
    }
    let what = format!("is a {}, and its manifest calls it a {}", found.world, spec.world);
    Err(PluginError::new(PluginErrorKind::WrongWorld, what)
        .hint(format!("set world = \"{}\" in its manifest, or build it for {}", found.world, spec.world)))
}

fn invalid(error: &wasmtime::Error) -> PluginError {
    let what = format!("cannot be compiled: {}", tidy(&format!("{error:#}"), ERROR_BYTES));
    PluginError::new(PluginErrorKind::Invalid, what)
        .hint("build it again, without threads, memory64 and other features that policy does without")
}

fn host(error: &wasmtime::Error) -> PluginError {
    let what = format!("has no engine to run on: {}", tidy(&format!("{error:#}"), ERROR_BYTES));
    PluginError::new(PluginErrorKind::Host, what).hint("check how much address space this process may use")
}
