//! Plugins built against policy 1.x: the types of that WIT, and what turns them into the host's own.

use wasmtime::{
    Store,
    component::{
        Component, ComponentExportIndex, ComponentNamedList, HasSelf, Instance, Lift, Linker, Lower,
    },
};

use super::sentence;
use crate::engine::{Guest, Hidden, Level, Plugin, PluginError, PluginErrorKind, World};

pub(super) mod model_scorer;
pub(super) mod prompt_pack;
pub(super) mod router;
pub(super) mod run_reviewer;
pub(super) mod secret_scanner;

/// Types made from the WIT. One world with every interface: the worlds share `host`, and so do its types here.
mod wit {
    // The macro implements wasmtime's `unsafe` type traits and documents nothing.
    #![allow(unsafe_code, missing_docs, unreachable_pub, dead_code, clippy::all, clippy::unwrap_used)]

    wasmtime::component::bindgen!({
        path: "../../wit/policy-v1",
        inline: "
            package cc-orchestrator:host-bindings;
            world all {
                include cc-orchestrator:policy/router@1.0.0;
                include cc-orchestrator:policy/model-scorer@1.0.0;
                include cc-orchestrator:policy/run-reviewer@1.0.0;
                include cc-orchestrator:policy/secret-scanner@1.0.0;
                include cc-orchestrator:policy/prompt-pack@1.0.0;
            }
        ",
        world: "cc-orchestrator:host-bindings/all",
    });
}

use wit::{cc_orchestrator::policy::host, exports::cc_orchestrator::policy as exports};

/// Where a component of policy 1.x has its functions.
pub(crate) struct Functions {
    world: World,
    indices: Vec<(&'static str, ComponentExportIndex)>,
}

impl Functions {
    pub(super) fn find(component: &Component, world: World) -> Result<Self, PluginError> {
        let indices = names(world).iter().map(|name| Some((*name, index(component, world, name)?)));
        let indices = indices.collect::<Option<_>>().ok_or_else(|| incomplete(world))?;
        Ok(Self { world, indices })
    }

    pub(super) fn check(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<()> {
        let mut check = Check { functions: self, store, instance };
        match self.world {
            World::Router => router::check(&mut check),
            World::ModelScorer => model_scorer::check(&mut check),
            World::RunReviewer => run_reviewer::check(&mut check),
            World::SecretScanner => secret_scanner::check(&mut check),
            World::PromptPack => prompt_pack::check(&mut check),
        }
    }

    fn get(&self, name: &str) -> Option<ComponentExportIndex> {
        self.indices.iter().find(|(known, _)| *known == name).map(|(_, index)| *index)
    }

    /// Calls a function of the contract; its own failure becomes an error.
    fn call<P, T>(&self, plugin: &Plugin, name: &str, hidden: &Hidden, arguments: P) -> Result<T, PluginError>
    where
        P: ComponentNamedList + Lower,
        Result<T, host::Failure>: Lift + 'static,
    {
        let Some(function) = self.get(name) else { return Err(plugin.blame(other_world(self.world, name))) };
        let (answer,): (Result<T, host::Failure>,) = plugin.call(function, hidden.clone(), arguments)?;
        answer.map_err(|failure| plugin.blame(said(&failure, hidden)))
    }
}

/// Compares the functions of an instance with the types of the contract.
struct Check<'a> {
    functions: &'a Functions,
    store: &'a mut Store<Guest>,
    instance: &'a Instance,
}

impl Check<'_> {
    fn function<P, T>(&mut self, name: &str) -> wasmtime::Result<()>
    where
        P: ComponentNamedList + Lower,
        Result<T, host::Failure>: Lift + 'static,
    {
        let index =
            self.functions.get(name).ok_or_else(|| wasmtime::Error::msg(format!("no function {name}")))?;
        self.instance.get_typed_func::<P, (Result<T, host::Failure>,)>(&mut *self.store, index).map(drop)
    }
}

fn names(world: World) -> &'static [&'static str] {
    match world {
        World::Router => &["route"],
        World::ModelScorer => &["score"],
        World::RunReviewer => &["review"],
        World::SecretScanner => &["rules", "classify"],
        World::PromptPack => &["templates", "render"],
    }
}

/// Finds a function by its interface's name alone: a plugin may be built against any 1.x.
fn index(component: &Component, world: World, function: &str) -> Option<ComponentExportIndex> {
    let prefix = format!("cc-orchestrator:policy/{}@1.", world.interface());
    let ty = component.component_type();
    let name = ty.exports(component.engine()).map(|(name, _)| name).find(|name| name.starts_with(&prefix))?;
    let interface = component.get_export_index(None, name)?;
    component.get_export_index(Some(&interface), function)
}

fn incomplete(world: World) -> PluginError {
    let what =
        format!("lacks a function of {}: {} are needed", world.interface(), names(world).join(" and "));
    PluginError::new(PluginErrorKind::WrongWorld, what)
        .hint("build it with bindings made from the unchanged policy WIT")
}

fn other_world(world: World, function: &str) -> PluginError {
    PluginError::new(PluginErrorKind::WrongWorld, format!("is a {world} and has no function {function}"))
        .hint("ask a plugin of the right world")
}

fn said(failure: &host::Failure, hidden: &Hidden) -> PluginError {
    let tell = |text: &str| sentence(&hidden.strip(text));
    let error = PluginError::new(PluginErrorKind::Said, format!("failed: {}", tell(&failure.message)));
    match &failure.hint {
        Some(hint) => error.hint(tell(hint)),
        None => error,
    }
}

/// Offers `host` of policy 1.x.
pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)
}

impl host::Host for Guest {
    fn log(&mut self, level: host::Level, message: String) {
        let level = match level {
            host::Level::Debug => Level::Debug,
            host::Level::Info => Level::Info,
            host::Level::Warn => Level::Warn,
            host::Level::Error => Level::Error,
        };
        Self::log(self, level, &message);
    }

    fn config(&mut self, key: String) -> Option<String> {
        Self::config(self, &key)
    }
}
