//! The ledger of what runs use, and the limits that are kept by it.
#![allow(clippy::unwrap_used)]

use std::{num::NonZeroU32, path::Path, sync::Barrier, thread};

use cc_domain::{Accuracy, CostGuard, Payer, RunId, RunRecord, RunStatus, Spent, Usage};
use cc_store::{Home, LedgerLine, RunDir, Store, StoreError, Terms, UsageBy, today};
use serde_json::json;
use tempfile::TempDir;

struct World {
    dir: TempDir,
    store: Store,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("project")).unwrap();
        let store = Store::open(&Home::at(dir.path().join("home"))).unwrap();
        Self { dir, store }
    }

    fn record(&self, number: u32, profile: &str, mode: &str) -> RunRecord {
        let root = self.dir.path().join("project");
        let id: RunId = format!("20261125T061500Z-{number:08x}").parse().unwrap();
        serde_json::from_value(json!({
            "format": 1, "run_id": id, "mode": mode, "status": "starting",
            "started_at": format!("{}T06:15:00Z", today()), "finished_at": null, "duration_ms": null, "cwd": root,
            "workspace_root": root, "artifact_root": RunDir::artifact_root(&root), "role": "review",
            "task_type": "review", "permission_mode": "plan", "allow_write": false, "timeout_seconds": 60,
            "prompt_sha256": "", "command": [], "supervisor_pid": null, "child_pid": null, "exit_code": null,
            "stop_reason": null, "error": null, "result": null,
            "route": { "role": "review", "task_type": "review", "profile_id": profile, "profile_name": "模型",
                "model": "m", "score": null, "reason": "", "trace": [] },
        }))
        .unwrap()
    }
}

fn line(profile: &str, model: &str, tokens: u64, usd: Option<f64>) -> LedgerLine {
    let usage = Usage { input_tokens: tokens - 1, cache_read_tokens: 1, ..Usage::default() };
    let accuracy = if usd.is_some() { Accuracy::Priced } else { Accuracy::Unknown };
    LedgerLine {
        day: today(),
        profile_id: profile.into(),
        profile_name: "模型".into(),
        declared_model: Some("m".into()),
        model: model.into(),
        spent: Spent { usage, usd, accuracy },
    }
}

fn guard(text: serde_json::Value) -> CostGuard {
    serde_json::from_value(text).unwrap()
}

fn payer(record: &RunRecord) -> Payer<'_> {
    Payer { profile_id: &record.route.profile_id, profile_name: "模型", project: &record.workspace_root }
}

fn within(guard: &CostGuard) -> Terms<'_> {
    Terms { guard: Some(guard), claim: None }
}

#[test]
fn writing_again_replaces_and_all_sums_agree() {
    let world = World::new();
    let (a, b) = (world.record(1, "p-1", "blocking"), world.record(2, "p-2", "streaming"));
    let held = [&a, &b].map(|run| world.store.create_run(run, "").unwrap());
    let money = guard(json!({ "usd": { "day": 100 } }));
    let write = |run: &RunRecord, lines: &[LedgerLine]| {
        world.store.write_ledger(run, lines, Some(&money)).unwrap().unwrap()
    };
    write(&a, &[line("p-1", "m", 10, Some(0.5))]);
    let first = write(&a, &[line("p-1", "m", 30, Some(1.5)), line("p-1", "helper", 5, None)]);
    assert_eq!((first.run.usd, first.run.tokens, first.day.tokens), (1.5, 35, 35));
    let both = write(&b, &[line("p-2", "m", 100, Some(2.0))]);
    assert_eq!((both.run.usd, both.profile.usd, both.day.usd, both.fleet.usd), (2.0, 2.0, 3.5, 3.5));
    assert_eq!((both.project.tokens, both.day.tokens), (135, 135));

    let spent = world.store.spent(&a.run_id).unwrap().unwrap();
    assert_eq!((spent.usd, spent.usage.total(), spent.accuracy), (Some(1.5), 35, Accuracy::Unknown));
    assert_eq!(world.store.run(&a.run_id).unwrap().output_budget.spent, Some(spent));
    let row = &world.store.list_runs(&cc_store::RunFilter::default()).unwrap()[1];
    assert_eq!((row.cost_usd, row.usage.total(), row.cost_is_estimate), (Some(1.5), 35, true));
    drop(held);
    let lost = world.store.run(&a.run_id).unwrap();
    assert_eq!(
        (lost.status, lost.output_budget.spent),
        (RunStatus::Lost, Some(spent)),
        "nothing is forgotten"
    );
    let next = world.store.standing(payer(&b)).unwrap();
    assert_eq!((next.fleet.usd, next.day.usd, next.active), (2.0, 3.5, 1), "b is not settled yet");
}

#[test]
fn nobody_starts_more_than_is_allowed_and_a_refusal_leaves_nothing() {
    let world = World::new();
    let limits = CostGuard { max_concurrent: NonZeroU32::new(5).unwrap(), ..CostGuard::default() };
    let gate = Barrier::new(16);
    let home = world.store.home().clone();
    let started: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..16)
            .map(|number| {
                let (record, home, gate, limits) =
                    (world.record(number, "p-1", "blocking"), home.clone(), &gate, &limits);
                scope.spawn(move || {
                    let store = Store::open(&home).unwrap();
                    gate.wait();
                    (record.run_id.clone(), store.create_run_on(&record, "", &within(limits)))
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let dir = |id: &RunId| RunDir::of(&world.dir.path().join("project"), id);
    for (id, outcome) in &started {
        assert_eq!(dir(id).path().exists(), outcome.is_ok());
        assert_eq!(world.store.run(id).is_ok(), outcome.is_ok());
        if let Err(error) = outcome {
            assert!(
                matches!(error, StoreError::OverLimit(over) if over.name() == "max_concurrent"),
                "{error}"
            );
        }
    }
    assert_eq!(started.iter().filter(|(_, outcome)| outcome.is_ok()).count(), 5);
    drop(started);
    // Their launchers are gone: they are lost, and count no more.
    world.store.create_run_on(&world.record(99, "p-1", "blocking"), "", &within(&limits)).unwrap();
}

#[test]
fn a_start_is_refused_for_what_was_spent_before_the_project_is_touched() {
    let world = World::new();
    let spender = world.record(1, "p-1", "blocking");
    let _held = world.store.create_run(&spender, "").unwrap();
    world.store.write_ledger(&spender, &[line("p-1", "m", 10, Some(1.0))], None).unwrap();
    let refused = |profile: &str, limits: serde_json::Value| {
        let next = world.record(2, profile, "blocking");
        let outcome = world.store.create_run_on(&next, "", &within(&guard(limits)));
        assert!(!RunDir::of(&next.workspace_root, &next.run_id).path().exists() || outcome.is_ok());
        matches!(outcome, Err(StoreError::OverLimit(_)))
    };
    assert!(refused("p-1", json!({ "usd": { "day": 1 } })));
    assert!(refused("p-1", json!({ "usd": { "fleet": 0.5 } })));
    assert!(refused("p-1", json!({ "tokens": { "profile": 10 } })));
    assert!(refused("p-1", json!({ "profiles": { "p-1": { "max_concurrent": 1 } } })));
    assert!(!refused(
        "p-2",
        json!({ "usd": { "day": 1.1, "run": 0.1 }, "profiles": { "p-1": { "usd": 0 } } })
    ));
}

#[test]
fn sums_are_made_by_anything_and_demo_runs_stand_apart() {
    let world = World::new();
    let (work, demo) = (world.record(1, "p-1", "blocking"), world.record(2, "p-1", "demo"));
    let idle = world.record(3, "p-2", "blocking");
    for run in [&work, &demo, &idle] {
        drop(world.store.create_run(run, "").unwrap());
    }
    let lines = [line("p-1", "m", 10, Some(1.0)), line("p-2", "other", 7, None)];
    world.store.write_ledger(&work, &lines, None).unwrap();
    world.store.write_ledger(&demo, &[line("p-1", "demo", 1_000, Some(9.0))], None).unwrap();
    world.store.run(&idle.run_id).unwrap();
    let today = today().parse().unwrap();
    let all = world.store.usage_in_all(today, today).unwrap();
    let (work, apart): (Vec<_>, Vec<_>) = all.iter().partition(|sum| sum.apart.is_none());
    assert_eq!((work[0].runs, work[0].failures, work[0].usd, work[0].usage.total()), (2, 1, 1.0, 17));
    assert_eq!(work[0].by_accuracy, [0.0, 1.0, 0.0, 7.0]);
    assert_eq!((apart[0].apart.as_deref(), apart[0].usd), (Some("demo"), 9.0));
    assert_eq!(world.store.standing(payer(&demo_free(&world))).unwrap().day.usd, 1.0, "a demo costs nothing");
    for (by, keys) in [
        (UsageBy::Model, vec!["m", "other"]),
        (UsageBy::Profile, vec!["p-1", "p-2"]),
        (UsageBy::Role, vec!["review"]),
        (UsageBy::Day, vec![cc_store::today().leak() as &str]),
    ] {
        let sums = world.store.usage(by, today, today).unwrap();
        let found: Vec<&str> =
            sums.iter().filter(|sum| sum.apart.is_none()).map(|sum| sum.key.as_str()).collect();
        assert_eq!(found, keys, "{by:?}");
    }
    assert!(
        world
            .store
            .usage_in_all("2020-01-01".parse().unwrap(), "2020-12-31".parse().unwrap())
            .unwrap()
            .is_empty()
    );
}

fn demo_free(world: &World) -> RunRecord {
    world.record(9, "p-1", "blocking")
}

#[test]
fn runs_of_an_older_version_are_in_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::at(dir.path());
    let old = rusqlite::Connection::open(home.state_db()).unwrap();
    for step in ["1-runs-and-decisions", "2-supervision"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema").join(format!("{step}.sql"));
        old.execute_batch(&std::fs::read_to_string(path).unwrap()).unwrap();
    }
    old.pragma_update(None, "user_version", 2).unwrap();
    let insert = "INSERT INTO runs VALUES (?1, 'succeeded', 0, 'blocking', 'review', 'review', 'p-1', 'n', 'm', 'real',
        '/p', '/p', '/r', '2026-11-23T06:15:00Z', 1795414500000, NULL, 5, 0, 0, 10, 20, 30, 40, 0.5, ?2, NULL, 0, 0,
        NULL, NULL, NULL)";
    old.execute(insert, ("20261123T061500Z-00000001", 0)).unwrap();
    old.execute(insert, ("20261123T061500Z-00000002", 1)).unwrap();
    drop(old);
    let store = Store::open(&home).unwrap();
    let spent =
        |n: u32| store.spent(&format!("20261123T061500Z-0000000{n}").parse().unwrap()).unwrap().unwrap();
    assert_eq!(
        (spent(1).usd, spent(1).usage.total(), spent(1).accuracy),
        (Some(0.5), 100, Accuracy::Reported)
    );
    assert_eq!(
        (spent(2).usd, spent(2).accuracy),
        (None, Accuracy::Unknown),
        "a price that was made up is none"
    );
    let day = "2026-11-23".parse().unwrap();
    let sums = store.usage(UsageBy::Model, day, day).unwrap();
    assert_eq!((sums[0].key.as_str(), sums[0].runs, sums[0].usage.total()), ("real", 2, 200));
}
