//! `plugin bench`: what plugins cost, side by side, and beside the default plugin of their world.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    fixtures::{self, Asked},
    samples,
    subject::Subject,
};
use crate::{
    PolicyError,
    engine::{Engine, Plugin, PluginError, World},
};

/// Calls of one measurement at most, and how long it may take at most once there are a few.
const CALLS: usize = 1000;
const FEW: usize = 5;
const PATIENCE: Duration = Duration::from_secs(3);

/// What plugins of one world cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// The plugins, in the order they were named.
    pub plugins: Vec<Measured>,
    /// The default plugin of their world, with the same questions.
    pub default: Cost,
    /// What was asked: the first plugin's fixtures, or a sample of the world when it has none.
    pub questions: Vec<String>,
}

/// What a plugin costs, as figures and as multiples of the default's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// The figures.
    #[serde(flatten)]
    pub cost: Cost,
    /// The component's size.
    pub component_ratio: f64,
    /// Loading it cold.
    pub load_cold_ratio: f64,
    /// Loading it from the cache.
    pub load_cached_ratio: f64,
    /// The median call.
    pub call_ratio: f64,
    /// The memory of a call.
    pub memory_ratio: f64,
}

/// What one plugin costs. Times are in microseconds, of this machine and this build of cc-orchestrator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// The plugin.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Size of its component, bytes.
    pub component_bytes: u64,
    /// Loading it cold: compiled, once after it is added or cc-orchestrator upgraded.
    pub load_cold_us: u64,
    /// Loading what was compiled, once in each process; the median.
    pub load_cached_us: u64,
    /// Calls that were measured, each on a fresh instance.
    pub calls: usize,
    /// The fastest call.
    pub call_min_us: f64,
    /// The median call.
    pub call_median_us: f64,
    /// 95 of 100 calls were as fast.
    pub call_p95_us: f64,
    /// The most linear memory that a call used, bytes.
    pub memory_bytes: u64,
    /// What it is granted, bytes.
    pub memory_limit_bytes: u64,
}

/// Measures plugins and the default one of their world with the questions in `fixtures`.
///
/// # Errors
/// There is none, they are of several worlds, a fixture cannot be read, or one cannot be loaded or breaks off.
pub fn bench_plugins(subjects: &[Subject], fixtures: &Path) -> Result<BenchReport, PolicyError> {
    let world = world_of(subjects)?;
    let asked = if fixtures.is_dir() { fixtures::questions(fixtures, world)? } else { Vec::new() };
    let asked = if asked.is_empty() { vec![samples::of(world)?] } else { asked };
    let costs = subjects.iter().map(|subject| cost(subject, &asked)).collect::<Result<Vec<_>, _>>()?;
    let default = cost(&Subject::default_of(world)?, &asked)?;
    Ok(BenchReport {
        questions: asked.iter().map(|asked| asked.name.clone()).collect(),
        plugins: costs.into_iter().map(|cost| Measured::of(cost, &default)).collect(),
        default,
    })
}

fn world_of(subjects: &[Subject]) -> Result<World, PolicyError> {
    let refused = |text: &str| PolicyError::Refused(text.into());
    let first = subjects.first().ok_or_else(|| refused("name a plugin to measure"))?.world();
    if subjects.iter().any(|subject| subject.world() != first) {
        return Err(refused("these plugins are of several worlds: measure those of one world together"));
    }
    Ok(first)
}

impl Measured {
    fn of(cost: Cost, default: &Cost) -> Self {
        let ratio = |figure: fn(&Cost) -> f64| figure(&cost) / figure(default);
        Self {
            component_ratio: ratio(|cost| cost.component_bytes as f64),
            load_cold_ratio: ratio(|cost| cost.load_cold_us as f64),
            load_cached_ratio: ratio(|cost| cost.load_cached_us as f64),
            call_ratio: ratio(|cost| cost.call_median_us),
            memory_ratio: ratio(|cost| cost.memory_bytes as f64),
            cost,
        }
    }
}

fn cost(subject: &Subject, asked: &[Asked]) -> Result<Cost, PolicyError> {
    let cache = tempfile::tempdir().map_err(|source| crate::FileError::Io {
        action: "create",
        path: std::env::temp_dir(),
        source,
    })?;
    let engine = Engine::start(Some(cache.path()))?;
    let load = |config: &[(String, String)]| {
        let (time, plugin) = timed(|| engine.load(subject.component(), &subject.spec(config)));
        plugin.map(|plugin| (time, plugin))
    };
    let (cold, _) = load(&[])?;
    let loaded = asked.iter().map(|asked| load(&asked.config)).collect::<Result<Vec<_>, _>>()?;
    let (cached, plugins): (Vec<_>, Vec<_>) = loaded.into_iter().unzip();
    let (cached, calls) = (sorted(cached), sorted(calls(asked, &plugins)?));
    let call = |share| of_hundred(&calls, share).as_secs_f64() * 1e6;
    Ok(Cost {
        id: subject.manifest.id.to_string(),
        version: subject.manifest.version.to_string(),
        component_bytes: subject.component().len() as u64,
        load_cold_us: micros(cold),
        load_cached_us: micros(of_hundred(&cached, 50)),
        calls: calls.len(),
        call_min_us: call(0),
        call_median_us: call(50),
        call_p95_us: call(95),
        memory_bytes: plugins.iter().map(Plugin::most_memory).max().unwrap_or(0),
        memory_limit_bytes: subject.spec(&[]).limits.clamped().memory_bytes,
    })
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

/// The time that so many of a hundred were as fast as.
fn of_hundred(sorted: &[Duration], share: usize) -> Duration {
    sorted.get(sorted.len() * share / 100).copied().unwrap_or_default()
}

fn calls(asked: &[Asked], plugins: &[Plugin]) -> Result<Vec<Duration>, PluginError> {
    let (start, mut calls) = (Instant::now(), Vec::new());
    while calls.len() < CALLS && (calls.len() < FEW || start.elapsed() < PATIENCE) {
        for (asked, plugin) in asked.iter().zip(plugins) {
            let (time, answer) = timed(|| asked.question.ask(plugin));
            match answer {
                // A failure of its own is an answer, too: the default pack does not have the plugin's templates.
                Err(error) if error.kind != crate::engine::PluginErrorKind::Said => return Err(error),
                _ => calls.push(time),
            }
        }
    }
    Ok(calls)
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
