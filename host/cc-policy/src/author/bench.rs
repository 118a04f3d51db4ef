//! `plugin bench`: what a call costs, beside the default plugin of the same world.

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
    engine::{Engine, Plugin, PluginError},
};

/// Calls of one measurement at most, and how long it may take at most once there are a few.
const CALLS: usize = 1000;
const FEW: usize = 5;
const PATIENCE: Duration = Duration::from_secs(3);

/// What a plugin costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// The plugin.
    pub plugin: Cost,
    /// The default plugin of its world, with the same questions.
    pub default: Cost,
    /// What was asked: the plugin's fixtures, or a sample of the world when it has none.
    pub questions: Vec<String>,
    /// The median call, as a multiple of the default's.
    pub call_ratio: f64,
    /// The memory of a call, as a multiple of the default's.
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
    /// Compiling it, once after it is added or cc-orchestrator upgraded.
    pub compile_us: u64,
    /// Loading what was compiled, once in each process.
    pub load_us: u64,
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

/// Measures a plugin and the default one with the questions in `fixtures`.
///
/// # Errors
/// A fixture cannot be read, the plugin cannot be loaded, or it breaks off.
pub fn bench_plugin(subject: &Subject, fixtures: &Path) -> Result<BenchReport, PolicyError> {
    let asked = if fixtures.is_dir() { fixtures::questions(fixtures, subject.world())? } else { Vec::new() };
    let asked = if asked.is_empty() { vec![samples::of(subject.world())?] } else { asked };
    let plugin = cost(subject, &asked)?;
    let default = cost(&Subject::default_of(subject.world())?, &asked)?;
    Ok(BenchReport {
        questions: asked.iter().map(|asked| asked.name.clone()).collect(),
        call_ratio: plugin.call_median_us / default.call_median_us,
        memory_ratio: plugin.memory_bytes as f64 / default.memory_bytes as f64,
        plugin,
        default,
    })
}

fn cost(subject: &Subject, asked: &[Asked]) -> Result<Cost, PolicyError> {
    let cache = tempfile::tempdir().map_err(|source| crate::FileError::Io {
        action: "create",
        path: std::env::temp_dir(),
        source,
    })?;
    let load = |engine: &Engine, config: &[(String, String)]| {
        engine.load(subject.component(), &subject.spec(config))
    };
    let engine = Engine::start(Some(cache.path()))?;
    let (compile, first) = timed(|| load(&engine, &[]));
    first?;
    let (loading, again) = timed(|| load(&engine, &[]));
    again?;
    let plugins = asked.iter().map(|asked| load(&engine, &asked.config)).collect::<Result<Vec<_>, _>>()?;
    let mut calls = calls(asked, &plugins)?;
    calls.sort_unstable();
    let at = |share: usize| calls.get(calls.len() * share / 100).map_or(0.0, |call| call.as_secs_f64() * 1e6);
    Ok(Cost {
        id: subject.manifest.id.to_string(),
        version: subject.manifest.version.to_string(),
        component_bytes: subject.component().len() as u64,
        compile_us: micros(compile),
        load_us: micros(loading),
        calls: calls.len(),
        call_min_us: at(0),
        call_median_us: at(50),
        call_p95_us: at(95),
        memory_bytes: plugins.iter().map(Plugin::most_memory).max().unwrap_or(0),
        memory_limit_bytes: subject.spec(&[]).limits.clamped().memory_bytes,
    })
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
