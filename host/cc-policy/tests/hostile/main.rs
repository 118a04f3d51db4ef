//! Plugins that misbehave: each is stopped, each is named with what it did, and the next plugin works as before.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod bounds;
mod component;
mod files;
mod languages;
mod log;
mod memory;
mod versions;
mod wasi;

use std::{
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use cc_domain::{Candidate, RouteRequest, Verdict};
use cc_policy::engine::{Engine, Limits, Plugin, PluginError, PluginErrorKind, PluginSpec, World, digest};

/// A router that keeps whatever was proposed.
const GOOD: &str = include_str!("good.wat");

/// The engine of all tests. One test at a time: they measure the memory of the process.
fn engine() -> (&'static Engine, MutexGuard<'static, ()>) {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    (ENGINE.get_or_init(|| Engine::start(None).expect("an engine")), guard)
}

fn spec(bytes: &[u8], world: World) -> PluginSpec {
    PluginSpec {
        id: "team.hostile".into(),
        version: "6.6.6".into(),
        digest: digest(bytes),
        world,
        limits: Limits { deadline: Duration::from_millis(100), ..Limits::default() },
        config: vec![("mood".into(), "calm".into())],
    }
}

fn load(engine: &Engine, bytes: &[u8]) -> Result<Plugin, PluginError> {
    engine.load(bytes, &spec(bytes, World::Router))
}

/// Loads a router made of this core module.
fn router(engine: &Engine, core: &str) -> Result<Plugin, PluginError> {
    load(engine, &component::of(component::POLICY, "router", core))
}

fn route(plugin: &Plugin) -> Result<Verdict, PluginError> {
    let request =
        RouteRequest { role: Default::default(), task_type: None, write: false, attributes: vec![] };
    plugin.route(&request, &[candidate()], None)
}

fn candidate() -> Candidate {
    Candidate {
        profile_id: "p1".into(),
        profile_name: "One".into(),
        model: "m1".into(),
        current: true,
        usable: true,
        score: 5.0,
        attributes: vec![("price.output".into(), "15".into())],
    }
}

fn assert_good_plugin_works(engine: &Engine) {
    let plugin = router(engine, GOOD).expect("the good plugin loads");
    assert_eq!(route(&plugin), Ok(Verdict::Keep));
}

/// The error is of that kind and names the plugin; the engine serves the next one.
fn assert_refused<T: std::fmt::Debug>(
    engine: &Engine,
    answer: Result<T, PluginError>,
    kind: PluginErrorKind,
) -> PluginError {
    let error = answer.expect_err("an error");
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.to_string().starts_with("plugin 'team.hostile' 6.6.6 "), "{error}");
    assert!(error.hint.is_some(), "no hint: {error}");
    assert_good_plugin_works(engine);
    error
}
