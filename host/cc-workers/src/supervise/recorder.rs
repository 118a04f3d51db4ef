//! From a worker's line to the run's files: redact, then keep.

use cc_domain::{EventBody, EventSource, RunResult, StopReason};
use cc_secrets::Redactor;
use cc_store::{LogFile, RunWriter};
use serde_json::Value;
use tokio::time::Instant;

use super::signal::Signal;
use crate::{
    StreamFacts, WorkerError,
    lines::{tidy, tidy_value},
    narrator::Narrator,
    protocol::GuardHello,
    stream::bounded,
};

/// What `stdout.txt` and `stderr.txt` may grow to, bytes.
const MAX_LOG: u64 = 16 << 20;
/// What the worker's own lines may add to `events.ndjson`, bytes. Beyond it only results are kept.
const MAX_STREAM: usize = 64 << 20;
/// What is kept of a line that is no JSON, bytes.
const MAX_TEXT: usize = 64 << 10;
/// How much of the end of standard error an error message may quote, bytes.
const MAX_LAST_WORDS: usize = 2_000;

/// What a line means for the run.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// The guard has started the worker, or could not.
    Guard(GuardHello),
    /// A turn has ended.
    Result,
    /// The worker, or its provider, wants something of us.
    Signal(Signal),
    /// Nothing.
    Other,
}

/// Keeps what a worker writes.
pub(super) struct Recorder {
    writer: RunWriter,
    kept: Option<Kept>,
    facts: StreamFacts,
    narrator: Narrator,
    guard_seen: bool,
    stream_left: usize,
    last_words: String,
}

/// What is there once the run has its rules.
struct Kept {
    redactor: Redactor,
    stdout: LogFile,
    stderr: LogFile,
}

impl Recorder {
    pub(super) fn new(writer: RunWriter) -> Self {
        Self {
            writer,
            kept: None,
            facts: StreamFacts::default(),
            narrator: Narrator::default(),
            guard_seen: false,
            stream_left: MAX_STREAM,
            last_words: String::new(),
        }
    }

    /// From now on lines can be kept: there are rules to redact them by.
    pub(super) fn start(&mut self, redactor: Redactor) -> Result<(), WorkerError> {
        let stdout = self.writer.log(&self.writer.dir().stdout(), MAX_LOG)?;
        let stderr = self.writer.log(&self.writer.dir().stderr(), MAX_LOG)?;
        self.kept = Some(Kept { redactor, stdout, stderr });
        Ok(())
    }

    pub(super) fn writer(&mut self) -> &mut RunWriter {
        &mut self.writer
    }

    /// What the stream adds up to.
    pub(super) fn result(&self) -> Option<RunResult> {
        self.facts.finish()
    }

    /// The end of standard error, redacted.
    pub(super) fn last_words(&self) -> &str {
        &self.last_words
    }

    /// Another process of the run begins, with a guard of its own.
    pub(super) fn expect_guard(&mut self) {
        self.guard_seen = false;
    }

    /// A text as it may be kept.
    pub(super) fn clean(&self, text: &str) -> String {
        self.kept.as_ref().map_or_else(String::new, |kept| kept.redactor.redact(text).into_owned())
    }

    /// Why the worker is to be ended, once a budget is used up.
    pub(super) fn wants_stop(&mut self) -> Option<StopReason> {
        None
    }

    /// Appends an event of our own.
    pub(super) fn event(&mut self, body: EventBody) -> Result<(), WorkerError> {
        self.writer.append_event(body)?;
        Ok(())
    }

    /// Keeps a line of standard output and says what it means.
    pub(super) fn stdout(&mut self, line: String) -> Result<Line, WorkerError> {
        if !self.guard_seen
            && let Ok(hello) = serde_json::from_str(&line)
        {
            self.guard_seen = true;
            return Ok(Line::Guard(hello));
        }
        match serde_json::from_str::<Value>(&line) {
            Ok(value) if value.is_object() => self.message(value, line.len()),
            _ if line.trim().is_empty() => Ok(Line::Other),
            _ => self.text(EventSource::Stdout, line).map(|()| Line::Other),
        }
    }

    /// Keeps a line of standard error.
    pub(super) fn stderr(&mut self, line: String) -> Result<(), WorkerError> {
        self.text(EventSource::Stderr, line)
    }

    fn message(&mut self, mut value: Value, length: usize) -> Result<Line, WorkerError> {
        let Some(kept) = &mut self.kept else { return Ok(Line::Other) };
        let signal = Signal::of(&value);
        // A session must be found again by its id, which a rule for random values could take for a secret
        // beside its key; by itself it is none.
        let session = value["session_id"].as_str().map(str::to_owned);
        kept.redactor.redact_value(&mut value);
        if let Some(session) = session {
            value["session_id"] = kept.redactor.redact(&session).into();
        }
        tidy_value(&mut value);
        kept.stdout.append(&value.to_string())?;
        let seen = self.facts.observe(&value);
        if seen.result || self.stream_left >= length {
            self.stream_left = self.stream_left.saturating_sub(length);
            for event in self.narrator.tell(&value, Instant::now()) {
                self.event(event)?;
            }
        }
        if let Some(actual) = seen.actual_model {
            let declared = self.writer.record().route.model.clone();
            if let Some(event) = self.narrator.model_is(declared.as_deref(), &actual) {
                self.event(event)?;
            }
        }
        Ok(match signal {
            Some(signal) => Line::Signal(signal),
            None if seen.result => Line::Result,
            None => Line::Other,
        })
    }

    fn text(&mut self, source: EventSource, line: String) -> Result<(), WorkerError> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        let mut text = kept.redactor.redact(&line).into_owned();
        tidy(&mut text);
        let length = text.len();
        match source {
            EventSource::Stdout => kept.stdout.append(&text)?,
            EventSource::Stderr => {
                kept.stderr.append(&text)?;
                self.last_words = bounded(text.clone(), MAX_LAST_WORDS);
            }
        }
        if self.stream_left < length {
            return Ok(());
        }
        self.stream_left -= length;
        self.event(EventBody::Text { source, text: bounded(text, MAX_TEXT) })
    }
}
