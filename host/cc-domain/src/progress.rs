//! What a run's events add up to: pure, and the same whoever reads them.
//!
//! Every reader (a poll, a summary, a reviewer's facts, the terminal) folds the same events, so none can say
//! something else than another. Memory is bounded however long a run is.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

use crate::{Block, BudgetEvent, Command, Event, EventBody, Question, RunStatus, ToolCall, ToolUse};

/// Shell commands that are remembered, the newest.
const MAX_COMMANDS: usize = 200;
/// Tools that are told apart; further ones are counted together.
const MAX_TOOLS: usize = 64;
/// Calls that are recognised when they are repeated.
const MAX_FINGERPRINTS: usize = 4_000;
/// Calls under way at once that are remembered.
const MAX_IN_FLIGHT: usize = 64;
/// Calls that are shown.
const RECENT: usize = 10;

/// The fold of a run's events so far. Feed it every event once, in order.
#[derive(Clone, Debug, Default)]
pub struct RunProgress {
    /// Events seen; the last one's number.
    pub seq: u64,
    /// When the first was written.
    pub started_at: Option<Timestamp>,
    /// When the last was written.
    pub last_at: Option<Timestamp>,
    /// `started`, `responding`, `tool`, `finished` or `stderr`, by the predecessor's words.
    pub phase: Option<&'static str>,
    /// Claude Code's session.
    pub session_id: Option<String>,
    /// The model that answered first.
    pub actual_model: Option<String>,
    /// The newest thing the worker said.
    pub last_message: Option<String>,
    /// The newest thing it wrote to standard error.
    pub last_stderr: Option<String>,
    /// The newest tool call or message, in a few words.
    pub last_action: Option<String>,
    /// The number of the newest event that a controller should know of, and what it was.
    pub attention: Option<(u64, String)>,
    /// Every tool, by name.
    pub tools: BTreeMap<String, Tally>,
    /// The newest calls, oldest first.
    pub recent: VecDeque<RecentTool>,
    /// Calls that have not been answered.
    pub in_flight: Vec<InFlight>,
    /// Permission questions that nobody has answered.
    pub questions: Vec<Question>,
    /// The newest shell commands, oldest first.
    pub commands: VecDeque<Command>,
    /// Tool calls that were refused.
    pub denials: u32,
    /// API calls that were made again.
    pub retries: u32,
    /// Turns that have ended.
    pub turns: u32,
    /// USD so far, as Claude Code reckons at the end of a turn.
    pub cost_usd: Option<f64>,
    /// Budgets that were warned of or used up, the newest word on each.
    pub budgets: Vec<BudgetEvent>,
    /// Until when the run is parked.
    pub parked_until: Option<Timestamp>,
    /// Until when the provider accepts nothing.
    pub limited_until: Option<Timestamp>,
    /// How it ended.
    pub ended: Option<RunStatus>,
    pub(crate) state: State,
    fingerprints: HashMap<String, u32>,
    shell: HashMap<String, usize>,
    dropped_commands: usize,
}

/// What the newest event that says so says the worker does.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum State {
    #[default]
    Starting,
    /// The model was asked and has not begun to answer.
    Asked,
    Writing(Block, u64),
    Retrying {
        attempt: u32,
        max_retries: u32,
        status: Option<u16>,
        until: Option<Timestamp>,
    },
    Stopping,
}

/// A tool, all its calls together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Calls.
    pub count: u32,
    /// Calls that failed or were refused.
    pub failed: u32,
    /// How often the most repeated identical call was made.
    pub repeated: u32,
    /// The first call's event.
    pub first_seq: u64,
    /// The last call's event.
    pub last_seq: u64,
}

/// One of the newest calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecentTool {
    /// Its event.
    pub seq: u64,
    /// The provider's id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it works on.
    pub target: String,
    /// None while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<bool>,
}

/// A call that has not been answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// The call.
    pub call: ToolCall,
    /// Since when.
    pub since: Timestamp,
}

/// How much an event matters to who waits for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Noise to all but a reader of the whole record.
    Detail,
    /// A step: a tool was called, something was said.
    Step,
    /// Somebody should look: a question, a limit, a budget, an end.
    Attention,
}

impl EventBody {
    /// How much this matters.
    #[must_use]
    pub fn weight(&self) -> Weight {
        match self {
            Self::PermissionAsked(_)
            | Self::Parked { .. }
            | Self::Resumed { .. }
            | Self::BudgetWarned(_)
            | Self::ScopeWarned { .. }
            | Self::BudgetExceeded(_)
            | Self::LimitReached { .. }
            | Self::Timeout { .. }
            | Self::StopRequested { .. }
            | Self::StreamError { .. }
            | Self::ProcessExited { .. } => Weight::Attention,
            Self::RateLimit { status, .. } if status == "rejected" => Weight::Attention,
            Self::ProjectChanged { .. } | Self::ProjectUnknown { .. } | Self::SecretsPrinted { .. } => {
                Weight::Step
            }
            Self::TurnEnded { is_error: true, .. } => Weight::Attention,
            Self::Message { .. }
            | Self::ToolCall(_)
            | Self::ToolResult { is_error: true, .. }
            | Self::PermissionAnswered { .. }
            | Self::PermissionDenied { .. }
            | Self::ApiRetry { .. }
            | Self::RateLimit { .. }
            | Self::InstructionSent { .. }
            | Self::InstructionRead { .. }
            | Self::TurnEnded { .. }
            | Self::ActualModel { .. } => Weight::Step,
            _ => Weight::Detail,
        }
    }
}

impl RunProgress {
    /// The fold of all of them.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut progress = Self::default();
        events.into_iter().for_each(|event| progress.apply(event));
        progress
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        let at = event.ts.parse().ok().or(self.last_at);
        self.seq = event.seq;
        self.started_at = self.started_at.or(at);
        self.last_at = at;
        if event.body.weight() == Weight::Attention {
            self.attention = Some((event.seq, event.body.headline()));
        }
        self.take(event, at.unwrap_or(Timestamp::UNIX_EPOCH));
    }

    /// The tools as a reviewer gets them.
    #[must_use]
    pub fn tool_uses(&self) -> Vec<ToolUse> {
        let of = |(name, tally): (&String, &Tally)| ToolUse {
            name: name.clone(),
            calls: tally.count,
            failed: tally.failed,
            repeated: tally.repeated,
        };
        self.tools.iter().map(of).collect()
    }

    fn take(&mut self, event: &Event, at: Timestamp) {
        match &event.body {
            EventBody::RunStarted { .. } | EventBody::ProcessStarted { .. } => self.phase = Some("started"),
            EventBody::SessionStarted { session_id, .. } => {
                self.session_id = session_id.clone().or(self.session_id.take());
                self.now("started", State::Asked);
            }
            EventBody::Generating { what, chars } => {
                self.now("responding", State::Writing(*what, *chars));
            }
            EventBody::Thinking { .. } => self.now("responding", State::Asked),
            EventBody::Message { text, subagent, .. } => {
                if !subagent {
                    self.last_message = Some(text.clone());
                }
                self.last_action = Some(event.body.headline());
                self.now("responding", State::Asked);
            }
            EventBody::ToolCall(call) => self.called(call, event.seq, at),
            EventBody::ToolResult { id, is_error, exit_code, .. } => self.answered(id, *is_error, *exit_code),
            EventBody::PermissionAsked(question) => self.questions.push(question.clone()),
            EventBody::PermissionAnswered { request_id, allowed, .. } => {
                self.questions.retain(|question| question.request_id != *request_id);
                self.denials += u32::from(!allowed);
            }
            EventBody::PermissionDenied { .. } => self.denials += 1,
            EventBody::Text { source: crate::EventSource::Stderr, text } => {
                self.phase = Some("stderr");
                self.last_stderr = Some(text.clone());
            }
            EventBody::ActualModel { actual, .. } => self.actual_model = Some(actual.clone()),
            EventBody::TurnEnded { cost_usd, .. } => {
                self.turns += 1;
                self.cost_usd = cost_usd.or(self.cost_usd);
                self.now("finished", State::Asked);
            }
            EventBody::BudgetWarned(budget) | EventBody::BudgetExceeded(budget) => {
                self.budgets.retain(|known| known.budget != budget.budget);
                self.budgets.push(budget.clone());
            }
            _ => self.take_liveness(&event.body, at),
        }
    }

    fn take_liveness(&mut self, body: &EventBody, at: Timestamp) {
        match body {
            EventBody::ApiRetry { attempt, max_retries, delay_ms, status, .. } => {
                self.retries += 1;
                let wait = std::time::Duration::from_millis(*delay_ms);
                let (attempt, max_retries, status) = (*attempt, *max_retries, *status);
                let until = at.checked_add(wait).ok();
                self.state = State::Retrying { attempt, max_retries, status, until };
            }
            EventBody::RateLimit { status, resets_at, .. } if status == "rejected" => {
                self.limited_until = resets_at.as_ref().and_then(|time| time.parse().ok());
            }
            EventBody::Parked { until, .. } => {
                self.process_gone();
                self.parked_until = until.parse().ok();
            }
            EventBody::Resumed { .. } => {
                (self.parked_until, self.limited_until) = (None, None);
                self.now("started", State::Starting);
            }
            EventBody::StopRequested { .. } | EventBody::Timeout { .. } | EventBody::LimitReached { .. } => {
                self.state = State::Stopping;
            }
            EventBody::ProcessExited { status, .. } => {
                self.process_gone();
                self.phase = Some("finished");
                self.ended = Some(*status);
            }
            _ => {}
        }
    }

    fn now(&mut self, phase: &'static str, state: State) {
        self.phase = Some(phase);
        if self.state != State::Stopping {
            self.state = state;
        }
    }

    /// Nothing of a process outlasts it.
    fn process_gone(&mut self) {
        self.in_flight.clear();
        self.questions.clear();
        self.parked_until = None;
    }

    fn called(&mut self, call: &ToolCall, seq: u64, at: Timestamp) {
        self.now("tool", State::Asked);
        self.last_action = Some(one_line(&format!("{} {}", call.name, call.target), 120));
        let repeats = self.repeats(call);
        let name = match self.tools.len() {
            MAX_TOOLS.. if !self.tools.contains_key(&call.name) => "(others)".to_owned(),
            _ => call.name.clone(),
        };
        let tally = self.tools.entry(name).or_insert(Tally { first_seq: seq, ..Tally::default() });
        tally.count += 1;
        tally.last_seq = seq;
        tally.repeated = tally.repeated.max(repeats);
        if self.in_flight.len() < MAX_IN_FLIGHT {
            self.in_flight.push(InFlight { call: call.clone(), since: at });
        }
        let (id, name, target) = (call.id.clone(), call.name.clone(), call.target.clone());
        push(&mut self.recent, RecentTool { seq, id, name, target, failed: None }, RECENT);
        if call.name == "Bash" {
            self.shell.insert(call.id.clone(), self.dropped_commands + self.commands.len());
            let command = Command { line: call.target.clone(), exit_code: None, test: is_test(&call.target) };
            self.dropped_commands += push(&mut self.commands, command, MAX_COMMANDS);
        }
    }

    fn repeats(&mut self, call: &ToolCall) -> u32 {
        let key = format!("{} {}", call.name, call.fingerprint);
        if self.fingerprints.len() >= MAX_FINGERPRINTS && !self.fingerprints.contains_key(&key) {
            return 1;
        }
        let count = self.fingerprints.entry(key).or_default();
        *count += 1;
        *count
    }

    fn answered(&mut self, id: &str, is_error: bool, exit_code: Option<i32>) {
        self.now("tool", State::Asked);
        if let Some(recent) = self.recent.iter_mut().rev().find(|recent| recent.id == id) {
            recent.failed = Some(is_error);
        }
        if let Some(at) = self.shell.remove(id).and_then(|at| at.checked_sub(self.dropped_commands))
            && let Some(command) = self.commands.get_mut(at)
        {
            command.exit_code = exit_code;
        }
        let Some(at) = self.in_flight.iter().position(|one| one.call.id == id) else { return };
        let call = self.in_flight.remove(at).call;
        if is_error && let Some(tally) = self.tools.get_mut(&call.name) {
            tally.failed += 1;
        }
    }
}

/// Keeps the newest; says how many of the oldest went.
fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) -> usize {
    queue.push_back(item);
    let over = queue.len().saturating_sub(most);
    queue.drain(..over);
    over
}

/// A text on one line, cut at so many characters.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        // Characters are at most four bytes: cheap to see that it is long enough.
        if line.len() > most * 4 {
            break;
        }
    }
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Programs and subcommands that run tests.
const TEST_RUNNERS: &[&[&str]] = &[
    &["cargo", "test"],
    &["cargo", "nextest"],
    &["go", "test"],
    &["npm", "test"],
    &["npm", "run", "test"],
    &["pnpm", "test"],
    &["yarn", "test"],
    &["bun", "test"],
    &["deno", "test"],
    &["dotnet", "test"],
    &["mvn", "test"],
    &["gradle", "test"],
    &["./gradlew", "test"],
    &["make", "test"],
    &["make", "check"],
    &["python", "-m", "pytest"],
    &["python3", "-m", "pytest"],
    &["python", "-m", "unittest"],
    &["python3", "-m", "unittest"],
    &["pytest"],
    &["tox"],
    &["vitest"],
    &["jest"],
    &["npx", "vitest"],
    &["npx", "jest"],
    &["rspec"],
    &["phpunit"],
    &["ctest"],
];

/// One of a command line's commands runs tests: its first words are a test runner's, after any `VAR=value`.
#[must_use]
pub fn is_test(line: &str) -> bool {
    line.split(['\n', ';', '|', '&', '(', ')']).any(|command| {
        let words: Vec<&str> = command
            .split_whitespace()
            .skip_while(|word| word.contains('=') && !word.starts_with('-'))
            .collect();
        TEST_RUNNERS.iter().any(|runner| words.starts_with(runner))
    })
}

#[cfg(test)]
mod tests;
