//! The event loop of one worker: its output, its end, its time.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use cc_domain::{EventBody, EventSource, RunStatus, StopReason, one_line};
use cc_store::Store;
use jiff::Timestamp;
use tokio::{
    io::AsyncWriteExt as _,
    process::{ChildStderr, ChildStdin, ChildStdout},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    desk::{Desk, Wish},
    ladder::{Cause, Ladder, Step},
    mark_running,
    outcome::{Ending, Outcome},
    questions::{Answered, Questions},
    recorder::{Line, Recorder},
    signal::Signal,
    tell::Asking,
};
use crate::{
    ControlReply, ControlRequest, LaunchSpec, Patience, WorkerError, guard,
    lines::{self, Lines},
    os::{self, Ask, Guarded, Tree},
    protocol::{GuardHello, interrupt, user_message},
    tree::end_all,
};

/// How long output may still come once every process that could write it has ended.
const DRAIN: Duration = Duration::from_secs(2);

/// How long a worker says nothing before its supervisor makes itself small.
const QUIET: Duration = Duration::from_secs(5);

/// What one process of a run came to.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    /// Why it was ended from outside, if it was.
    pub(super) cause: Option<Cause>,
    /// The provider accepted nothing: until when, and which limit.
    pub(super) limit: Option<(Option<Timestamp>, String)>,
    pub(super) took: Duration,
}

struct Session<'a> {
    spec: &'a LaunchSpec,
    store: &'a Store,
    recorder: &'a mut Recorder,
    guard: Guarded,
    /// Lines for the worker; none once its input is closed.
    input: Option<mpsc::Sender<Feed>>,
    ladder: Ladder,
    questions: Questions,
    asking: Asking,
    /// Instructions that have not been seen in the conversation: id and text.
    unread: Vec<(String, String)>,
    /// The worker tells when it reads a message.
    tells_reading: bool,
    limit: Option<(Option<Timestamp>, String)>,
    has_result: bool,
    timeout_seconds: u32,
    worker: Option<u32>,
    trouble: Option<String>,
    started: Instant,
}

/// Lines for the worker, and who wants to know that they are in its input.
type Feed = (String, Option<oneshot::Sender<ControlReply>>);

/// Starts the worker and stays with it to its end.
pub(super) async fn run(
    spec: &LaunchSpec,
    store: &Store,
    recorder: &mut Recorder,
    desk: &mut Desk<'_>,
    limit: Duration,
) -> Result<Ended, WorkerError> {
    let mut guard =
        Guarded::spawn(command(spec)?).map_err(WorkerError::io("start a guard in", &spec.command.cwd))?;
    let Some((stdin, stdout, stderr)) = guard.take_io() else {
        let reason = "its pipes are missing".to_owned();
        return Err(WorkerError::Malformed { what: "the guard".into(), reason });
    };
    let now = Instant::now();
    let session = Session {
        spec,
        store,
        recorder,
        guard,
        input: Some(feed(stdin, spec.command.first_message.clone())),
        ladder: Ladder::new(now, limit, spec.patience),
        questions: Questions::new(Duration::from_secs(spec.answer_within_seconds.into())),
        asking: Asking::default(),
        unread: Vec::new(),
        tells_reading: false,
        limit: None,
        has_result: false,
        timeout_seconds: spec.timeout_seconds,
        worker: None,
        trouble: None,
        started: now,
    };
    session.attend(stdout, stderr, desk).await
}

fn command(spec: &LaunchSpec) -> Result<Command, WorkerError> {
    let program = os::own_program().map_err(WorkerError::io("find", "this program"))?;
    let remove: Vec<_> = spec.private_files.iter().map(|file| file.path.clone()).collect();
    let mut command = Command::new(program);
    command
        .arg("guard")
        .args(guard::arguments(&remove, spec.sandbox.as_ref(), &spec.command.program, &spec.command.args))
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
fn feed(mut stdin: ChildStdin, first: String) -> mpsc::Sender<Feed> {
    let (sender, mut lines) = mpsc::channel::<Feed>(8);
    tokio::spawn(async move {
        let mut next: Option<Feed> = Some((first, None));
        while let Some((line, waiting)) = next {
            // A worker that has closed its input is ending; that is seen elsewhere.
            let sent = stdin.write_all(line.as_bytes()).await;
            if let Some(waiting) = waiting {
                let _ = waiting.send(delivery(&sent));
            }
            if sent.is_err() {
                return;
            }
            next = lines.recv().await;
        }
    });
    sender
}

fn delivery(sent: &std::io::Result<()>) -> ControlReply {
    match sent {
        Ok(()) => ControlReply::Done { what: "it is in the worker's input".into() },
        Err(e) => ControlReply::Refused { reason: format!("the worker no longer reads its input ({e})") },
    }
}

impl Session<'_> {
    async fn attend(
        mut self,
        stdout: ChildStdout,
        stderr: ChildStderr,
        desk: &mut Desk<'_>,
    ) -> Result<Ended, WorkerError> {
        let (mut out, mut err) = (Lines::new(stdout), Lines::new(stderr));
        let (mut out_open, mut err_open) = (true, true);
        let mut ended: Option<(i32, Instant)> = None;
        let mut quiet_from = Some(Instant::now());
        while ended.is_none() || out_open || err_open {
            let until = ended.map_or(self.ladder.until(), |(_, at)| at + DRAIN);
            let question = self.questions.deadline().filter(|_| ended.is_none());
            let settles_at = self.recorder.settles_at();
            tokio::select! {
                line = out.next(), if out_open => {
                    out_open = self.stdout(line)?;
                    quiet_from = Some(Instant::now());
                }
                line = err.next(), if err_open => err_open = self.stderr(line)?,
                status = self.guard.wait(), if ended.is_none() => {
                    ended = Some((self.guard_ended(status), Instant::now()));
                }
                wish = desk.next(), if ended.is_none() => self.grant(wish)?,
                found = self.recorder.next_look(), if ended.is_none() => {
                    found.into_iter().try_for_each(|warning| self.recorder.warn(warning))?;
                    self.pass_warnings_on();
                }
                () = sleep_until(question.unwrap_or(until)), if question.is_some_and(|at| at < until) => {
                    let late = self.questions.expire(Instant::now());
                    late.into_iter().try_for_each(|answered| self.answer(answered, None))?;
                }
                () = sleep_until(settles_at), if ended.is_none() => self.settle()?,
                () = sleep_until(until) => {
                    if ended.is_some() || !self.next_step()? {
                        break;
                    }
                }
                () = sleep_until(quiet_from.unwrap_or(until) + QUIET), if quiet_from.is_some() => {
                    quiet_from = None;
                    os::give_back_pages();
                }
            }
        }
        // A run may be parked now, for hours.
        self.recorder.settle(self.store);
        Ok(self.ended(ended))
    }

    fn ended(self, ended: Option<(i32, Instant)>) -> Ended {
        let end = ended.map_or_else(Instant::now, |(_, at)| at);
        let mut result = self.recorder.result();
        if !self.has_result
            && let Some(earlier) = &mut result
        {
            // Only an earlier process of the run came to one: its figures count, its success does not.
            (earlier.is_error, earlier.subtype) = (true, "error_during_execution".into());
        }
        let cause = self.ladder.cause();
        let outcome = Outcome::of(Ending {
            cause,
            exit_code: ended.map(|(code, _)| code),
            duration: end - self.started,
            result,
            trouble: self.trouble,
            last_words: self.recorder.last_words().to_owned(),
            worker: self.worker,
        });
        Ended { outcome, cause, limit: self.limit, took: end - self.started }
    }

    /// Takes a line; says whether more may come.
    fn stdout(&mut self, line: std::io::Result<Option<lines::Line>>) -> Result<bool, WorkerError> {
        let Some(line) = self.read(EventSource::Stdout, line)? else { return Ok(false) };
        if line.text.is_empty() && self.worker.is_none() {
            // The guard's word begins with a line end.
            return Ok(true);
        }
        match self.recorder.stdout(line)? {
            Line::Guard(hello) => self.guard_says(hello)?,
            Line::Result => self.turn_ended(),
            Line::Signal(signal) => self.signalled(signal)?,
            Line::Other => {}
        }
        self.pass_warnings_on();
        self.keep_to_budget()?;
        if self.recorder.settles_at() <= Instant::now() {
            self.settle()?;
        }
        Ok(true)
    }

    /// Tells the ledger, and ends a worker that has reached a limit with what all have spent.
    fn settle(&mut self) -> Result<(), WorkerError> {
        let Some(over) = self.recorder.settle(self.store) else { return Ok(()) };
        if !self.ladder.is_working() {
            return Ok(());
        }
        let text = over.to_string();
        let (limit, spent, most) = (over.name(), over.spent, over.most);
        self.recorder.event(EventBody::LimitReached { limit, spent, most, text: text.clone() })?;
        self.trouble.get_or_insert(format!("{text}; cc_cost_guard shows the limits and sets them"));
        self.stop(Cause::Budget(StopReason::OverLimit))
    }

    /// The run's job, if it has one, shows the first warning. Its events have them all.
    fn pass_warnings_on(&mut self) {
        let warnings = self.recorder.take_warnings();
        if warnings.is_empty() {
            return;
        }
        let run = self.recorder.writer().record().run_id.clone();
        for warning in warnings {
            if let Err(error) = self.store.warn_job_of_scope(&run, &warning) {
                tracing::warn!(%run, "a scope warning could not be put on its job: {error}");
            }
        }
    }

    fn stderr(&mut self, line: std::io::Result<Option<lines::Line>>) -> Result<bool, WorkerError> {
        let Some(line) = self.read(EventSource::Stderr, line)? else { return Ok(false) };
        self.recorder.stderr(line)?;
        self.keep_to_budget()?;
        Ok(true)
    }

    /// A worker that has not read all messages yet goes on with another turn, and has a while to begin it.
    fn turn_ended(&mut self) {
        self.has_result = true;
        self.ladder.result(Instant::now());
        if !self.tells_reading || self.unread.is_empty() {
            self.input = None;
        }
    }

    fn keep_to_budget(&mut self) -> Result<(), WorkerError> {
        match self.recorder.wants_stop() {
            Some(reason) => self.stop(Cause::Budget(reason)),
            None => Ok(()),
        }
    }

    fn signalled(&mut self, signal: Signal) -> Result<(), WorkerError> {
        let event = match signal {
            Signal::Asks { request_id, tool, input } => {
                let recorder = &*self.recorder;
                let now = Instant::now();
                Some(self.questions.ask(request_id, tool, input, now, |text| recorder.clean(text)))
            }
            Signal::Withdraws { request_id } => self.questions.withdraw(&request_id),
            Signal::Read { text } => {
                self.tells_reading = true;
                self.ladder.goes_on();
                let at = self.unread.iter().position(|(_, sent)| *sent == text);
                at.map(|at| EventBody::InstructionRead { id: self.unread.remove(at).0 })
            }
            Signal::Limited { until, kind } => {
                self.limit = Some((until, kind));
                None
            }
        };
        let Some(event) = event else { return Ok(()) };
        if let EventBody::PermissionAsked(question) = &event {
            self.asking.asked(self.spec, question);
        }
        self.recorder.event(event)
    }

    fn grant(&mut self, wish: Wish) -> Result<(), WorkerError> {
        let (request, reply) = match wish {
            Wish::End => return self.stop(Cause::ShutDown),
            Wish::Visit(request, reply) => (request, reply),
        };
        match request {
            ControlRequest::Instruct { id, text } => self.instruct(id, &text, reply),
            ControlRequest::Answer { request_id, allow, message, updated_input } => {
                match self.questions.answer(request_id.as_deref(), allow, message.as_deref(), updated_input) {
                    Ok(answered) => self.answer(answered, Some(reply)),
                    Err(reason) => {
                        let _ = reply.send(ControlReply::Refused { reason });
                        Ok(())
                    }
                }
            }
            ControlRequest::Stop { force, within_ms } => {
                self.stop_requested(force, within_ms)?;
                let _ = reply.send(ControlReply::Done { what: "the worker is being ended".into() });
                Ok(())
            }
        }
    }

    fn instruct(
        &mut self,
        id: String,
        text: &str,
        reply: oneshot::Sender<ControlReply>,
    ) -> Result<(), WorkerError> {
        if !self.ladder.is_working() || self.input.is_none() {
            let _ = reply.send(ControlReply::Refused { reason: "the worker has finished its turn".into() });
            return Ok(());
        }
        if !self.send(user_message(text), Some(reply)) {
            return Ok(());
        }
        let shown = one_line(&self.recorder.clean(text), 500);
        self.unread.push((id.clone(), text.to_owned()));
        self.recorder.event(EventBody::InstructionSent { id, text: shown })
    }

    fn answer(
        &mut self,
        answered: Answered,
        reply: Option<oneshot::Sender<ControlReply>>,
    ) -> Result<(), WorkerError> {
        let mut event = answered.event;
        if let EventBody::PermissionAnswered { message, .. } = &mut event {
            *message = self.recorder.clean(message);
        }
        self.recorder.event(event)?;
        self.send(answered.line, reply);
        Ok(())
    }

    /// Puts a line into the worker's queue; who waits for it is told when it cannot be.
    fn send(&self, line: String, reply: Option<oneshot::Sender<ControlReply>>) -> bool {
        let feed = (line, reply);
        let left = match &self.input {
            Some(input) => input.try_send(feed).err().map(|e| e.into_inner()),
            None => Some(feed),
        };
        let Some((_, reply)) = left else { return true };
        if let Some(reply) = reply {
            let reason = "the worker does not read its input now; try again, or with force".to_owned();
            let _ = reply.send(ControlReply::Refused { reason });
        }
        false
    }

    fn stop_requested(&mut self, force: bool, within_ms: u64) -> Result<(), WorkerError> {
        self.recorder.event(EventBody::StopRequested { force })?;
        self.recorder.writer().update(self.store, |record| record.status = RunStatus::StopRequested)?;
        self.ladder.hurry(Patience {
            linger_ms: within_ms / 2,
            interrupt_ms: within_ms / 2,
            terminate_ms: within_ms / 4,
            kill_ms: 5_000,
        });
        if force {
            let step = self.ladder.kill(Instant::now(), Cause::Stopped);
            return self.take(step);
        }
        self.stop(Cause::Stopped)
    }

    fn stop(&mut self, cause: Cause) -> Result<(), WorkerError> {
        self.ladder.stop(Instant::now(), cause).map_or(Ok(()), |step| self.take(step))
    }

    fn read(
        &mut self,
        source: EventSource,
        line: std::io::Result<Option<lines::Line>>,
    ) -> Result<Option<lines::Line>, WorkerError> {
        line.or_else(|e| {
            self.recorder.event(EventBody::StreamError { source, error: e.to_string() })?;
            Ok(None)
        })
    }

    fn guard_says(&mut self, hello: GuardHello) -> Result<(), WorkerError> {
        let (pid, sandboxed) = match hello {
            GuardHello::Started { pid, sandboxed } => (pid, sandboxed),
            GuardHello::Failed { error } => {
                self.trouble = Some(error);
                return Ok(());
            }
        };
        self.worker = Some(pid);
        self.recorder.event(EventBody::ProcessStarted { pid })?;
        mark_running(self.store, self.recorder, pid, sandboxed)
    }

    /// The guard ends last of its tree. One that was killed leaves its tree to us; either way nothing that
    /// could still write may be left.
    fn guard_ended(&mut self, status: std::io::Result<std::process::ExitStatus>) -> i32 {
        let status = status.map_err(|e| e.to_string());
        if !status.as_ref().is_ok_and(|status| status.code().is_some()) && !self.has_result {
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
            self.recorder.event(EventBody::Timeout { timeout_seconds: self.timeout_seconds })?;
        }
        self.take(step)?;
        Ok(step != Step::GiveUp)
    }

    fn take(&mut self, step: Step) -> Result<(), WorkerError> {
        match step {
            Step::Interrupt => {
                // A worker that does not read its input is terminated a little later.
                self.send(interrupt(), None);
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
