//! The event loop of one worker: its output, its end, its time.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use cc_domain::{EventBody, EventSource};
use cc_store::Store;
use tokio::{
    io::AsyncWriteExt as _,
    process::{ChildStderr, ChildStdin, ChildStdout},
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    ladder::{Cause, Ladder, Step},
    mark_running,
    outcome::{Ending, Outcome},
    recorder::{Line, Recorder},
};
use crate::{
    LaunchSpec, WorkerError, guard,
    lines::Lines,
    os::{self, Ask, Guarded, Tree},
    protocol::{GuardHello, interrupt},
    tree::end_all,
};

/// How long output may still come once every process that could write it has ended.
const DRAIN: Duration = Duration::from_secs(2);

struct Session<'a> {
    store: &'a Store,
    recorder: &'a mut Recorder,
    guard: Guarded,
    /// Lines for the worker; none once its input is closed.
    input: Option<mpsc::Sender<String>>,
    ladder: Ladder,
    limit_seconds: u32,
    worker: Option<u32>,
    trouble: Option<String>,
    started: Instant,
}

/// Starts the worker and stays with it to its end.
pub(super) async fn run(
    spec: &LaunchSpec,
    store: &Store,
    recorder: &mut Recorder,
) -> Result<Outcome, WorkerError> {
    let mut guard =
        Guarded::spawn(command(spec)?).map_err(WorkerError::io("start a guard in", &spec.command.cwd))?;
    let Some((stdin, stdout, stderr)) = guard.take_io() else {
        let reason = "its pipes are missing".to_owned();
        return Err(WorkerError::Malformed { what: "the guard".into(), reason });
    };
    let now = Instant::now();
    let limit = Duration::from_secs(spec.timeout_seconds.into());
    let session = Session {
        store,
        recorder,
        guard,
        input: Some(feed(stdin, spec.command.first_message.clone())),
        ladder: Ladder::new(now, limit, spec.patience),
        limit_seconds: spec.timeout_seconds,
        worker: None,
        trouble: None,
        started: now,
    };
    session.attend(stdout, stderr).await
}

fn command(spec: &LaunchSpec) -> Result<Command, WorkerError> {
    let program = os::own_program().map_err(WorkerError::io("find", "this program"))?;
    let remove: Vec<_> = spec.private_files.iter().map(|file| file.path.clone()).collect();
    let mut command = Command::new(program);
    command
        .arg("guard")
        .args(guard::arguments(&remove, &spec.command.program, &spec.command.args))
        .current_dir(&spec.command.cwd)
        .env_clear()
        .envs(&spec.command.environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(command)
}

/// Writes to the worker beside the reading: one that does not read its input must not stop us from reading
/// its output. Its input is closed when the sender is dropped.
fn feed(mut stdin: ChildStdin, first: String) -> mpsc::Sender<String> {
    let (sender, mut lines) = mpsc::channel::<String>(8);
    tokio::spawn(async move {
        let mut next = Some(first);
        while let Some(line) = next {
            // A worker that has closed its input is ending; that is seen elsewhere.
            if stdin.write_all(line.as_bytes()).await.is_err() {
                return;
            }
            next = lines.recv().await;
        }
    });
    sender
}

impl Session<'_> {
    async fn attend(mut self, stdout: ChildStdout, stderr: ChildStderr) -> Result<Outcome, WorkerError> {
        let (mut out, mut err) = (Lines::new(stdout), Lines::new(stderr));
        let (mut out_open, mut err_open) = (true, true);
        let mut ended: Option<(i32, Instant)> = None;
        let mut asked_to_end = std::pin::pin!(asked_to_end());
        let mut asked = false;
        while ended.is_none() || out_open || err_open {
            let until = ended.map_or(self.ladder.until(), |(_, at)| at + DRAIN);
            tokio::select! {
                line = out.next(), if out_open => out_open = self.stdout(line)?,
                line = err.next(), if err_open => err_open = self.stderr(line)?,
                status = self.guard.wait(), if ended.is_none() => {
                    ended = Some((self.guard_ended(status), Instant::now()));
                }
                () = &mut asked_to_end, if !asked => {
                    asked = true;
                    if let Some(step) = self.ladder.stop(Instant::now(), Cause::Stopped) {
                        self.take(step)?;
                    }
                }
                () = sleep_until(until) => {
                    if ended.is_some() || !self.next_step()? {
                        break;
                    }
                }
            }
        }
        Ok(self.outcome(ended))
    }

    fn outcome(self, ended: Option<(i32, Instant)>) -> Outcome {
        let end = ended.map_or_else(Instant::now, |(_, at)| at);
        Outcome::of(Ending {
            cause: self.ladder.cause(),
            exit_code: ended.map(|(code, _)| code),
            duration: end - self.started,
            result: self.recorder.result(),
            trouble: self.trouble,
            last_words: self.recorder.last_words().to_owned(),
            worker: self.worker,
        })
    }

    /// Takes a line; says whether more may come.
    fn stdout(&mut self, line: std::io::Result<Option<String>>) -> Result<bool, WorkerError> {
        let Some(line) = self.read(EventSource::Stdout, line)? else { return Ok(false) };
        if line.is_empty() && self.worker.is_none() {
            // The guard's word begins with a line end.
            return Ok(true);
        }
        match self.recorder.stdout(line)? {
            Line::Guard(hello) => self.guard_says(hello)?,
            Line::Result => {
                self.ladder.result(Instant::now());
                self.input = None;
            }
            Line::Other => {}
        }
        Ok(true)
    }

    fn stderr(&mut self, line: std::io::Result<Option<String>>) -> Result<bool, WorkerError> {
        let Some(line) = self.read(EventSource::Stderr, line)? else { return Ok(false) };
        self.recorder.stderr(line)?;
        Ok(true)
    }

    fn read(
        &mut self,
        source: EventSource,
        line: std::io::Result<Option<String>>,
    ) -> Result<Option<String>, WorkerError> {
        line.or_else(|e| {
            self.recorder.event(EventBody::StreamError { source, error: e.to_string() })?;
            Ok(None)
        })
    }

    fn guard_says(&mut self, hello: GuardHello) -> Result<(), WorkerError> {
        let pid = match hello {
            GuardHello::Started { pid } => pid,
            GuardHello::Failed { error } => {
                self.trouble = Some(error);
                return Ok(());
            }
        };
        self.worker = Some(pid);
        self.recorder.event(EventBody::ProcessStarted { pid })?;
        mark_running(self.store, self.recorder, pid)
    }

    /// The guard ends last of its tree. One that was killed leaves its tree to us; either way nothing that
    /// could still write may be left.
    fn guard_ended(&mut self, status: std::io::Result<std::process::ExitStatus>) -> i32 {
        let status = status.map_err(|e| e.to_string());
        if !status.as_ref().is_ok_and(|status| status.code().is_some()) && self.recorder.result().is_none() {
            self.trouble
                .get_or_insert("the worker's guard was killed, and the worker was ended with it".into());
        }
        end_all(|| os::members(self.tree()));
        status.map_or(-1, os::exit_code)
    }

    /// One step further down; false when there is none left.
    fn next_step(&mut self) -> Result<bool, WorkerError> {
        let step = self.ladder.time_is_up(Instant::now());
        if step == Step::Interrupt {
            self.recorder.event(EventBody::Timeout { timeout_seconds: self.limit_seconds })?;
        }
        self.take(step)?;
        Ok(step != Step::GiveUp)
    }

    fn take(&mut self, step: Step) -> Result<(), WorkerError> {
        match step {
            Step::Interrupt => {
                if let Some(input) = &self.input {
                    // A worker that does not read its input is terminated a little later.
                    let _ = input.try_send(interrupt());
                }
            }
            Step::Terminate => {
                self.input = None;
                self.guard.ask_tree(self.tree(), Ask::Terminate);
            }
            Step::Kill => self.guard.ask_tree(self.tree(), Ask::Kill),
            Step::GiveUp => self.guard.kill(),
        }
        Ok(())
    }

    fn tree(&self) -> Tree {
        Tree { root: std::process::id(), worker: self.worker }
    }
}

/// Somebody ends this very process, as a system that shuts down does. Never returns where there is no such
/// signal.
#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    std::future::pending().await
}
