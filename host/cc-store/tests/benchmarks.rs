//! Benchmarks in the database.
#![allow(clippy::unwrap_used)]

use cc_domain::{BenchmarkId, BenchmarkResult, CheckResult, ResultState, Usage};
use cc_store::{Benchmark, Home, Store};
use serde_json::json;

struct World {
    store: Store,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: Store::open(&Home::at(folder.path())).unwrap(), _folder: folder }
    }

    fn benchmark(&self, n: u32, ranks: bool) -> BenchmarkId {
        let id: BenchmarkId = format!("bench-20261123T061500Z-{n:08x}").parse().unwrap();
        let (suite, suite_digest) = ("core".to_owned(), "d1".to_owned());
        let benchmark =
            Benchmark { id: id.clone(), suite, suite_digest, ranks, plan: json!({ "repeat": 3 }) };
        self.store.create_benchmark(&benchmark).unwrap();
        assert_eq!(self.store.benchmark(&id).unwrap(), Some(benchmark));
        id
    }

    fn put(&self, id: &BenchmarkId, repetition: u32, score: Option<f64>) -> BenchmarkResult {
        let result = BenchmarkResult {
            benchmark_id: id.clone(),
            profile_id: "p-1".into(),
            profile_name: "模型".into(),
            model: Some("m".into()),
            actual_model: Some("m-2026".into()),
            role: "review".parse().unwrap(),
            task: "planted-bug".into(),
            repetition,
            state: if score.is_some() { ResultState::Judged } else { ResultState::Void },
            score,
            checks: vec![CheckResult {
                name: "the file is named".into(),
                passed: true,
                guard: false,
                weight: 1.0,
                evidence: "a.sql".into(),
            }],
            usage: Usage { input_tokens: 5, ..Usage::default() },
            cost_usd: Some(0.25),
            duration_ms: Some(100),
            run_id: None,
            at: "2026-11-23T06:15:00Z".into(),
            error: None,
        };
        self.store.put_benchmark_result(&result).unwrap();
        result
    }
}

#[test]
fn a_result_is_kept_whole_and_replaced_by_its_next_state() {
    let world = World::new();
    let id = world.benchmark(1, true);
    world.put(&id, 1, None);
    let judged = world.put(&id, 1, Some(0.5));
    assert_eq!(world.store.benchmark_results(&id).unwrap(), [judged]);
}

#[test]
fn the_newest_benchmark_that_judged_a_model_is_its_score() {
    let world = World::new();
    let old = world.benchmark(1, true);
    (1..=3).for_each(|n| drop(world.put(&old, n, Some(0.0))));
    let scores = world.store.benchmark_scores().unwrap();
    assert_eq!((scores[0].score.n, scores[0].score.mean), (3, 0.0));
    let new = world.benchmark(2, true);
    world.put(&new, 1, Some(1.0));
    world.put(&new, 2, None);
    let scores = world.store.benchmark_scores().unwrap();
    let [score] = scores.as_slice() else { panic!("one: {scores:?}") };
    assert_eq!((score.score.n, score.score.mean, score.tasks), (1, 1.0, 1));
    assert_eq!((&score.benchmark_id, score.suite.as_str(), score.role.as_str()), (&new, "core", "review"));
    assert_eq!((score.cost_usd, score.duration_ms), (Some(0.25), Some(100)));
    assert_eq!(score.answered_by, ["m-2026"]);
}

#[test]
fn what_was_not_judged_or_does_not_rank_says_nothing_of_a_model() {
    let world = World::new();
    let void = world.benchmark(1, true);
    world.put(&void, 1, None);
    let made_up = world.benchmark(2, false);
    world.put(&made_up, 1, Some(1.0));
    assert_eq!(world.store.benchmark_scores().unwrap(), []);
}
