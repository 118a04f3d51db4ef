//! Runs in folders and in the index, as launchers, supervisors and readers see them.
#![allow(clippy::unwrap_used)]

use std::{path::Path, slice};

use cc_domain::{
    ActualRoute, EventBody, EventSource, GradeSource, Role, Route, RunGrade, RunId, RunMode, RunRecord,
    RunResult, RunStatus, Usage, Verified, WorkVerdict,
};
use cc_store::{
    CreatedRun, Decision, Home, RunDir, RunFilter, RunLock, RunWriter, Store, StoreError, read_events,
};
use proptest::prelude::*;
use tempfile::TempDir;

struct World {
    dir: TempDir,
    store: Store,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Home::at(dir.path().join("home"))).unwrap();
        Self { dir, store }
    }

    fn project(&self) -> &Path {
        self.dir.path()
    }

    fn create(&self) -> (RunRecord, CreatedRun) {
        let record = record(self.project(), RunId::new(jiff::Timestamp::now()), "2026-11-23T06:15:00Z");
        let created = self.store.create_run(&record, "do [redacted:x]").unwrap();
        (record, created)
    }

    /// A run whose supervisor has taken over.
    fn supervised(&self) -> RunWriter {
        let (_, created) = self.create();
        let lock = RunLock::acquire(&created.dir).unwrap();
        RunWriter::open(created.dir.clone(), lock).unwrap()
    }
}

fn record(root: &Path, run_id: RunId, started_at: &str) -> RunRecord {
    let role = Role::default();
    let route = Route {
        task_type: role.default_task_type(),
        role,
        profile_id: "p-1".into(),
        profile_name: "模型".into(),
        model: Some("m".into()),
        score: None,
        reason: "only one".into(),
        trace: Vec::new(),
    };
    RunRecord {
        artifact_root: RunDir::artifact_root(root),
        timeout_seconds: 60,
        ..RunRecord::starting(run_id, started_at.into(), route, root)
    }
}

fn text(text: &str) -> EventBody {
    EventBody::Text { source: EventSource::Stdout, text: text.into() }
}

#[test]
fn an_end_that_only_the_folder_has_is_settled_by_who_reads_the_run() {
    let world = World::new();
    let (mut record, created) = world.create();
    let id = record.run_id.clone();
    // What a supervisor leaves that is killed between its two writes.
    record.status = RunStatus::Succeeded;
    std::fs::write(created.dir.metadata(), serde_json::to_vec(&record).unwrap()).unwrap();
    assert!(!world.store.has_settled(&id).unwrap());
    assert_eq!(world.store.run(&id).unwrap().status, RunStatus::Succeeded);
    assert!(!world.store.has_settled(&id).unwrap(), "whoever holds the run is still to write it");
    drop(created);
    assert_eq!(world.store.run(&id).unwrap().status, RunStatus::Succeeded);
    assert!(world.store.has_settled(&id).unwrap());
}

#[test]
fn a_created_run_is_on_disk_and_in_the_index_and_hidden_from_git() {
    let world = World::new();
    let (record, created) = world.create();
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap();

    assert_eq!(read(created.dir.prompt()), "do [redacted:x]");
    assert_eq!(created.dir.read_record().unwrap(), record);
    assert_eq!(read(world.project().join(".agent-workspace/.gitignore")), "*\n");
    let latest = created.dir.path().parent().unwrap().join("latest.txt");
    assert_eq!(read(latest).trim(), record.run_id.as_str());
    assert_eq!(world.store.run(&record.run_id).unwrap(), record);
    assert_eq!(world.store.latest_run(Some(world.project())).unwrap(), Some(record.run_id.clone()));
    assert_eq!(world.store.latest_run(Some(Path::new("/elsewhere"))).unwrap(), None);
    let page = read_events(&created.dir, 0, 10, 1 << 16).unwrap();
    assert!(matches!(page.events[0].body, EventBody::RunStarted { .. }) && page.events[0].seq == 1);
    assert!(world.store.create_run(&record, "").is_err(), "an id is used once");
}

#[test]
fn history_counts_what_models_did_and_nothing_else() {
    let world = World::new();
    let run = |n: u32, status, mode, model: Option<&str>| {
        let id = format!("20261123T061500Z-{n:08x}").parse().unwrap();
        let mut record = record(world.project(), id, "2026-11-23T06:15:00Z");
        (record.status, record.mode, record.route.model) = (status, mode, model.map(Into::into));
        drop(world.store.create_run(&record, "").unwrap());
    };
    run(1, RunStatus::Succeeded, RunMode::Blocking, Some("m"));
    run(2, RunStatus::Failed, RunMode::Streaming, Some("m"));
    run(3, RunStatus::TimedOut, RunMode::Blocking, None);
    run(4, RunStatus::Stopped, RunMode::Blocking, Some("m"));
    run(5, RunStatus::Lost, RunMode::Blocking, Some("m"));
    run(6, RunStatus::Succeeded, RunMode::Demo, Some("m"));
    run(7, RunStatus::Succeeded, RunMode::Benchmark, Some("m"));

    let seen: Vec<_> = world
        .store
        .history()
        .unwrap()
        .into_iter()
        .map(|l| (l.profile_id, l.routed, l.runs, l.successes, l.graded, l.score_sum))
        .collect();
    let expected = [("p-1".into(), None, 1, 0, 0, 20), ("p-1".into(), Some("m".into()), 2, 1, 0, 100)];
    assert_eq!(seen, expected);
}

fn grade(record: &RunRecord, source: GradeSource, score: u32) -> RunGrade {
    RunGrade {
        run_id: record.run_id.clone(),
        at: format!("2026-11-23T07:00:{score:02}Z"),
        source,
        score,
        notes: vec!["-35: the task is not solved".into()],
        passed: score >= 50,
        verified: (source == GradeSource::VerifyRun).then_some(Verified::BlockedVerification),
        verdict: WorkVerdict { solved: Some(false), ..WorkVerdict::default() },
        comment: Some("模型".into()),
        mode: record.mode,
        role: record.role.clone(),
        profile_id: record.route.profile_id.clone(),
        model: Some("answered".into()),
    }
}

#[test]
fn a_run_has_one_current_grade_and_keeps_those_before() {
    let world = World::new();
    let (mut record, created) = world.create();
    assert_eq!(world.store.grade(&record.run_id).unwrap(), None);
    let (verified, manual) =
        (grade(&record, GradeSource::VerifyRun, 10), grade(&record, GradeSource::Manual, 55));
    world.store.put_grade(&verified).unwrap();
    world.store.put_grade(&manual).unwrap();
    assert_eq!(world.store.grade(&record.run_id).unwrap(), Some(manual.clone()));
    assert_eq!(world.store.grades(&record.run_id).unwrap(), [manual, verified]);

    // A stopped run says something once the controller does, and counts by what it says.
    record.status = RunStatus::Stopped;
    world.store.update_run(&record).unwrap();
    drop(created);
    let line = world.store.history().unwrap().remove(0);
    assert_eq!((line.runs, line.successes, line.graded, line.score_sum), (1, 1, 1, 55));
}

#[test]
fn history_knows_who_answered_and_what_failed_lately() {
    let world = World::new();
    for n in 0..12_u32 {
        let id = format!("20261123T061500Z-{n:08x}").parse().unwrap();
        let mut record = record(world.project(), id, &format!("2026-11-23T06:15:{n:02}Z"));
        record.status = RunStatus::Succeeded;
        let actual = ActualRoute { model: Some("m-20260101".into()), ..ActualRoute::default() };
        record.result = Some(RunResult { actual, ..RunResult::default() });
        drop(world.store.create_run(&record, "").unwrap());
        // The two oldest are beyond the newest ten.
        if n < 4 {
            world.store.put_grade(&grade(&record, GradeSource::VerifyRun, 10)).unwrap();
        }
    }
    let lines = world.store.history().unwrap();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!((line.routed.as_deref(), line.answered.as_deref()), (Some("m"), Some("m-20260101")));
    assert_eq!((line.runs, line.successes, line.graded, line.recent_failures), (12, 8, 4, 2));
    assert_eq!(line.score_sum, 4 * 10 + 8 * 80);
}

#[test]
fn the_usual_run_is_the_median_of_those_that_succeeded() {
    let world = World::new();
    let run = |n: u32, status, role: &str, tokens: u64| {
        let id = format!("20261123T061500Z-{n:08x}").parse().unwrap();
        let mut record = record(world.project(), id, "2026-11-23T06:15:00Z");
        (record.status, record.role, record.duration_ms) = (status, role.parse().unwrap(), Some(tokens * 10));
        let usage = Usage { input_tokens: tokens, output_tokens: 1, ..Usage::default() };
        record.result = Some(RunResult { usage, ..RunResult::default() });
        drop(world.store.create_run(&record, "").unwrap());
    };
    let review: Role = "review".parse().unwrap();
    assert_eq!(world.store.typical_run(None).unwrap(), None);
    for (n, tokens) in [(1, 10), (2, 1_000), (3, 30)] {
        run(n, RunStatus::Succeeded, "review", tokens);
    }
    run(4, RunStatus::Failed, "review", 5_000);
    run(5, RunStatus::Succeeded, "testing", 0);
    run(6, RunStatus::Succeeded, "testing", 7);
    let usual = world.store.typical_run(Some(&review)).unwrap().unwrap();
    assert_eq!((usual.runs, usual.usage.input_tokens, usual.duration_ms), (3, 30, 300));
    assert_eq!(world.store.typical_run(None).unwrap().unwrap().runs, 5);
    assert_eq!(world.store.typical_run(Some(&"ops".parse().unwrap())).unwrap(), None);
}

#[cfg(unix)]
#[test]
fn everything_of_a_run_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let writer = world.supervised();
    writer.log(&writer.dir().stdout(), 10).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(writer.dir().path()), 0o700);
    assert_eq!(mode(world.store.home().root()), 0o700);
    assert_eq!(mode(&world.store.home().state_db()), 0o600);
    for entry in std::fs::read_dir(writer.dir().path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_run_that_is_being_handed_over_is_never_lost() {
    let world = World::new();
    let (record, created) = world.create();
    let status = || world.store.run(&record.run_id).unwrap().status;
    assert_eq!(status(), RunStatus::Starting, "the launcher answers for it");
    let lock = RunLock::acquire(&created.dir).unwrap();
    let mut writer = RunWriter::open(created.dir.clone(), lock).unwrap();
    drop(created);
    assert_eq!(status(), RunStatus::Starting, "the supervisor answers for it");
    writer.update(&world.store, |record| record.status = RunStatus::Running).unwrap();
    assert_eq!(status(), RunStatus::Running);
}

#[test]
fn a_run_nobody_answers_for_is_lost_once_and_its_leftovers_are_known() {
    let world = World::new();
    let mut writer = world.supervised();
    writer.update(&world.store, |record| record.status = RunStatus::Running).unwrap();
    let id = writer.record().run_id.clone();
    drop(writer);

    let lost = world.store.run(&id).unwrap();
    assert_eq!(lost.status, RunStatus::Lost);
    assert!(lost.error.as_deref().unwrap_or_default().contains("supervisor died"));
    assert_eq!(world.store.runs_with_leftovers().unwrap(), slice::from_ref(&id));
    assert_eq!(world.store.run(&id).unwrap(), lost, "recorded, not derived anew");

    world.store.leftovers_ended(&id).unwrap();
    world.store.run(&id).unwrap();
    assert_eq!(world.store.runs_with_leftovers().unwrap(), []);
}

#[test]
fn a_supervisor_that_comes_too_late_may_not_write() {
    let world = World::new();
    let (record, created) = world.create();
    let dir = created.dir.clone();
    drop(created);
    assert_eq!(world.store.run(&record.run_id).unwrap().status, RunStatus::Lost);
    let lock = RunLock::acquire(&dir).unwrap();
    assert!(matches!(RunWriter::open(dir, lock), Err(StoreError::AlreadyEnded(_, "lost"))));
}

#[test]
fn an_end_that_reached_only_the_folder_counts() {
    let world = World::new();
    let writer = world.supervised();
    let id = writer.record().run_id.clone();
    let mut ended = writer.record().clone();
    ended.status = RunStatus::Succeeded;
    std::fs::write(writer.dir().metadata(), serde_json::to_vec(&ended).unwrap()).unwrap();
    drop(writer);
    let rows = world.store.list_runs(&RunFilter::default()).unwrap();
    assert_eq!((rows[0].run_id.clone(), rows[0].status), (id, RunStatus::Succeeded));
    assert_eq!(world.store.runs_with_leftovers().unwrap(), []);
}

#[test]
fn a_run_whose_folder_was_deleted_is_lost_in_lists() {
    let world = World::new();
    let (record, created) = world.create();
    let folder = created.dir.path().to_owned();
    drop(created);
    std::fs::remove_dir_all(folder).unwrap();
    let rows = world.store.list_runs(&RunFilter::default()).unwrap();
    assert_eq!((rows[0].run_id.clone(), rows[0].status), (record.run_id, RunStatus::Lost));
}

#[test]
fn a_newer_record_is_refused() {
    let world = World::new();
    let (record, created) = world.create();
    std::fs::write(created.dir.metadata(), r#"{"format":9,"new":"shape"}"#).unwrap();
    let error = world.store.run(&record.run_id).unwrap_err();
    assert!(matches!(error, StoreError::NewerRecord { found: 9, .. }), "{error}");
}

#[test]
fn an_unknown_run_is_said_to_be_unknown() {
    let id: RunId = "20261123T061500Z-1a2b3c4d".parse().unwrap();
    assert!(matches!(World::new().store.run(&id), Err(StoreError::UnknownRun(_))));
}

#[test]
fn events_go_on_after_a_torn_line_without_a_gap() {
    let world = World::new();
    let (_, created) = world.create();
    let mut torn = std::fs::read(created.dir.events()).unwrap();
    torn.extend(b"{\"seq\":2,\"ts\":");
    std::fs::write(created.dir.events(), torn).unwrap();
    let lock = RunLock::acquire(&created.dir).unwrap();
    let mut writer = RunWriter::open(created.dir.clone(), lock).unwrap();
    assert_eq!(writer.append_event(text("a\nb")).unwrap(), 2);
    assert_eq!(writer.append_event(text("c")).unwrap(), 3);
    let page = read_events(&created.dir, 0, 10, 1 << 16).unwrap();
    assert_eq!(page.events.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((page.events[1].body.clone(), page.unreadable), (text("a\nb"), 0));
}

#[test]
fn a_log_stops_at_its_limit_and_says_so() {
    let world = World::new();
    let writer = world.supervised();
    let mut log = writer.log(&writer.dir().stdout(), 8).unwrap();
    for line in ["123", "1234567", "1"] {
        log.append(line).unwrap();
    }
    let kept = std::fs::read_to_string(writer.dir().stdout()).unwrap();
    assert_eq!(kept, "123\n[the log is full; later lines were dropped]\n");
}

#[test]
fn lists_filter_and_put_active_runs_first() {
    let world = World::new();
    let root = world.project();
    let id = |n: u32| format!("20261123T061500Z-{n:08x}").parse::<RunId>().unwrap();
    let mut old_active = record(root, id(1), "2026-11-23T06:00:00Z");
    let _answering = world.store.create_run(&old_active, "").unwrap();
    for (n, at, status) in
        [(2, "2026-11-23T06:10:00Z", RunStatus::Failed), (3, "2026-11-23T06:10:00.5Z", RunStatus::Succeeded)]
    {
        let mut ended = record(root, id(n), at);
        ended.status = status;
        ended.role = format!("role-{n}").parse().unwrap();
        ended.result = Some(RunResult {
            usage: Usage { input_tokens: 7, ..Usage::default() },
            cost_usd: Some(0.5),
            ..RunResult::default()
        });
        world.store.create_run(&ended, "").unwrap();
    }
    let ids = |filter: RunFilter| -> Vec<RunId> {
        world.store.list_runs(&filter).unwrap().into_iter().map(|row| row.run_id).collect()
    };
    let all = RunFilter::default;
    assert_eq!(ids(all()), [id(1), id(3), id(2)]);
    assert_eq!(ids(RunFilter { active: Some(false), ..all() }), [id(3), id(2)]);
    assert_eq!(ids(RunFilter { statuses: vec![RunStatus::Failed], ..all() }), [id(2)]);
    assert_eq!(ids(RunFilter { role: Some("role-3".parse().unwrap()), ..all() }), [id(3)]);
    assert_eq!(ids(RunFilter { modes: vec![RunMode::Demo], ..all() }), []);
    assert_eq!(
        ids(RunFilter { since: Some("2026-11-23T06:05:00Z".parse().unwrap()), ..all() }),
        [id(3), id(2)]
    );
    assert_eq!(ids(RunFilter { limit: 1, ..all() }), [id(1)]);
    assert_eq!(ids(RunFilter { workspace_root: Some("/elsewhere".into()), ..all() }), []);

    let row = &world.store.list_runs(&RunFilter { limit: 2, ..all() }).unwrap()[1];
    assert_eq!((row.usage.input_tokens, row.cost_usd, row.profile_name.as_str()), (7, Some(0.5), "模型"));
    old_active.status = RunStatus::Failed;
    world.store.update_run(&old_active).unwrap();
    assert_eq!(ids(all()), [id(3), id(2), id(1)]);
}

#[test]
fn ten_thousand_runs_list_from_the_index() {
    let world = World::new();
    let mut ended =
        record(world.project(), "20261123T061500Z-00000000".parse().unwrap(), "2026-11-23T06:15:00Z");
    ended.status = RunStatus::Succeeded;
    world.store.create_run(&ended, "").unwrap();
    let db = rusqlite::Connection::open(world.store.home().state_db()).unwrap();
    db.execute_batch(
        "CREATE TEMP TABLE copy AS SELECT * FROM runs;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
         INSERT INTO runs SELECT printf('20261123T061500Z-%08x', i), status, active, mode, role, task_type,
             profile_id, profile_name, model, actual_model, cwd, workspace_root, run_dir, started_at,
             started_ms + i, finished_at, duration_ms, exit_code, is_error, input_tokens, output_tokens,
             cache_read_tokens, cache_write_tokens, cost_usd, cost_is_estimate, error, allow_write, 0,
             NULL, NULL, NULL
         FROM copy, n",
    )
    .unwrap();
    let plan: String = db
        .query_row(
            "EXPLAIN QUERY PLAN SELECT * FROM runs ORDER BY active DESC, started_ms DESC, run_id DESC LIMIT 50",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("USING INDEX runs_newest"), "{plan}");

    let rows = world.store.list_runs(&RunFilter::default()).unwrap();
    assert_eq!((rows.len(), rows[0].run_id.as_str()), (50, "20261123T061500Z-00002710"));
}

#[test]
fn decisions_are_kept_with_what_they_were_made_from() {
    let world = World::new();
    let (record, _created) = world.create();
    let decision = |run_id: Option<RunId>, at: &str| Decision {
        run_id,
        at: at.into(),
        kind: "route".into(),
        request: serde_json::json!({"role": "review"}),
        candidates: serde_json::json!([{"profile_id": "p-1"}]),
        outcome: serde_json::json!({"deny": "no"}),
        plugins: Vec::new(),
    };
    let of_run = decision(Some(record.run_id.clone()), "2026-11-23T06:15:00Z");
    let other = decision(None, "2026-11-23T06:16:00Z");
    world.store.record_decision(&of_run).unwrap();
    world.store.record_decision(&other).unwrap();
    assert_eq!(world.store.decisions(Some(&record.run_id), 10).unwrap(), slice::from_ref(&of_run));
    assert_eq!(world.store.decisions(None, 10).unwrap(), [other, of_run]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whoever holds which lock: an active run reads as active exactly while one of them is held.
    #[test]
    fn status_follows_the_locks(
        stored in prop::sample::select(vec![
            RunStatus::Starting, RunStatus::Running, RunStatus::StopRequested, RunStatus::Stopped,
            RunStatus::Succeeded, RunStatus::Failed, RunStatus::TimedOut,
        ]),
        launching: bool,
        supervised: bool,
    ) {
        let world = World::new();
        let (mut record, created) = world.create();
        record.status = stored;
        world.store.update_run(&record).unwrap();
        let dir = created.dir.clone();
        let launch = launching.then_some(created);
        let lock = supervised.then(|| RunLock::acquire(&dir).unwrap());
        let expected = if stored.is_active() && !launching && !supervised { RunStatus::Lost } else { stored };
        prop_assert_eq!(world.store.run(&record.run_id).unwrap().status, expected);
        let listed = world.store.list_runs(&RunFilter::default()).unwrap();
        prop_assert_eq!(listed[0].status, expected);
        drop((launch, lock));
    }
}

#[test]
fn the_list_is_searched_paged_and_summed_up_alike() {
    let world = World::new();
    for n in 0..7_u32 {
        let id = format!("20261123T061500Z-{n:08x}").parse().unwrap();
        let mut record = record(world.project(), id, &format!("2026-11-23T06:15:{n:02}Z"));
        record.allow_write = n % 2 == 0;
        drop(world.store.create_run(&record, "").unwrap());
        record.status = if n < 5 { RunStatus::Succeeded } else { RunStatus::Failed };
        record.error = (n >= 5).then(|| "100% Overloaded_".into());
        let usage = Usage { input_tokens: 10, output_tokens: 1, ..Usage::default() };
        record.result = Some(RunResult { usage, cost_usd: Some(0.5), ..RunResult::default() });
        world.store.update_run(&record).unwrap();
    }
    let page = |offset| RunFilter { limit: 3, offset, ..RunFilter::default() };
    let seconds = |filter: &RunFilter| -> Vec<String> {
        let runs = world.store.list_runs(filter).unwrap();
        runs.iter().map(|run| run.started_at[17..19].to_owned()).collect()
    };
    assert_eq!(
        [page(0), page(3), page(6)].map(|page| seconds(&page)).concat(),
        ["06", "05", "04", "03", "02", "01", "00"]
    );

    let sums = world.store.run_sums(&page(6)).unwrap();
    assert_eq!((sums.runs, sums.succeeded, sums.failed, sums.active, sums.tokens), (7, 5, 2, 0, 77));
    assert!((sums.usd - 3.5).abs() < 1e-9, "{sums:?}");

    let with = |words: &[&str]| RunFilter {
        words: words.iter().map(ToString::to_string).collect(),
        ..RunFilter::default()
    };
    assert_eq!(seconds(&with(&["OVERLOADED", "100%"])), ["06", "05"], "each word, whatever its case");
    assert_eq!(seconds(&with(&["0%d"])), [""; 0], "a wildcard is a sign like any other");
    assert_eq!(seconds(&with(&["模型"])).len(), 7);
    let both = RunFilter { allow_write: Some(true), model: Some("m".into()), ..with(&["overloaded_"]) };
    assert_eq!((seconds(&both), world.store.run_sums(&both).unwrap().runs), (vec!["06".to_owned()], 1));

    let names = world.store.names().unwrap();
    assert_eq!(
        (names.models, names.profiles),
        (vec!["m".to_owned()], vec![("p-1".to_owned(), "模型".to_owned())])
    );
    let version = world.store.data_version().unwrap();
    assert_eq!(world.store.data_version().unwrap(), version, "looking changes nothing");
    let other = Store::open(world.store.home()).unwrap();
    other.set_control(&"20261123T061500Z-00000001".parse().unwrap(), Some("x")).unwrap();
    assert_ne!(world.store.data_version().unwrap(), version, "another's change is seen");
}
