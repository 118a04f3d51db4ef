//! From a worker's line to the run's files: redact, then keep.

use std::borrow::Cow;

use cc_domain::{
    Accuracy, BudgetUse, EventBody, EventSource, Measure, ModelUsage, RunResult, Spent, StopReason,
};
use cc_secrets::Redactor;
use cc_store::{LogFile, RunWriter, Store};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    archive::Archive, books::Books, limits::Limits, meter::Meter, printed::Printed, sentry::Sentry,
    signal::Signal, spend::Seller,
};
use crate::{
    StreamFacts, WorkerError,
    lines::{self, tidy, tidy_value},
    narrator::Narrator,
    protocol::GuardHello,
    stream::bounded,
};

/// What `stdout.txt` and `stderr.txt` may grow to, bytes.
const MAX_LOG: u64 = 16 << 20;
/// What a worker's lines may bring `events.ndjson` to, whatever its budget, bytes.
const MAX_EVENTS: u64 = 64 << 20;
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
    meter: Meter,
    books: Books,
    last_words: String,
    sentry: Option<Sentry>,
    /// Warnings of the scope that the session has not heard of.
    warnings: Vec<String>,
}

/// What is there once the run has its rules.
struct Kept {
    redactor: Redactor,
    printed: Printed,
    stdout: LogFile,
    stderr: LogFile,
    archive: Archive,
}

impl Recorder {
    pub(super) fn new(writer: RunWriter, limits: Limits) -> Self {
        Self {
            meter: Meter::new(writer.record().budget.clone()),
            books: Books::new(writer.record(), limits),
            writer,
            kept: None,
            facts: StreamFacts::default(),
            narrator: Narrator::default(),
            guard_seen: false,
            last_words: String::new(),
            sentry: None,
            warnings: Vec::new(),
        }
    }

    /// Who looks whether the worker keeps to its scope.
    pub(super) fn watch_scope(&mut self, sentry: Option<Sentry>) {
        self.sentry = sentry;
    }

    /// What the next look at the project finds.
    pub(super) async fn next_look(&mut self) -> Vec<EventBody> {
        match &mut self.sentry {
            Some(sentry) => sentry.next_look().await,
            None => std::future::pending().await,
        }
    }

    /// A warning, for the run's events and for whoever asks next.
    pub(super) fn warn(&mut self, warning: EventBody) -> Result<(), WorkerError> {
        self.warnings.push(warning.headline());
        self.event(warning)
    }

    /// What the session has not heard of yet.
    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// From now on lines can be kept: there are rules to redact them by.
    pub(super) fn start(&mut self, redactor: Redactor, printed: Printed) -> Result<(), WorkerError> {
        let stdout = self.writer.log(&self.writer.dir().stdout(), MAX_LOG)?;
        let stderr = self.writer.log(&self.writer.dir().stderr(), MAX_LOG)?;
        let archive = Archive::create(&self.writer.dir().stream())?;
        self.kept = Some(Kept { redactor, printed, stdout, stderr, archive });
        Ok(())
    }

    pub(super) fn writer(&mut self) -> &mut RunWriter {
        &mut self.writer
    }

    /// What the stream adds up to.
    pub(super) fn result(&self) -> Option<RunResult> {
        let mut result = self.facts.finish()?;
        let most = self.meter.budget().final_max_chars as usize;
        if let Some((at, _)) = result.text.char_indices().nth(most) {
            result.text.truncate(at);
            result.text.push('…');
        }
        self.account(&mut result);
        Some(result)
    }

    /// What the worker says it cost is replaced by what counts.
    fn account(&self, result: &mut RunResult) {
        let total = self.books.spend().total();
        if total.is_nothing() {
            return;
        }
        result.usage = total.usage;
        result.cost_usd = total.usd;
        result.cost_is_estimate = total.accuracy > Accuracy::Priced;
        let mut models: Vec<ModelUsage> = Vec::new();
        for (_, model, Spent { usage, usd, .. }) in self.books.spend().lines() {
            let (model, cost_usd) = (self.clean(&model), usd.unwrap_or_default());
            match models.iter_mut().find(|known| known.model == model) {
                Some(known) => {
                    (known.usage, known.cost_usd) = (known.usage.plus(usage), known.cost_usd + cost_usd);
                }
                None => models.push(ModelUsage { model, usage, cost_usd }),
            }
        }
        result.actual.models = models;
    }

    /// What the run has used up.
    pub(super) fn used(&mut self) -> BudgetUse {
        self.meter.events_are(self.writer.events_bytes());
        self.meter.used().clone()
    }

    /// The end of standard error, redacted.
    pub(super) fn last_words(&self) -> &str {
        &self.last_words
    }

    /// The secrets that the worker printed so far; they are forgotten here.
    pub(super) fn take_printed(&mut self) -> Option<Printed> {
        self.kept.as_mut().map(|kept| std::mem::take(&mut kept.printed))
    }

    /// Who answers from now on, and at what prices.
    pub(super) fn sold_by(&mut self, seller: Seller) {
        self.books.sold_by(seller);
    }

    /// When [`Recorder::settle`] is to be called next.
    pub(super) fn settles_at(&self) -> Instant {
        self.books.due()
    }

    /// Brings the ledger up to what was spent, and gives the limit that is reached. A database that is busy ends no
    /// worker: what could not be written is written next time.
    pub(super) fn settle(&mut self, store: &Store) -> Option<Measure> {
        self.try_settle(store).unwrap_or_else(|error| {
            tracing::warn!(run = %self.writer.record().run_id, "what it spent could not be written: {error}");
            None
        })
    }

    /// The same for the last time, when it matters that it is done.
    pub(super) fn try_settle(&mut self, store: &Store) -> Result<Option<Measure>, WorkerError> {
        let kept = &self.kept;
        let clean =
            |text: &str| kept.as_ref().map_or_else(String::new, |k| k.redactor.redact(text).into_owned());
        Ok(self.books.settle(store, self.writer.record(), clean)?)
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
        self.meter.take_stop()
    }

    /// Appends an event of our own.
    pub(super) fn event(&mut self, body: EventBody) -> Result<(), WorkerError> {
        self.writer.append_event(body)?;
        Ok(())
    }

    /// Keeps a line of standard output and says what it means.
    pub(super) fn stdout(&mut self, line: lines::Line) -> Result<Line, WorkerError> {
        self.meter.observe(line.bytes);
        if !self.guard_seen
            && let Ok(hello) = serde_json::from_str(&line.text)
        {
            self.guard_seen = true;
            return Ok(Line::Guard(hello));
        }
        match serde_json::from_str::<Value>(&line.text) {
            Ok(value) if value.is_object() => self.message(value, &line.text),
            _ if line.text.trim().is_empty() => Ok(Line::Other),
            _ => self.text(EventSource::Stdout, &line.text).map(|()| Line::Other),
        }
    }

    /// Keeps a line of standard error.
    pub(super) fn stderr(&mut self, line: lines::Line) -> Result<(), WorkerError> {
        self.meter.observe(line.bytes);
        self.text(EventSource::Stderr, &line.text)
    }

    fn message(&mut self, mut value: Value, line: &str) -> Result<Line, WorkerError> {
        if self.kept.is_none() {
            // Without rules nothing may be kept.
            return Ok(Line::Other);
        }
        let signal = Signal::of(&value);
        self.count(&value)?;
        if value["type"] == "stream_event" {
            // A piece of what comes whole later. Never kept: a secret in two pieces passes every redactor.
            return self.tell(&value).map(|()| Line::Other);
        }
        self.redact(&mut value, line);
        let seen = self.facts.observe(&value);
        self.log_message(&value, seen.result)?;
        self.tell(&value)?;
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

    fn count(&mut self, value: &Value) -> Result<(), WorkerError> {
        let told = self.books.observe(value).and_then(|spent| self.meter.spent(spent));
        told.map_or(Ok(()), |event| self.event(event))
    }

    fn redact(&mut self, value: &mut Value, line: &str) {
        let Some(kept) = &mut self.kept else { return };
        kept.printed.line(EventSource::Stdout);
        // A session must be found again by its id, which a rule for random values could take for a secret
        // beside its key; by itself it is none.
        let session = value["session_id"].as_str().map(str::to_owned);
        if kept.redactor.redact_value(value) {
            kept.printed.note(EventSource::Stdout, line);
        }
        if let Some(session) = session {
            value["session_id"] = kept.redactor.redact(&session).into();
        }
        tidy_value(value);
    }

    fn log_message(&mut self, value: &Value, is_result: bool) -> Result<(), WorkerError> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        let line = value.to_string();
        kept.archive.append(&line);
        if is_result {
            kept.archive.flush();
        }
        let final_only = self.meter.budget().final_only;
        if !is_result {
            return if final_only { Ok(()) } else { self.log(EventSource::Stdout, &line) };
        }
        // The answer is kept whatever the budget says.
        let text = if final_only { value["result"].as_str().unwrap_or_default() } else { &line };
        kept.stdout.append(text)?;
        self.meter.keep(text.len() + 1);
        Ok(())
    }

    /// One line of a log, as far as the budget goes.
    fn log(&mut self, source: EventSource, line: &str) -> Result<(), WorkerError> {
        let (fits, event) = self.meter.log(line.len() + 1, source == EventSource::Stderr);
        if fits && let Some(kept) = &mut self.kept {
            let log = if source == EventSource::Stderr { &mut kept.stderr } else { &mut kept.stdout };
            log.append(line)?;
        }
        event.map_or(Ok(()), |event| self.event(event))
    }

    /// What a line means, as far as the budget goes. What steers the run is always kept.
    fn tell(&mut self, value: &Value) -> Result<(), WorkerError> {
        for event in self.narrator.tell(value, Instant::now()) {
            let warning = self.sentry.as_mut().and_then(|sentry| sentry.observe(&event));
            self.describe(event)?;
            warning.map_or(Ok(()), |warning| self.warn(warning))?;
        }
        Ok(())
    }

    fn describe(&mut self, event: EventBody) -> Result<(), WorkerError> {
        if !only_describes(&event) {
            let full = self.writer.events_bytes() > MAX_EVENTS;
            let ends = matches!(event, EventBody::TurnEnded { .. });
            return if full && !ends { Ok(()) } else { self.event(event) };
        }
        let (fits, told) = self.meter.event(self.writer.events_bytes());
        if let Some(told) = told {
            self.event(told)?;
        }
        if fits { self.event(event) } else { Ok(()) }
    }

    fn text(&mut self, source: EventSource, line: &str) -> Result<(), WorkerError> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        kept.printed.line(source);
        let mut text = match kept.redactor.redact(line) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(clean) => {
                kept.printed.note(source, line);
                clean
            }
        };
        tidy(&mut text);
        if source == EventSource::Stderr {
            self.last_words = bounded(text.clone(), MAX_LAST_WORDS);
        } else {
            kept.archive.append(&text);
        }
        if source == EventSource::Stderr || !self.meter.budget().final_only {
            self.log(source, &text)?;
        }
        self.describe(EventBody::Text { source, text: bounded(text, MAX_TEXT) })
    }
}

/// Such an event can be left out, and a reader still knows how the run stands.
fn only_describes(event: &EventBody) -> bool {
    matches!(
        event,
        EventBody::Generating { .. }
            | EventBody::Thinking { .. }
            | EventBody::Message { .. }
            | EventBody::ToolCall(_)
            | EventBody::ToolResult { .. }
            | EventBody::Task { .. }
            | EventBody::Notice { .. }
            | EventBody::Text { .. }
    )
}
