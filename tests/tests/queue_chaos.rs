//! Many dispatchers on one queue, killed at any moment: each job ends once, none is lost, none runs twice at a time.
//!
//! By hand, with ten thousand jobs and 32 processes: `CC_TEST_QUEUE_JOBS=10000`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use cc_domain::Footprint;
use cc_orchestrator_tests::{Sandbox, eventually, processes, queue_player, script::Step};
use rusqlite::Connection;
use serde_json::json;

/// As the player's policy has it.
const PER_PROJECT: usize = 5;
const IN_ALL: usize = 24;

/// A small generator, so that a failing round can be had again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn asked() -> Option<u64> {
    std::env::var("CC_TEST_QUEUE_JOBS").ok().and_then(|text| text.parse().ok())
}

struct Players {
    folder: tempfile::TempDir,
    share: u64,
    all: Vec<(u64, Child)>,
    kills: usize,
}

impl Players {
    fn start(count: u64, jobs: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in (0..8).map(|n| format!("project-{n}")).chain(["locks".into()]) {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let mut players = Self { folder, share: jobs.div_ceil(count), all: Vec::new(), kills: 0 };
        players.all = (0..count).map(|number| (number, players.one(number))).collect();
        players
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn one(&self, number: u64) -> Child {
        let mut player = Command::new(queue_player());
        player
            .arg(self.path().join("home"))
            .arg(self.path())
            .arg(number.to_string())
            .arg(self.share.to_string());
        player.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("a player starts")
    }

    /// All of this player's jobs are submitted.
    fn has_submitted(&self, number: u64) -> bool {
        let progress = fs::read_to_string(self.path().join(format!("progress-{number}"))).unwrap_or_default();
        progress.parse() == Ok(self.share)
    }

    /// Jobs that have not ended.
    fn open(&self) -> u64 {
        let db = Connection::open(self.path().join("home/state.db")).expect("the database");
        db.busy_timeout(Duration::from_secs(60)).expect("a patient connection");
        let open = "SELECT sum(n) FROM job_counts WHERE state IN ('queued', 'running')";
        let open: i64 = db.query_row(open, [], |row| row.get(0)).expect("a number");
        u64::try_from(open).expect("none below 0")
    }

    fn all_submitted(&self) -> bool {
        (0..self.all.len() as u64).all(|number| self.has_submitted(number))
    }

    /// Kills players at random, and starts them again, until one job of twenty is left; then lets them finish.
    fn let_them_play(&mut self, random: &mut Random) {
        let few = self.share * self.all.len() as u64 / 20;
        while !self.all_submitted() || self.open() > few {
            thread::sleep(Duration::from_millis(random.below(100)));
            let at = usize::try_from(random.below(self.all.len() as u64)).expect("small");
            let number = self.all[at].0;
            let (_, child) = &mut self.all[at];
            child.kill().expect("it is killed");
            let status = child.wait().expect("it ended");
            assert_eq!(status.code(), None, "player {number} ended by itself: {status}");
            self.kills += 1;
            self.all[at].1 = self.one(number);
        }
        fs::write(self.path().join("all-submitted"), "").expect("a file");
        for (number, child) in &mut self.all {
            let status = child.wait().expect("it ends");
            assert!(status.success(), "player {number}: {status}");
        }
    }
}

/// A job as the database has it.
struct Job {
    state: String,
    project: String,
    turn: (i64, i64),
    footprint: Footprint,
    needs: Vec<String>,
}

fn jobs(db: &Connection) -> BTreeMap<String, Job> {
    let mut select =
        db.prepare("SELECT job_id, state, project, order_key, footprint, rowid FROM jobs").expect("SQL");
    let read = |row: &rusqlite::Row<'_>| {
        let id: String = row.get(0)?;
        let footprint: Option<String> = row.get(4)?;
        let footprint =
            footprint.map_or(Footprint::Nothing, |text| serde_json::from_str(&text).expect("a footprint"));
        let job = Job {
            state: row.get(1)?,
            project: row.get(2)?,
            turn: (row.get(3)?, row.get(5)?),
            footprint,
            needs: Vec::new(),
        };
        Ok((id, job))
    };
    let mut all: BTreeMap<String, Job> =
        select.query_map([], read).expect("rows").collect::<Result<_, _>>().expect("jobs");
    let mut needs = db.prepare("SELECT job_id, needs FROM job_needs").expect("SQL");
    let pairs = needs.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    for (id, needed) in pairs.expect("rows").map(|pair| pair.expect("a pair")) {
        all.get_mut(&id).expect("the job").needs.push(needed);
    }
    all
}

fn events(db: &Connection) -> Vec<(String, Option<String>, String)> {
    let mut select =
        db.prepare("SELECT job_id, from_state, to_state FROM job_events ORDER BY seq").expect("SQL");
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    select.query_map([], read).expect("rows").collect::<Result<_, _>>().expect("events")
}

/// What the history of all jobs, in the order it was written, says happened.
#[derive(Default)]
struct Replay {
    state: BTreeMap<String, String>,
    running: BTreeMap<String, BTreeSet<String>>,
    /// Per project, those that wait for their first attempt and that nothing can be in the way of.
    ready: BTreeMap<String, BTreeSet<(i64, i64)>>,
    claims: usize,
}

impl Replay {
    fn take(&mut self, jobs: &BTreeMap<String, Job>, id: &str, from: Option<&str>, to: &str) {
        assert_eq!(self.state.get(id).map(String::as_str), from, "{id} goes on from where it was");
        let job = &jobs[id];
        let ended = |state: &str| !matches!(state, "queued" | "running");
        assert!(!from.is_some_and(ended), "{id} ended once");
        let ready = self.ready.entry(job.project.clone()).or_default();
        let running = self.running.entry(job.project.clone()).or_default();
        ready.remove(&job.turn);
        running.remove(id);
        match to {
            "running" => self.starts(jobs, id, job),
            "queued" if from.is_none() && job.footprint == Footprint::Nothing && job.needs.is_empty() => {
                ready.insert(job.turn);
            }
            _ => {}
        }
        self.state.insert(id.to_owned(), to.to_owned());
    }

    fn starts(&mut self, jobs: &BTreeMap<String, Job>, id: &str, job: &Job) {
        self.claims += 1;
        for needed in &job.needs {
            assert_eq!(self.state[needed], "done", "{id} runs after {needed}");
        }
        for (project, ready) in &self.ready {
            let full = self.running.get(project).is_some_and(|running| running.len() >= PER_PROJECT);
            let first = ready.first().filter(|_| !full);
            assert!(first.is_none_or(|first| *first > job.turn), "{id} was claimed before {first:?}");
        }
        let running = self.running.entry(job.project.clone()).or_default();
        for other in running.iter() {
            assert!(!jobs[other].footprint.overlaps(&job.footprint), "{id} is in the way of {other}");
        }
        running.insert(id.to_owned());
        assert!(running.len() <= PER_PROJECT, "{id} has no place in its project");
        assert!(self.running.values().map(BTreeSet::len).sum::<usize>() <= IN_ALL, "{id} has no place");
    }
}

#[test]
fn whoever_is_killed_each_job_ends_once() {
    let (players, wanted) = asked().map_or((8, 240), |jobs| (32, jobs));
    let mut players = Players::start(players, wanted);
    players.let_them_play(&mut Random(20_261_125));
    let db = Connection::open(players.path().join("home/state.db")).expect("the database");
    let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a word");
    assert_eq!(sound, "ok");
    let jobs = jobs(&db);
    let submitted = players.share as usize * players.all.len();
    assert_eq!(jobs.len(), submitted, "none is lost and none is made up");
    let mut replay = Replay::default();
    for (id, from, to) in events(&db) {
        replay.take(&jobs, &id, from.as_deref(), &to);
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for (id, job) in &jobs {
        assert!(!matches!(job.state.as_str(), "queued" | "running"), "{id} has ended");
        assert_eq!(replay.state[id], job.state, "and its history says how");
        *counts.entry(&job.state).or_default() += 1;
    }
    let log = fs::read_to_string(players.path().join("log")).expect("the workers' log");
    assert!(!log.contains("twice"), "no job runs twice at a time");
    let mut ends = BTreeMap::<&str, usize>::new();
    let lines =
        log.lines().filter_map(|line| line.strip_prefix("end ")).filter_map(|rest| rest.split(' ').next());
    lines.for_each(|job| *ends.entry(job).or_default() += 1);
    for (id, _) in jobs.iter().filter(|(_, job)| job.state == "done") {
        assert!(ends.contains_key(id.as_str()), "{id} is done, and a worker did it");
    }
    let begun = log.lines().filter(|line| line.starts_with("begin")).count();
    println!(
        "{} jobs, {} players, {} kills, {} claims, {begun} begun, {} ended by their worker: {counts:?}",
        jobs.len(),
        players.all.len(),
        players.kills,
        replay.claims,
        ends.values().sum::<usize>(),
    );
}

#[test]
fn dispatchers_and_supervisors_that_are_killed_lose_no_job() {
    let sandbox = Sandbox::with_profiles();
    let jobs = asked().map_or(10, |_| 60);
    let log = sandbox.record("log");
    let steps = (0..jobs).map(|n| {
        let (lock, log) = (sandbox.record(&format!("lock-{n}")), log.display());
        let work = format!("echo begin {n} >> '{log}'; sleep 0.2; echo end {n} >> '{log}'");
        let alone = format!("flock -n '{}' sh -c \"{work}\" || echo twice {n} >> '{log}'", lock.display());
        Step::When(format!("job {n}."), vec![Step::Shell(alone)])
    });
    sandbox.script(&steps.chain([Step::finish("Done.")]).collect::<Vec<_>>());
    let policy = json!({ "max_concurrent": 4, "backoff_seconds": 0 }).to_string();
    assert_eq!(sandbox.run(&["queue-policy", "--config", &policy, "--apply"]).code, Some(0));
    let mut client = sandbox.mcp();
    for n in 0..jobs {
        let made = client.call("cc_queue_submit", json!({ "task": format!("job {n}."), "max_retries": 5 }));
        assert!(!made.is_error, "{}", made.structured);
    }
    let mut random = Random(20_261_126);
    let mut dispatchers: Vec<Child> = (0..3).map(|_| dispatcher(&sandbox)).collect();
    let mut kills = 0;
    let open = |sandbox: &Sandbox| {
        let counts = sandbox.run(&["queue-status", "--json"]).json()["state_counts"].clone();
        counts["queued"].as_u64().expect("a number") + counts["running"].as_u64().expect("a number")
    };
    let enough = asked().map_or(6, |_| 24);
    while kills < enough && open(&sandbox) > 0 {
        thread::sleep(Duration::from_millis(200 + random.below(600)));
        if random.below(2) == 0 {
            let at = usize::try_from(random.below(3)).expect("small");
            dispatchers[at].kill().expect("it is killed");
            dispatchers[at].wait().expect("it ended");
            dispatchers[at] = dispatcher(&sandbox);
        } else {
            let all = processes::of(sandbox.root());
            let Some(one) = all.iter().find(|process| process.is("supervise")) else { continue };
            one.kill();
        }
        kills += 1;
    }
    // A job whose dispatcher was killed between claim and start waits for the end of its lease.
    let mut left = open(&sandbox);
    while left > 0 {
        left = eventually("the end of another job", || Some(open(&sandbox)).filter(|now| *now < left));
    }
    for mut dispatcher in dispatchers {
        let _ = dispatcher.kill();
        let _ = dispatcher.wait();
    }
    let told = fs::read_to_string(&log).expect("the workers' log");
    assert!(!told.contains("twice"), "no job runs twice at a time");
    let shown = sandbox.run(&["queue-status", "--limit", "100", "--json"]).json();
    assert_eq!(shown["state_counts"]["done"], json!(jobs), "{shown}");
    for n in 0..jobs {
        assert!(told.lines().any(|line| line == format!("end {n}")), "job {n} was worked on to its end");
    }
    println!("{jobs} jobs, {kills} kills");
}

fn dispatcher(sandbox: &Sandbox) -> Child {
    let mut run = sandbox.command();
    run.args(["queue", "run"]).stdout(Stdio::null()).stderr(Stdio::null());
    run.spawn().expect("a dispatcher starts")
}
