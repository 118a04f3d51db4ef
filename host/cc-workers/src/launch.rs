//! Handing a run over to a detached supervisor.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use cc_domain::{Budget, ModelPrice, Moment, OnLimit, Route, RunId};
use cc_store::{CreatedRun, Home, RunDir};
use serde::{Deserialize, Serialize};

use crate::{
    Environment, PrivateFile, Sandbox, WorkerCommand, WorkerError, environment::passed, os,
    protocol::Handshake,
};

/// How long a supervisor may take until it has the run. It takes some milliseconds; a machine that needs
/// longer than this is not going to run a worker either.
const TAKE_OVER: Duration = Duration::from_secs(30);
/// Longest handshake line, bytes.
const MAX_HANDSHAKE: u64 = 64 << 10;
/// The waiting thread needs next to nothing.
const THREAD_STACK: usize = 256 << 10;

/// All that a supervisor needs. It goes through a pipe, because it holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub struct LaunchSpec {
    /// The user's home of the product.
    pub home: PathBuf,
    /// The run.
    pub run_id: RunId,
    /// The run's folder.
    pub run_dir: PathBuf,
    /// The worker.
    pub command: WorkerCommand,
    /// Written before the worker starts, removed when the run ends.
    pub private_files: Vec<PrivateFile>,
    /// Values that must not be kept anywhere.
    pub secrets: Vec<String>,
    /// JSON of the `SecretRule`s to redact by; a worker is not started without.
    pub rules_file: PathBuf,
    /// Time limit, from the worker's start.
    pub timeout_seconds: u32,
    /// What the run may use up.
    pub budget: Budget,
    /// What its profile's models cost, the user's factor included.
    #[serde(default)]
    pub prices: Vec<ModelPrice>,
    /// What it does at a usage limit.
    pub on_limit: OnLimit,
    /// How long a permission question waits for an answer before it is denied.
    pub answer_within_seconds: u32,
    /// Where it goes on when it is to fail over, the best first.
    pub alternatives: Vec<Alternative>,
    /// The project's folder, whose plugins may judge what secrets are.
    #[serde(default)]
    pub workspace_root: PathBuf,
    /// The project, when the run may write to it.
    #[serde(default)]
    pub project: Option<ProjectWatch>,
    /// Where the worker may write, when the system is to see to it.
    #[serde(default)]
    pub sandbox: Option<Sandbox>,
    /// Who is told of the run; none: nobody.
    #[serde(default)]
    pub tell: Option<Tell>,
    /// How long each step of ending a worker may take.
    #[serde(default)]
    pub patience: Patience,
}

/// Who is told of a run. Settled when it is launched, so that a run that concerns nobody starts nothing.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Tell {
    /// What the user is told of.
    pub moments: Vec<Moment>,
    /// An end is told of runs that took at least so long.
    pub min_seconds: u32,
    /// The end of every run goes to an OpenTelemetry collector.
    pub telemetry: bool,
    /// What the telling process needs to reach desktop and collector; no worker gets it.
    pub environment: Environment,
}

/// A project whose state before and after the run is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProjectWatch {
    /// Its folder.
    pub root: PathBuf,
    /// Where we keep what we need to know of it.
    pub state: PathBuf,
    /// The worker works in a copy.
    #[serde(default)]
    pub isolated: Option<Isolated>,
}

/// A copy of a project, made for one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Isolated {
    /// Where it is made.
    pub folder: PathBuf,
    /// Where we keep what we need to know of it.
    pub state: PathBuf,
}

/// Another profile to go on with: the same command line with other settings.
#[derive(Clone, Serialize, Deserialize)]
pub struct Alternative {
    /// Which, and why.
    pub route: Route,
    /// Content of the settings file.
    pub settings: String,
    /// What its models cost, the user's factor included.
    #[serde(default)]
    pub prices: Vec<ModelPrice>,
    /// Values that must not be kept anywhere.
    pub secrets: Vec<String>,
}

// Not derived: files and secrets must not be seen in logs.
impl fmt::Debug for LaunchSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaunchSpec")
            .field("run_id", &self.run_id)
            .field("run_dir", &self.run_dir)
            .finish_non_exhaustive()
    }
}

/// How long each step of ending a worker may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// From the result to the worker's own end.
    pub linger_ms: u64,
    /// From the interrupt to the termination signal. Claude Code takes 0.1 to 1.6 s.
    pub interrupt_ms: u64,
    /// From the termination signal to the kill.
    pub terminate_ms: u64,
    /// From the kill to giving up on what survives even that.
    pub kill_ms: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { linger_ms: 10_000, interrupt_ms: 5_000, terminate_ms: 5_000, kill_ms: 5_000 }
    }
}

/// A run whose supervisor has taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launched {
    /// The supervisor's process.
    pub supervisor_pid: u32,
}

/// Starts `program supervise` for a created run, in a session of its own, and returns once it answers for
/// the run. It lives on when this process ends; while this process lives, a thread waits for it, so that
/// no zombie is left.
///
/// # Errors
/// When the supervisor cannot be started or does not take over; the run is then nobody's and reads as lost,
/// unless the caller records its failure first.
pub fn launch(program: &Path, spec: &LaunchSpec, created: &CreatedRun) -> Result<Launched, WorkerError> {
    let message = serde_json::to_vec(spec).map_err(|e| WorkerError::Malformed {
        what: "the launch specification".into(),
        reason: e.to_string(),
    })?;
    let mut command = Command::new(program);
    command
        .arg("supervise")
        .current_dir(created.dir.path())
        .env_clear()
        .envs(passed(&crate::environment()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log_file(&spec.home).map_or_else(Stdio::null, Stdio::from));
    let mut supervisor = os::spawn_in_background(&mut command).map_err(WorkerError::io("start", program))?;
    let pipes = (supervisor.stdin.take(), supervisor.stdout.take());
    let supervisor = Arc::new(Mutex::new(supervisor));
    match attend(Arc::clone(&supervisor), pipes, message).recv_timeout(TAKE_OVER) {
        Ok(Ok(Handshake::TakenOver { pid })) => Ok(Launched { supervisor_pid: pid }),
        Ok(Ok(Handshake::Refused { reason })) => Err(WorkerError::NotTakenOver(reason)),
        Ok(Err(reason)) => Err(WorkerError::NotTakenOver(reason)),
        Err(_) => {
            // It must not take over once we have said that it did not.
            let _ = lock(&supervisor).kill();
            Err(WorkerError::NotTakenOver(format!("it said nothing for {} s", TAKE_OVER.as_secs())))
        }
    }
}

/// Talks to the supervisor and then waits for its end, on a thread of its own.
fn attend(
    supervisor: Arc<Mutex<Child>>,
    (stdin, stdout): (Option<ChildStdin>, Option<ChildStdout>),
    message: Vec<u8>,
) -> mpsc::Receiver<Result<Handshake, String>> {
    let (told, hear) = mpsc::channel();
    let body = move || {
        if let Some(mut stdin) = stdin {
            // A supervisor that does not read says why, or ends: both are seen below.
            let _ = stdin.write_all(&message);
        }
        drop(message);
        let _ = told.send(handshake(stdout));
        let _ = lock(&supervisor).wait();
    };
    if let Err(e) = thread::Builder::new().name("supervisor".into()).stack_size(THREAD_STACK).spawn(body) {
        tracing::error!("no thread to talk to the supervisor: {e}");
    }
    hear
}

fn lock(supervisor: &Mutex<Child>) -> MutexGuard<'_, Child> {
    supervisor.lock().unwrap_or_else(PoisonError::into_inner)
}

fn handshake(stdout: Option<ChildStdout>) -> Result<Handshake, String> {
    let stdout = stdout.ok_or("it has no output")?;
    let mut line = String::new();
    BufReader::new(stdout.take(MAX_HANDSHAKE)).read_line(&mut line).map_err(|e| e.to_string())?;
    if line.is_empty() {
        return Err("it ended without a word; see logs/supervisors.log in the product's home".into());
    }
    serde_json::from_str(&line).map_err(|e| format!("it said something else: {e}"))
}

/// Where a supervisor's own troubles go; nothing of a run is written there.
fn log_file(home: &Path) -> Option<File> {
    let logs = Home::at(home).logs();
    cc_store::create_private_dir(&logs).ok()?;
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    os::private(&mut options).open(logs.join("supervisors.log")).ok()
}

impl LaunchSpec {
    /// The run's folder.
    #[must_use]
    pub fn dir(&self) -> RunDir {
        RunDir::at(&self.run_dir)
    }
}
