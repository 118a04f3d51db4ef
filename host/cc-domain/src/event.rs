//! One line of `events.ndjson`: compact and typed, so that a run is understood without its raw stream.

use serde::{Deserialize, Serialize};

use crate::{RunId, RunStatus, ScopeState};

/// One event, as the supervisor appends it: whole lines only, numbered from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// From 1.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub ts: String,
    /// The run.
    pub run_id: RunId,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened. Texts are redacted and bounded; `chars` is a text's whole length.
///
/// Words that come in pieces are one event once they are complete. What is still being written shows as
/// [`EventBody::Generating`], a few times a minute and without its text: a secret in two pieces is none that a
/// redactor could see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventBody {
    /// The folder is ready.
    RunStarted {
        /// The worker's role.
        role: String,
        /// The kind of work.
        task_type: String,
        /// The routed model.
        model: Option<String>,
    },
    /// The worker process runs.
    ProcessStarted {
        /// Its process id.
        pid: u32,
    },
    /// Claude Code has begun a turn.
    SessionStarted {
        /// To resume it.
        #[serde(skip_serializing_if = "Option::is_none")]
        session_id: Option<String>,
        /// The model it says it uses.
        #[serde(skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// Its word for what it may do.
        #[serde(skip_serializing_if = "Option::is_none")]
        permission_mode: Option<String>,
    },
    /// The model writes one block and has not finished it.
    Generating {
        /// What it writes.
        what: Block,
        /// So far.
        chars: u64,
    },
    /// A thought.
    Thinking {
        /// Its beginning.
        text: String,
        /// Its length.
        chars: u64,
    },
    /// Something the worker says.
    Message {
        /// Its beginning.
        text: String,
        /// Its length.
        chars: u64,
        /// A subagent says it.
        #[serde(default, skip_serializing_if = "is_false")]
        subagent: bool,
    },
    /// A tool is called.
    ToolCall(ToolCall),
    /// A tool has answered.
    ToolResult {
        /// The call's.
        id: String,
        /// It failed, or was refused.
        is_error: bool,
        /// Of a shell command.
        #[serde(skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        /// The beginning of the answer.
        text: String,
        /// Its length.
        chars: u64,
    },
    /// A subagent or long command gets on.
    Task {
        /// Claude Code's id of it.
        id: String,
        /// `started`, `progress`, `completed`, `failed` and so on.
        state: String,
        /// What it does.
        text: String,
    },
    /// The worker may not go on before somebody allows a tool.
    PermissionAsked(Question),
    /// Somebody did, or did not.
    PermissionAnswered {
        /// The question's.
        request_id: String,
        /// The tool may run.
        allowed: bool,
        /// Who says so.
        by: Answerer,
        /// What the worker is told.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// Claude Code refused a tool by its own rules.
    PermissionDenied {
        /// The tool.
        tool: String,
        /// Why.
        reason: String,
    },
    /// An API call failed and is made again.
    ApiRetry {
        /// From 1.
        attempt: u32,
        /// Then it gives up.
        max_retries: u32,
        /// Until the next.
        delay_ms: u64,
        /// HTTP status; none when no answer came.
        status: Option<u16>,
        /// Such as `overloaded`.
        error: String,
    },
    /// The provider tells of its limits.
    RateLimit {
        /// `allowed_warning` or `rejected`.
        status: String,
        /// RFC 3339, UTC.
        #[serde(skip_serializing_if = "Option::is_none")]
        resets_at: Option<String>,
        /// Such as `five_hour`.
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// 0 to 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        utilization: Option<f64>,
    },
    /// A limit ended the worker; the run waits to go on.
    Parked {
        /// Which limit.
        reason: String,
        /// RFC 3339, UTC.
        until: String,
        /// How often it has been parked.
        attempt: u32,
    },
    /// The same session goes on in a new process.
    Resumed {
        /// As in `Parked`.
        attempt: u32,
        /// CC Switch's name, when it is another profile than before.
        #[serde(skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// The model it goes on with.
        #[serde(skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// An instruction was handed to the running worker.
    InstructionSent {
        /// Ours.
        id: String,
        /// Its beginning.
        text: String,
    },
    /// The worker has taken the instruction into its conversation.
    InstructionRead {
        /// As in `InstructionSent`.
        id: String,
    },
    /// Somebody wants the run to end.
    StopRequested {
        /// At once.
        force: bool,
    },
    /// A budget is nearly used up.
    BudgetWarned(BudgetEvent),
    /// A budget is used up.
    BudgetExceeded(BudgetEvent),
    /// A limit of the cost guard is reached, and the worker is ended.
    LimitReached {
        /// Which, such as `usd.day`.
        limit: String,
        /// What was spent against it, by all runs that count towards it.
        spent: f64,
        /// What it allows, in the same unit.
        most: f64,
        /// In a sentence.
        text: String,
    },
    /// A turn has ended.
    TurnEnded {
        /// `success`, `error_max_turns` and so on.
        subtype: String,
        /// Claude Code's own word.
        is_error: bool,
        /// Turns of the main conversation.
        #[serde(skip_serializing_if = "Option::is_none")]
        turns: Option<u32>,
        /// USD so far, as Claude Code reckons.
        #[serde(skip_serializing_if = "Option::is_none")]
        cost_usd: Option<f64>,
        /// Length of the answer.
        chars: u64,
    },
    /// Something else worth keeping.
    Notice {
        /// The stream's name for it.
        kind: String,
        /// What it says.
        text: String,
    },
    /// A line that is no JSON.
    Text {
        /// Where it came from.
        source: EventSource,
        /// The line.
        text: String,
    },
    /// The model that answers is known.
    ActualModel {
        /// The routed model.
        declared: Option<String>,
        /// The one that answers.
        actual: String,
    },
    /// The time limit was reached.
    Timeout {
        /// The limit.
        timeout_seconds: u32,
    },
    /// Reading the worker's output failed.
    StreamError {
        /// Where.
        source: EventSource,
        /// Why.
        error: String,
    },
    /// What a run that may write did to its project, after its processes have ended.
    ProjectChanged {
        /// Files that differ.
        files: usize,
        /// New lines.
        added: u64,
        /// Lines that are gone.
        deleted: u64,
        /// Commits made.
        commits: usize,
        /// How it kept to its scope.
        scope: ScopeState,
        /// The first violations, as sentences.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        violations: Vec<String>,
    },
    /// While it runs, a worker was found to have changed what it may not.
    ScopeWarned {
        /// From the project's root.
        path: String,
        /// Which rule, in words.
        reason: String,
    },
    /// The worker printed secrets; what is kept of them is without their values.
    SecretsPrinted {
        /// Those that are real.
        real: usize,
        /// All of them.
        found: usize,
        /// The rules that found them.
        rules: Vec<String>,
    },
    /// The project could not be looked at.
    ProjectUnknown {
        /// Why.
        error: String,
    },
    /// The last event.
    ProcessExited {
        /// How the run ended.
        status: RunStatus,
        /// The worker's exit code.
        exit_code: Option<i32>,
        /// From start to end.
        duration_ms: u64,
    },
}

/// One of the worker's output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum EventSource {
    Stdout,
    Stderr,
}

/// What a model can be writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Block {
    Thinking,
    Text,
    ToolInput,
}

/// Who answered a permission question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answerer {
    /// Through `cc_send_instruction`.
    Controller,
    /// Nobody did in time.
    Timeout,
    /// The worker took the question back, or the run is ending.
    Withdrawn,
}

/// One call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of it.
    pub id: String,
    /// Such as `Bash`.
    pub name: String,
    /// What it works on: the command, file, pattern or address.
    pub target: String,
    /// The same for calls with the same input.
    pub fingerprint: String,
    /// A subagent calls it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub subagent: bool,
}

/// One permission question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// To answer it by.
    pub request_id: String,
    /// Such as `Write`.
    pub tool: String,
    /// As in [`ToolCall`].
    pub target: String,
    /// The tool's input as JSON, cut where it is long.
    pub input: String,
    /// Denied from then on. RFC 3339, UTC.
    pub deadline: String,
}

/// How far a budget is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetEvent {
    /// Which.
    pub budget: Budgeted,
    /// In the budget's unit.
    pub used: f64,
    /// The same.
    pub limit: f64,
    /// The run is ended for it.
    pub stops: bool,
}

/// What has a budget of ours, and its unit. Turns are Claude Code's to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Budgeted {
    /// Bytes of `stdout.txt` and `stderr.txt`.
    Output,
    /// Bytes of `events.ndjson`.
    Events,
    /// USD, as we count them.
    Cost,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(value: &bool) -> bool {
    !value
}
