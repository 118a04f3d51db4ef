//! A store, a project and the runs in it; the process table.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use cc_domain::{Asking, Budget, Event, EventBody, Role, Route, RunId, RunMode, RunRecord};
use cc_store::{CreatedRun, Home, RunDir, Store, read_events};
use cc_workers::{
    LaunchSpec, Patience, PermissionMode, PrivateFile, WorkerRequest, build, launch, new_session_id,
    private_paths,
};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub(crate) const ENTRY: &str = env!("CARGO_BIN_EXE_cc-workers-entry");
pub(crate) const KEY: &str = "key-0123456789abcdef";
/// Far above what anything here takes; a test that waits so long has failed.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
}

/// A run that is going on.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) dir: RunDir,
    pub(crate) supervisor: u32,
    pub(crate) settings: PathBuf,
}

/// The processes of a run.
pub(crate) struct Tree {
    pub(crate) worker: u32,
    pub(crate) guard: u32,
    pub(crate) grandchild: u32,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("project")).unwrap();
        fs::write(dir.path().join("project/alpha.txt"), "the first file").unwrap();
        fs::write(dir.path().join("rules.json"), "[]").unwrap();
        let store = Store::open(&Home::at(dir.path().join("home"))).unwrap();
        Self { dir, store }
    }

    pub(crate) fn create(&self) -> (RunRecord, CreatedRun) {
        let record = record(&self.dir.path().join("project"));
        let created = self.store.create_run(&record, "").unwrap();
        (record, created)
    }

    pub(crate) fn spec(
        &self,
        record: &RunRecord,
        created: &CreatedRun,
        worker: &str,
        prompt: &str,
    ) -> LaunchSpec {
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
            tell: None,
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
            workspace_root: self.dir.path().join("project"),
            project: None,
            sandbox: None,
            patience: Patience { linger_ms: 500, interrupt_ms: 300, terminate_ms: 300, kill_ms: 20_000 },
        }
    }

    pub(crate) fn start(&self, worker: &str, change: impl FnOnce(&mut LaunchSpec)) -> Run {
        let (record, created) = self.create();
        let mut spec = self.spec(&record, &created, worker, "tidy up, please");
        change(&mut spec);
        let launched = launch(Path::new(ENTRY), &spec, &created).unwrap();
        let settings = spec.private_files[0].path.clone();
        Run { id: record.run_id, dir: created.dir.clone(), supervisor: launched.supervisor_pid, settings }
    }

    pub(crate) fn finish(&self, run: &Run) -> RunRecord {
        wait_until("the run ends", || !self.store.run(&run.id).unwrap().status.is_active());
        self.store.run(&run.id).unwrap()
    }
}

impl Run {
    pub(crate) fn events(&self) -> Vec<Event> {
        read_events(&self.dir, 0, 10_000, usize::MAX).unwrap().events
    }

    /// Waits until worker and grandchild are there.
    pub(crate) fn tree(&self) -> Tree {
        wait_until("the worker has started its grandchild", || self.grandchild().is_some());
        // A worker's first words can come before its guard's.
        wait_until("the guard has said so", || self.worker().is_some());
        let worker = self.worker().unwrap();
        let grandchild = self.grandchild().unwrap();
        assert_ne!(session(grandchild), session(worker), "it has a session of its own");
        Tree { worker, guard: parent(worker), grandchild }
    }

    pub(crate) fn worker(&self) -> Option<u32> {
        self.events().iter().find_map(|event| match event.body {
            EventBody::ProcessStarted { pid } => Some(pid),
            _ => None,
        })
    }

    pub(crate) fn grandchild(&self) -> Option<u32> {
        let pid = self.events().iter().find_map(|event| match &event.body {
            EventBody::Notice { text, .. } => text.parse::<u64>().ok(),
            _ => None,
        })?;
        // Until it has a session of its own it is not the grandchild that these tests are about.
        let pid = u32::try_from(pid).unwrap();
        (session(pid) == Some(pid)).then_some(pid)
    }

    pub(crate) fn assert_nothing_left(&self, tree: &Tree) {
        wait_until("the whole tree is gone", || {
            [tree.worker, tree.guard, tree.grandchild].iter().all(|pid| !is_alive(*pid))
        });
        wait_until("the settings file is gone", || !self.settings.exists());
    }
}

pub(crate) fn record(project: &Path) -> RunRecord {
    let role = Role::default();
    let route = Route {
        task_type: role.default_task_type(),
        role,
        profile_id: "demo".into(),
        profile_name: "demo".into(),
        model: None,
        score: None,
        reason: String::new(),
        trace: Vec::new(),
    };
    let now = jiff::Timestamp::now();
    RunRecord {
        mode: RunMode::Demo,
        budget: Budget::for_answer(),
        artifact_root: RunDir::artifact_root(project),
        timeout_seconds: 60,
        ..RunRecord::starting(RunId::new(now), now.to_string(), route, project)
    }
}

pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let give_up = Instant::now() + BOUND;
    while !condition() {
        assert!(Instant::now() < give_up, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Fields of `/proc/PID/stat` after the name: state, parent, group, session.
pub(crate) fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_ascii_whitespace().map(str::to_owned).collect())
}

pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X"))
}

pub(crate) fn parent(pid: u32) -> u32 {
    stat(pid).unwrap()[1].parse().unwrap()
}

pub(crate) fn session(pid: u32) -> Option<u32> {
    stat(pid)?[3].parse().ok()
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

/// Everything in a folder and below, as one text.
pub(crate) fn content(folder: &Path) -> String {
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
