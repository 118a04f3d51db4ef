//! A loaded plugin, and one call of it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use wasmtime::{
    Store,
    component::{Component, ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower},
};

use super::{
    Guest, Hidden, PluginError, PluginSpec, Shared, Which, World,
    blame::{self, Moment},
    clock::Clock,
};
use crate::worlds::Binding;

/// Resources a call may hold; policy interfaces have none.
const HANDLES: usize = 100;

/// A plugin that is ready for calls. Each call gets a fresh instance, so none knows of another; clones share it.
///
/// Calls block for as long as the plugin's deadline; in async code they belong on a blocking thread.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    shared: Arc<Shared>,
    which: Which,
    spec: Arc<PluginSpec>,
    instances: InstancePre<Guest>,
    binding: Binding,
    most_memory: AtomicU64,
}

impl Plugin {
    /// Links a component to the host and starts it once: its functions must be there, of the right types.
    pub(super) fn start(
        shared: Arc<Shared>,
        which: Which,
        component: &Component,
        spec: Arc<PluginSpec>,
    ) -> Result<Self, PluginError> {
        let instances = shared.lane(which)?.link(component).map_err(|error| blame::unlinked(&error))?;
        let binding = Binding::find(component, spec.world)?;
        let plugin = Self(Arc::new(Loaded {
            shared,
            which,
            spec,
            instances,
            binding,
            most_memory: AtomicU64::new(0),
        }));
        plugin.with_instance(Hidden::default(), |store, instance| {
            plugin.0.binding.check(store, instance).map_err(|error| blame::mistyped(&error))
        })?;
        Ok(plugin)
    }

    /// What it was loaded from; limits are those that hold.
    #[must_use]
    pub fn spec(&self) -> &PluginSpec {
        &self.0.spec
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.spec.id
    }

    /// What it decides.
    #[must_use]
    pub fn world(&self) -> World {
        self.0.spec.world
    }

    /// The most linear memory that any call has used so far, bytes.
    #[must_use]
    pub fn most_memory(&self) -> u64 {
        self.0.most_memory.load(Ordering::Relaxed)
    }

    /// Names this plugin in an error about its answer.
    pub(crate) fn blame(&self, error: PluginError) -> PluginError {
        error.of(&self.0.spec.id, &self.0.spec.version)
    }

    pub(crate) fn binding(&self) -> &Binding {
        &self.0.binding
    }

    /// Calls one function on a fresh instance, within all limits.
    pub(crate) fn call<P, R>(
        &self,
        function: ComponentExportIndex,
        hidden: Hidden,
        arguments: P,
    ) -> Result<R, PluginError>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let answer = self.with_instance(hidden, |store, instance| {
            let function = instance.get_typed_func::<P, R>(&mut *store, function);
            let function = function.map_err(|error| blame::mistyped(&error))?;
            function
                .call(&mut *store, arguments)
                .map_err(|error| blame::guest(&error, store.data(), Moment::Call))
        });
        answer.map_err(|error| self.blame(error))
    }

    fn with_instance<T>(
        &self,
        hidden: Hidden,
        work: impl FnOnce(&mut Store<Guest>, &Instance) -> Result<T, PluginError>,
    ) -> Result<T, PluginError> {
        let lane = self.0.shared.lane(self.0.which)?;
        let _slot = lane.slots.take();
        let _running = self.0.shared.clock.run();
        let mut store = self.store(&lane.engine, hidden);
        let instance = self.0.instances.instantiate(&mut store);
        let done = match instance {
            Ok(instance) => work(&mut store, &instance),
            Err(error) => Err(blame::guest(&error, store.data(), Moment::Start)),
        };
        store.data().close_log();
        let used = self.0.spec.limits.memory_bytes.saturating_sub(store.data().budget.left());
        self.0.most_memory.fetch_max(used, Ordering::Relaxed);
        done
    }

    fn store(&self, engine: &wasmtime::Engine, hidden: Hidden) -> Store<Guest> {
        let limits = &self.0.spec.limits;
        let mut store = Store::new(engine, Guest::new(Arc::clone(&self.0.spec), hidden));
        store.limiter(|guest| &mut guest.budget);
        store.set_epoch_deadline(Clock::ticks(limits.deadline));
        store.set_hostcall_fuel(usize::try_from(limits.output_bytes).unwrap_or(usize::MAX));
        store.set_max_component_handles(HANDLES);
        store
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Plugin").field(&self.0.spec.id).field(&self.0.spec.version).finish()
    }
}
