//! Plays submitter, dispatcher and worker on the queue's own API, until it is killed or nothing is left to do.
//!
//! `queue_player HOME FOLDER SEED SHARE`: submits `SHARE` jobs of its own number `SEED`, with a key each, so that one
//! which was killed goes on where it was. Its work on a job is a line in `FOLDER/log` at the beginning and at the end,
//! with a lock of the system in between: who finds it taken says `twice`.
#![forbid(unsafe_code)]
// A program of the tests alone: it fails loudly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    env, fs,
    io::Write as _,
    num::NonZeroU32,
    path::{Path, PathBuf},
    process,
    thread::sleep,
    time::Duration,
};

use cc_domain::{
    Footprint, JobId, JobSpec, JobStage, QueuePolicy, Role, Route, RunMode, RunRecord, RunStatus, StopReason,
};
use cc_store::{
    Cancelled, Claim, FileLock, Home, NewJob, RunDir, RunFilter, RunLock, RunWriter, Store, StoreError, Terms,
};

const LEASE: Duration = Duration::from_secs(2);
const PROJECTS: u64 = 8;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let number: u64 = args[2].parse().unwrap();
    let mut player = Player {
        store: Store::open(&Home::at(&args[0])).expect("the store opens"),
        folder: PathBuf::from(&args[1]),
        number,
        share: args[3].parse().unwrap(),
        random: Random(number.wrapping_mul(7_919) ^ u64::from(process::id())),
        mine: Vec::new(),
    };
    player.play();
}

/// A small generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

struct Player {
    store: Store,
    folder: PathBuf,
    number: u64,
    share: u64,
    random: Random,
    mine: Vec<JobId>,
}

impl Player {
    fn play(&mut self) {
        let progress = self.folder.join(format!("progress-{}", self.number));
        let mut next: u64 =
            fs::read_to_string(&progress).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        loop {
            if next < self.share && !self.random.one_in(3) {
                self.submit(next);
                next += 1;
                fs::write(&progress, next.to_string()).expect("a file");
            }
            if self.random.one_in(40) {
                self.cancel();
            }
            if self.random.one_in(12) {
                self.settle();
            }
            let busy = self.chore() | self.tick();
            if next >= self.share && !busy {
                let counts = self.store.job_counts().expect("counts");
                let open: u64 = counts.iter().filter(|(state, _)| !state.is_ended()).map(|(_, n)| n).sum();
                if open == 0 && fs::exists(self.folder.join("all-submitted")).unwrap() {
                    return;
                }
                self.settle();
                sleep(Duration::from_millis(20));
            }
        }
    }

    fn submit(&mut self, n: u64) {
        // What a job is depends on its number alone: a key is the same job, however often it is submitted.
        let mut random = Random(self.number << 32 | n);
        random.below(2);
        let project = self.folder.join(format!("project-{}", random.below(PROJECTS)));
        let allow_write = random.one_in(4);
        let footprint = match random.below(8) {
            0 => Footprint::Paths(vec!["/a/".into()]),
            1 => Footprint::Paths(vec!["/a/b".into(), "/c/".into()]),
            2 => Footprint::Paths(vec!["/d/".into()]),
            _ if allow_write && random.one_in(2) => Footprint::Whole,
            _ => Footprint::Nothing,
        };
        let after = match self.mine.last() {
            Some(last) if self.random.one_in(10) => vec![last.clone()],
            _ => Vec::new(),
        };
        let new = NewJob {
            cwd: project.clone(),
            project,
            task: format!("{}-{n}", self.number),
            context: None,
            shown: format!("{}-{n}", self.number),
            spec: JobSpec {
                timeout_seconds: 900,
                allow_write,
                max_retries: Some(2),
                test_commands: if random.one_in(6) { vec!["true".into()] } else { Vec::new() },
                ..JobSpec::default()
            },
            footprint,
            priority: i32::try_from(random.below(200)).unwrap(),
            after,
            // A key is unique in a project; that of a job is given by its number.
            idempotency_key: Some(format!("{}-{n}", self.number)),
        };
        let submitted = self.store.submit_job(&new).expect("submitted");
        self.mine.push(submitted.job.job_id);
    }

    fn cancel(&mut self) {
        let Some(id) = (!self.mine.is_empty())
            .then(|| self.mine[usize::try_from(self.random.below(self.mine.len() as u64)).unwrap()].clone())
        else {
            return;
        };
        // A worker of ours is too short to be stopped: it ends by itself.
        let told = self.store.cancel_job(&id, "a player wants it so").expect("cancelled");
        assert!(matches!(told, Cancelled::Now | Cancelled::Stopping(_) | Cancelled::AlreadyEnded));
    }

    fn settle(&self) {
        let active = RunFilter { active: Some(true), limit: 10_000, ..RunFilter::default() };
        self.store.list_runs(&active).expect("runs");
        for run in self.store.runs_with_leftovers().expect("lost runs") {
            // A player works in its own process: nothing of it is left when its lock is free.
            self.store.leftovers_ended(&run).expect("noted");
        }
        self.store.wake_jobs().expect("woken");
    }

    fn chore(&mut self) -> bool {
        let Some(chore) = self.store.claim_chore(&process::id().to_string(), LEASE).expect("a chore") else {
            return false;
        };
        let well = !self.random.one_in(5);
        match chore.stage {
            JobStage::Verify if well => self.store.job_verified(&chore, "verified", None),
            JobStage::Verify => self.store.job_verified(&chore, "blocked_verification", Some("bad luck")),
            _ if well => self.store.job_rolled_back(&chore, Ok(())),
            _ => self.store.job_rolled_back(&chore, Err("somebody changed the same")),
        }
        .expect("recorded");
        true
    }

    fn tick(&mut self) -> bool {
        let claim = self.store.claim_job(&policy(), &process::id().to_string(), LEASE).expect("a claim");
        let Some(claim) = claim else { return false };
        if self.random.one_in(300) {
            // Paused for longer than its lease: it must not start what somebody else has by then.
            sleep(LEASE + Duration::from_millis(500));
        }
        if self.random.one_in(50) {
            self.store.release_claim(&claim, "a limit", Duration::from_millis(5), None).expect("released");
            return true;
        }
        if let Some(run) = self.start(&claim) {
            self.work(&claim, run);
        }
        true
    }

    fn start(&self, claim: &Claim) -> Option<RunWriter> {
        let record = record(claim);
        let created = match self.store.create_run_on(&record, "-", &Terms { claim: Some(claim), guard: None })
        {
            Ok(created) => created,
            Err(StoreError::ClaimLost(_)) => return None,
            Err(error) => panic!("{error}"),
        };
        let lock = RunLock::acquire(&created.dir).expect("the run's lock");
        Some(RunWriter::open(created.dir.clone(), lock).expect("the run"))
    }

    fn work(&mut self, claim: &Claim, mut run: RunWriter) {
        let job = &claim.job.job_id;
        let alone = FileLock::try_acquire(&self.folder.join("locks").join(job.as_str())).expect("a lock");
        self.log(if alone.is_some() { "begin" } else { "twice" }, job);
        sleep(Duration::from_micros(self.random.below(3_000)));
        let (status, stop) = match self.random.below(30) {
            0..3 => (RunStatus::Failed, None),
            3 => (RunStatus::TimedOut, Some(StopReason::Timeout)),
            4 => (RunStatus::Stopped, Some(StopReason::UserRequested)),
            _ => (RunStatus::Succeeded, None),
        };
        self.log("end", job);
        drop(alone);
        run.update(&self.store, |record| {
            (record.status, record.stop_reason) = (status, stop);
            record.finished_at = Some(jiff::Timestamp::now().to_string());
        })
        .expect("the run's end is written");
    }

    fn log(&self, what: &str, job: &JobId) {
        let mut log = fs::OpenOptions::new().append(true).create(true).open(self.folder.join("log")).unwrap();
        log.write_all(format!("{what} {job} {}\n", process::id()).as_bytes()).expect("a line");
    }
}

/// The same for all players, and for who checks them.
fn policy() -> QueuePolicy {
    QueuePolicy {
        max_concurrent: NonZeroU32::new(24).unwrap(),
        max_per_project: NonZeroU32::new(5),
        backoff_seconds: 0,
        ..QueuePolicy::default()
    }
}

fn record(claim: &Claim) -> RunRecord {
    let root: &Path = &claim.job.project;
    let role = Role::default();
    let route = Route {
        task_type: role.default_task_type(),
        role,
        profile_id: "p".into(),
        profile_name: "P".into(),
        model: None,
        score: None,
        reason: String::new(),
        trace: Vec::new(),
    };
    RunRecord {
        mode: RunMode::Streaming,
        artifact_root: RunDir::artifact_root(root),
        allow_write: claim.job.spec.allow_write,
        timeout_seconds: 900,
        ..RunRecord::starting(claim.run_id.clone(), jiff::Timestamp::now().to_string(), route, root)
    }
}
