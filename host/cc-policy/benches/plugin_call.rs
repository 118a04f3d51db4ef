//! What a plugin costs: a call on a fresh instance beside the same function called natively, compiling, loading.
//!
//! `cargo bench -p cc-policy --bench plugin_call`
#![allow(clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use cc_domain::{Candidate, ModelToScore, Role, RouteRequest};
use cc_plugin_router::Router;
use cc_policy::engine::{Engine, Limits, Plugin, PluginSpec, World, digest};
use cc_policy_sdk::router::{Candidate as GuestCandidate, Guest, Request as GuestRequest};
use criterion::{Criterion, criterion_group, criterion_main};

const ROUTER: &[u8] = include_bytes!("../../../plugins/bundled/router.wasm");
const SCORER: &[u8] = include_bytes!("../../../plugins/bundled/model-scorer.wasm");

fn spec(bytes: &[u8], world: World) -> PluginSpec {
    PluginSpec {
        id: "cc.bench".into(),
        version: "1.0.0".into(),
        digest: digest(bytes),
        world,
        limits: Limits::default(),
        config: vec![],
    }
}

fn load(engine: &Engine, bytes: &[u8], world: World) -> Plugin {
    engine.load(bytes, &spec(bytes, world)).expect("a plugin")
}

fn candidates() -> Vec<Candidate> {
    let attributes =
        [("price.input", "3"), ("price.output", "15"), ("history.runs", "20"), ("history.successes", "18")];
    (0..4)
        .map(|n| Candidate {
            profile_id: format!("profile-{n}"),
            profile_name: format!("Profile {n}"),
            model: format!("model-{n}"),
            current: n == 0,
            usable: true,
            score: 6.0 + f64::from(n),
            attributes: attributes.map(|(key, value)| (key.into(), value.into())).to_vec(),
        })
        .collect()
}

fn request() -> RouteRequest {
    RouteRequest { role: Role::default(), task_type: None, write: true, attributes: vec![] }
}

/// The same job for the same code, compiled for this machine.
fn native(candidates: &[Candidate]) {
    let request =
        GuestRequest { role: Role::DEFAULT.into(), task_type: None, write: true, attributes: vec![] };
    let candidates = candidates.iter().map(|c| GuestCandidate {
        profile_id: c.profile_id.clone(),
        profile_name: c.profile_name.clone(),
        model: c.model.clone(),
        current: c.current,
        usable: c.usable,
        score: c.score,
        attributes: c.attributes.clone(),
    });
    black_box(Router::route(request, candidates.collect(), None)).expect("a verdict");
}

fn calls(c: &mut Criterion) {
    let engine = Engine::start(None).expect("an engine");
    let (request, candidates) = (request(), candidates());
    let router = load(&engine, ROUTER, World::Router);
    let sandboxed = || drop(black_box(router.route(&request, &candidates, None)).expect("a verdict"));
    c.bench_function("route, fresh instance", |b| b.iter(sandboxed));
    c.bench_function("route, native", |b| b.iter(|| native(&candidates)));

    let scorer = load(&engine, SCORER, World::ModelScorer);
    let roles = Role::KNOWN.map(|role| role.name.parse::<Role>().expect("a role"));
    let model = |n| ModelToScore { profile_id: "p".into(), model: format!("model-{n}"), attributes: vec![] };
    let models = (0..4).map(model).collect::<Vec<_>>();
    c.bench_function("score 4 models for 14 roles", |b| {
        b.iter(|| black_box(scorer.score(&roles, &models)).expect("scores"));
    });

    let (sandboxed, native) = (mean(sandboxed), mean(|| native(&candidates)));
    let ratio = sandboxed.as_secs_f64() / native.as_secs_f64();
    println!("one route: {sandboxed:?} on a fresh instance, {native:?} natively, ratio {ratio:.1}");
}

fn loads(c: &mut Criterion) {
    let mut group = c.benchmark_group("load the router");
    group.sample_size(10);
    let uncached = Engine::start(None).expect("an engine");
    group.bench_function("compiled", |b| b.iter(|| load(&uncached, ROUTER, World::Router)));
    let folder = tempfile::tempdir().expect("a folder");
    let cached = start_with_cache(folder.path());
    group.bench_function("from the cache", |b| b.iter(|| load(&cached, ROUTER, World::Router)));
    group.bench_function("start of the engine", |b| b.iter(|| Engine::start(None).expect("an engine")));
    group.finish();
}

/// An engine whose cache has the router already.
fn start_with_cache(folder: &Path) -> Engine {
    let engine = Engine::start(Some(folder)).expect("an engine");
    load(&engine, ROUTER, World::Router);
    engine
}

/// Mean time of one call.
fn mean(mut call: impl FnMut()) -> Duration {
    const CALLS: u32 = 2000;
    let start = Instant::now();
    (0..CALLS).for_each(|_| call());
    start.elapsed() / CALLS
}

criterion_group!(benches, calls, loads);
criterion_main!(benches);
