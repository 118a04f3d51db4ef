//! Real supervisors, guards and workers, and what is left when they are killed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use cc_domain::{
    Asking, Budget, BudgetUse, Event, EventBody, OnLimit, Role, Route, RunId, RunMode, RunRecord, RunStatus,
    StopReason,
};
use cc_store::{CreatedRun, Home, RunDir, Store, read_events};
use cc_workers::{
    ControlReply, ControlRequest, LaunchSpec, Patience, PermissionMode, PrivateFile, WorkerError,
    WorkerRequest, build, control, end_leftovers, launch, new_session_id, private_paths, version_within,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const ENTRY: &str = env!("CARGO_BIN_EXE_cc-workers-entry");
const KEY: &str = "key-0123456789abcdef";
/// Far above what anything here takes; a test that waits so long has failed.
const BOUND: Duration = Duration::from_secs(60);

struct World {
    dir: TempDir,
    store: Store,
}

/// A run that is going on.
struct Run {
    id: RunId,
    dir: RunDir,
    supervisor: u32,
    settings: PathBuf,
}

/// The processes of a run.
struct Tree {
    worker: u32,
    guard: u32,
    grandchild: u32,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("project")).unwrap();
        fs::write(dir.path().join("project/alpha.txt"), "the first file").unwrap();
        fs::write(dir.path().join("rules.json"), "[]").unwrap();
        let store = Store::open(&Home::at(dir.path().join("home"))).unwrap();
        Self { dir, store }
    }

    fn create(&self) -> (RunRecord, CreatedRun) {
        let record = record(&self.dir.path().join("project"));
        let created = self.store.create_run(&record, "").unwrap();
        (record, created)
    }

    fn spec(&self, record: &RunRecord, created: &CreatedRun, worker: &str, prompt: &str) -> LaunchSpec {
        let paths = private_paths(&record.run_id);
        let mut environment = cc_workers::environment();
        environment.insert("CC_ORCHESTRATOR_DEMO_PAUSE_MS".into(), "0".into());
        let request = WorkerRequest {
            run_id: record.run_id.clone(),
            program: ENTRY.into(),
            leading_args: vec![worker.into()],
            cwd: record.cwd.clone(),
            prompt: prompt.into(),
            permission_mode: PermissionMode::Plan,
            session_id: new_session_id(),
            resume: false,
            asking: Asking::Deny,
            partial: false,
            max_turns: None,
            max_cost_usd: None,
            settings_file: paths.settings.clone(),
            system_prompt_file: None,
            model: None,
            effort: None,
            environment,
        };
        LaunchSpec {
            home: self.store.home().root().into(),
            run_id: record.run_id.clone(),
            run_dir: created.dir.path().into(),
            command: build(&request),
            private_files: vec![PrivateFile {
                path: paths.settings,
                content: format!("{{\"key\":\"{KEY}\"}}"),
            }],
            secrets: vec![KEY.into()],
            rules_file: self.dir.path().join("rules.json"),
            timeout_seconds: 60,
            budget: record.budget.clone(),
            prices: Vec::new(),
            on_limit: record.on_limit,
            answer_within_seconds: 60,
            alternatives: Vec::new(),
            patience: Patience { linger_ms: 500, interrupt_ms: 300, terminate_ms: 300, kill_ms: 20_000 },
        }
    }

    fn start(&self, worker: &str, change: impl FnOnce(&mut LaunchSpec)) -> Run {
        let (record, created) = self.create();
        let mut spec = self.spec(&record, &created, worker, "tidy up, please");
        change(&mut spec);
        let launched = launch(Path::new(ENTRY), &spec, &created).unwrap();
        let settings = spec.private_files[0].path.clone();
        Run { id: record.run_id, dir: created.dir.clone(), supervisor: launched.supervisor_pid, settings }
    }

    fn finish(&self, run: &Run) -> RunRecord {
        wait_until("the run ends", || !self.store.run(&run.id).unwrap().status.is_active());
        self.store.run(&run.id).unwrap()
    }
}

impl Run {
    fn events(&self) -> Vec<Event> {
        read_events(&self.dir, 0, 10_000, usize::MAX).unwrap().events
    }

    /// Waits until worker and grandchild are there.
    fn tree(&self) -> Tree {
        wait_until("the worker has started its grandchild", || self.grandchild().is_some());
        // A worker's first words can come before its guard's.
        wait_until("the guard has said so", || self.worker().is_some());
        let worker = self.worker().unwrap();
        let grandchild = self.grandchild().unwrap();
        assert_ne!(session(grandchild), session(worker), "it has a session of its own");
        Tree { worker, guard: parent(worker), grandchild }
    }

    fn worker(&self) -> Option<u32> {
        self.events().iter().find_map(|event| match event.body {
            EventBody::ProcessStarted { pid } => Some(pid),
            _ => None,
        })
    }

    fn grandchild(&self) -> Option<u32> {
        let pid = self.events().iter().find_map(|event| match &event.body {
            EventBody::Notice { text, .. } => text.parse::<u64>().ok(),
            _ => None,
        })?;
        // Until it has a session of its own it is not the grandchild that these tests are about.
        let pid = u32::try_from(pid).unwrap();
        (session(pid) == Some(pid)).then_some(pid)
    }

    fn assert_nothing_left(&self, tree: &Tree) {
        wait_until("the whole tree is gone", || {
            [tree.worker, tree.guard, tree.grandchild].iter().all(|pid| !is_alive(*pid))
        });
        wait_until("the settings file is gone", || !self.settings.exists());
    }
}

fn record(project: &Path) -> RunRecord {
    let role = Role::default();
    RunRecord {
        format: RunRecord::FORMAT,
        run_id: RunId::new(jiff::Timestamp::now()),
        mode: RunMode::Demo,
        status: RunStatus::Starting,
        asking: Asking::Deny,
        on_limit: OnLimit::Wait,
        budget: Budget::for_answer(),
        output_budget: BudgetUse::default(),
        session_id: None,
        parent_run_id: None,
        team_id: None,
        route_drift: None,
        parked_until: None,
        started_at: jiff::Timestamp::now().to_string(),
        finished_at: None,
        duration_ms: None,
        cwd: project.into(),
        workspace_root: project.into(),
        artifact_root: RunDir::artifact_root(project),
        task_type: role.default_task_type(),
        route: Route {
            role: role.clone(),
            task_type: role.default_task_type(),
            profile_id: "demo".into(),
            profile_name: "demo".into(),
            model: None,
            score: None,
            reason: String::new(),
            trace: Vec::new(),
        },
        role,
        permission_mode: "plan".into(),
        allow_write: false,
        timeout_seconds: 60,
        prompt_sha256: String::new(),
        command: Vec::new(),
        supervisor_pid: None,
        child_pid: None,
        exit_code: None,
        stop_reason: None,
        error: None,
        result: None,
    }
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let give_up = Instant::now() + BOUND;
    while !condition() {
        assert!(Instant::now() < give_up, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Fields of `/proc/PID/stat` after the name: state, parent, group, session.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_ascii_whitespace().map(str::to_owned).collect())
}

fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X"))
}

fn parent(pid: u32) -> u32 {
    stat(pid).unwrap()[1].parse().unwrap()
}

fn session(pid: u32) -> Option<u32> {
    stat(pid)?[3].parse().ok()
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// Everything in a folder and below, as one text.
fn content(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                content(&path)
            } else {
                String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
            }
        })
        .collect()
}

#[test]
fn a_demo_run_from_launch_to_record() {
    let world = World::new();
    let run = world.start("demo-worker", |_| {});
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code, &record.error), (RunStatus::Succeeded, Some(0), &None));
    let result = record.result.unwrap();
    assert!(result.text.contains("tidy up, please") && result.text.contains("alpha.txt"), "{}", result.text);
    assert_eq!(result.actual.model.as_deref(), Some("demo-model-1"));
    assert!(result.cost_usd.unwrap() > 0.0 && result.usage.output_tokens > 0);
    assert!(record.supervisor_pid == Some(run.supervisor) && record.finished_at.is_some());

    let events = run.events();
    assert_eq!(
        events.iter().map(|e| e.seq).collect::<Vec<_>>(),
        (1..=events.len() as u64).collect::<Vec<_>>()
    );
    assert!(matches!(events[0].body, EventBody::RunStarted { .. }));
    assert!(matches!(events[1].body, EventBody::ProcessStarted { pid } if Some(pid) == record.child_pid));
    assert_eq!(events.iter().filter(|e| matches!(e.body, EventBody::ActualModel { .. })).count(), 1);
    let last = &events.last().unwrap().body;
    assert!(matches!(
        last,
        EventBody::ProcessExited { status: RunStatus::Succeeded, exit_code: Some(0), .. }
    ));
    assert!(!run.settings.exists());
    wait_until("the supervisor is gone, and no zombie", || stat(run.supervisor).is_none());
}

#[test]
fn a_supervisor_has_a_session_of_its_own() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    assert_eq!(session(run.supervisor), Some(run.supervisor));
    let tree = run.tree();
    let settings = fs::read_to_string(&run.settings).unwrap();
    assert!(settings.contains(KEY), "the worker can read its settings");
    signal(run.supervisor, Signal::TERM);
    let record = world.finish(&run);
    assert_eq!((record.status, record.stop_reason), (RunStatus::Stopped, Some(StopReason::UserRequested)));
    run.assert_nothing_left(&tree);
}

#[test]
fn a_long_task_arrives_whole() {
    let world = World::new();
    let (record, created) = world.create();
    let spec = world.spec(&record, &created, "repeats-task", &"é".repeat(300_000));
    launch(Path::new(ENTRY), &spec, &created).unwrap();
    wait_until("the run ends", || !world.store.run(&record.run_id).unwrap().status.is_active());
    let record = world.store.run(&record.run_id).unwrap();
    assert_eq!(record.result.unwrap().text, "600000");
}

#[test]
fn what_a_worker_leaves_behind_ends_with_its_run() {
    let world = World::new();
    let run = world.start("leaves-grandchild", |_| {});
    let record = world.finish(&run);
    assert_eq!((record.status, &record.error), (RunStatus::Succeeded, &None));
    let started = run.events().iter().find_map(|event| match &event.body {
        EventBody::Notice { text, .. } => text.parse::<u64>().ok(),
        _ => None,
    });
    assert!(!is_alive(u32::try_from(started.unwrap()).unwrap()), "gone before the run is");
}

#[test]
fn a_worker_over_its_time_is_ended_with_its_whole_tree() {
    let world = World::new();
    let run = world.start("works-for-ever", |spec| spec.timeout_seconds = 1);
    let tree = run.tree();
    let record = world.finish(&run);
    assert_eq!((record.status, record.stop_reason), (RunStatus::TimedOut, Some(StopReason::Timeout)));
    assert!(run.events().iter().any(|e| matches!(e.body, EventBody::Timeout { timeout_seconds: 1 })));
    run.assert_nothing_left(&tree);
}

#[test]
fn a_worker_that_heeds_the_interrupt_still_reports() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| {
        spec.timeout_seconds = 1;
        spec.patience.interrupt_ms = 30_000;
        spec.command.environment.insert("CC_ORCHESTRATOR_DEMO_PAUSE_MS".into(), "3600000".into());
    });
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code), (RunStatus::TimedOut, Some(1)));
    assert_eq!(record.result.unwrap().subtype, "error_during_execution");
}

#[test]
fn a_killed_supervisor_takes_the_tree_with_it() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    let tree = run.tree();
    signal(run.supervisor, Signal::KILL);
    run.assert_nothing_left(&tree);
    wait_until("the run reads as lost", || world.store.run(&run.id).unwrap().status == RunStatus::Lost);
    assert!(!run.events().is_empty(), "its events are kept");
    let cleared = end_leftovers(&world.store).unwrap();
    assert_eq!((cleared.len(), cleared[0].survivors.as_str()), (1, ""));
    assert_eq!(end_leftovers(&world.store).unwrap(), []);
}

#[test]
fn a_killed_guard_takes_the_tree_with_it_and_the_run_fails() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    let tree = run.tree();
    signal(tree.guard, Signal::KILL);
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Failed);
    assert!(record.error.unwrap().contains("guard was killed"));
    run.assert_nothing_left(&tree);
}

#[test]
fn when_both_are_killed_whoever_finds_the_run_lost_ends_the_tree() {
    let world = World::new();
    let run = world.start("works-for-ever", |_| {});
    let tree = run.tree();
    // Stopped first, so that it cannot notice the supervisor's end.
    signal(tree.guard, Signal::STOP);
    signal(run.supervisor, Signal::KILL);
    signal(tree.guard, Signal::KILL);
    wait_until("the run reads as lost", || world.store.run(&run.id).unwrap().status == RunStatus::Lost);
    assert!(is_alive(tree.worker) && is_alive(tree.grandchild), "nobody was left to end them");
    assert_eq!(end_leftovers(&world.store).unwrap()[0].survivors, "");
    run.assert_nothing_left(&tree);
}

#[test]
fn nothing_of_a_key_is_kept_whatever_the_worker_writes() {
    let world = World::new();
    let run = world.start("says-much", |_| {});
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Succeeded);
    let text = record.result.unwrap().text;
    assert!(text.starts_with("xxx") && text.ends_with(" more bytes]") && text.len() < 300_000);
    let kept = content(world.dir.path());
    assert!(
        kept.contains("this is no JSON: [redacted:known]") && kept.contains("half a line, [redacted:known]")
    );
    assert!(!kept.contains(KEY));
}

#[test]
fn a_worker_that_dies_is_quoted() {
    let world = World::new();
    let run = world.start("dies", |_| {});
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code, &record.result), (RunStatus::Failed, Some(3), &None));
    let error = record.error.unwrap();
    assert!(error.ends_with("with exit code 3: error: no such [redacted:known]"), "{error}");
}

#[test]
fn a_worker_that_cannot_be_started_says_why() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| spec.command.program = "/nowhere/claude".into());
    let record = world.finish(&run);
    assert_eq!((record.status, record.exit_code), (RunStatus::Failed, Some(127)));
    assert!(record.error.unwrap().starts_with("cannot start /nowhere/claude"));
    assert!(!run.settings.exists());
}

#[test]
fn without_rules_to_redact_by_no_worker_is_started() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| spec.rules_file = "/nowhere/rules.json".into());
    let record = world.finish(&run);
    assert_eq!((record.status, record.child_pid), (RunStatus::Failed, None));
    assert!(record.error.unwrap().contains("/nowhere/rules.json"));
}

#[test]
fn a_run_that_was_given_up_is_not_taken_over() {
    let world = World::new();
    let (mut record, created) = world.create();
    record.status = RunStatus::Lost;
    world.store.update_run(&record).unwrap();
    let spec = world.spec(&record, &created, "demo-worker", "");
    let refused = launch(Path::new(ENTRY), &spec, &created);
    assert!(
        matches!(&refused, Err(WorkerError::NotTakenOver(why)) if why.contains("already ended")),
        "{refused:?}"
    );
}

#[test]
fn a_program_that_is_no_supervisor_is_told_from_one() {
    let world = World::new();
    let (record, created) = world.create();
    let spec = world.spec(&record, &created, "demo-worker", "");
    let refused = launch(Path::new("/bin/true"), &spec, &created);
    assert!(
        matches!(&refused, Err(WorkerError::NotTakenOver(why)) if why.contains("without a word")),
        "{refused:?}"
    );
}

#[test]
fn a_program_that_never_says_its_version_is_ended() {
    let answer = version_within(Path::new(ENTRY), &cc_workers::environment(), Duration::from_millis(1));
    assert!(matches!(answer, Err(WorkerError::NoVersion { .. })), "{answer:?}");
}

fn ask(world: &World, run: &Run, request: &ControlRequest) -> ControlReply {
    wait_until("the supervisor listens", || world.store.control(&run.id).unwrap().is_some());
    control(&world.store, &run.id, request).unwrap().unwrap()
}

fn instruct(text: &str) -> ControlRequest {
    ControlRequest::Instruct { id: "i1".into(), text: text.into() }
}

#[test]
fn an_instruction_reaches_the_running_worker_and_its_reading_is_recorded() {
    let world = World::new();
    let run = world.start("demo-worker", |spec| {
        spec.command.environment.insert("CC_ORCHESTRATOR_DEMO_PAUSE_MS".into(), "150".into());
    });
    wait_until("the first turn has begun", || {
        run.events().iter().any(|event| matches!(event.body, EventBody::SessionStarted { .. }))
    });
    assert!(matches!(ask(&world, &run, &instruct("also count the files")), ControlReply::Done { .. }));
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Succeeded);
    assert!(record.result.unwrap().text.contains("also count the files"));
    let read = |event: &Event| event.body == EventBody::InstructionRead { id: "i1".into() };
    assert!(run.events().iter().any(read));
    assert_eq!(world.store.control(&run.id).unwrap(), None);
    assert_eq!(control(&world.store, &run.id, &instruct("too late")).unwrap(), None);
}

#[test]
fn a_stop_ends_the_whole_tree_and_is_recorded_as_one() {
    for force in [false, true] {
        let world = World::new();
        let run = world.start("works-for-ever", |_| {});
        let tree = run.tree();
        let stop = ControlRequest::Stop { force, within_ms: 400 };
        assert!(matches!(ask(&world, &run, &stop), ControlReply::Done { .. }));
        let record = world.finish(&run);
        assert_eq!(record.status, RunStatus::Stopped, "{:?}", record.error);
        assert_eq!(record.stop_reason, Some(cc_domain::StopReason::UserRequested));
        run.assert_nothing_left(&tree);
    }
}

#[test]
fn a_permission_question_is_answered_both_ways_and_by_silence() {
    let answer = |allow| ControlRequest::Answer {
        request_id: None,
        allow,
        message: Some("rather not".into()),
        updated_input: None,
    };
    for (allow, expected) in [(true, "key-0123456789abcdef"), (false, "rather not")] {
        let world = World::new();
        let run = world.start("asks", |spec| spec.secrets = vec!["other-0123456789".into()]);
        wait_until("it has asked", || {
            run.events().iter().any(|event| matches!(event.body, EventBody::PermissionAsked(_)))
        });
        assert!(matches!(ask(&world, &run, &answer(allow)), ControlReply::Done { .. }));
        let text = world.finish(&run).result.unwrap().text;
        assert!(text.contains(expected), "{text}");
    }
    let world = World::new();
    let run = world.start("asks", |spec| spec.answer_within_seconds = 0);
    assert!(world.finish(&run).result.unwrap().text.contains("deny"));
    assert!(!content(run.dir.path()).contains(KEY));
}

#[test]
fn a_limited_run_is_parked_and_goes_on_in_its_session() {
    let world = World::new();
    let run = world.start("limited", |_| {});
    wait_until("it is parked", || world.store.run(&run.id).unwrap().status == RunStatus::Parked);
    let record = world.finish(&run);
    assert_eq!(record.status, RunStatus::Succeeded, "{:?}", record.error);
    let events = run.events();
    assert!(events.iter().any(|event| matches!(event.body, EventBody::Resumed { attempt: 1, .. })));
    assert_eq!(
        events.iter().filter(|event| matches!(event.body, EventBody::ProcessStarted { .. })).count(),
        2
    );
    assert_eq!(record.parked_until, None);
}

#[test]
fn a_parked_run_can_be_stopped() {
    let world = World::new();
    let run = world.start("limited", |_| {});
    wait_until("it is parked", || world.store.run(&run.id).unwrap().status == RunStatus::Parked);
    assert!(matches!(ask(&world, &run, &instruct("x")), ControlReply::Refused { .. }));
    ask(&world, &run, &ControlRequest::Stop { force: false, within_ms: 100 });
    assert_eq!(world.finish(&run).status, RunStatus::Stopped);
}

#[test]
fn a_limited_run_fails_over_to_the_next_choice() {
    let world = World::new();
    let run = world.start("limited", |spec| {
        let mut route = world.store.run(&spec.run_id).unwrap().route;
        (route.profile_name, route.model) = ("other".into(), Some("other-model".into()));
        spec.on_limit = OnLimit::Failover;
        spec.alternatives = vec![cc_workers::Alternative {
            route,
            settings: "{}".into(),
            secrets: Vec::new(),
            prices: Vec::new(),
        }];
    });
    let record = world.finish(&run);
    assert_eq!((record.status, record.route.profile_name.as_str()), (RunStatus::Succeeded, "other"));
    assert!(record.result.unwrap().text.contains("--model other-model"));
}

#[test]
fn a_limited_run_that_may_not_wait_fails() {
    let world = World::new();
    let run = world.start("limited", |spec| spec.on_limit = OnLimit::Fail);
    assert_eq!(world.finish(&run).status, RunStatus::Failed);
}
