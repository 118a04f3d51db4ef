//! What a run does at this moment, from evidence.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Block, EventBody, RunProgress,
    progress::{State, one_line},
};

/// A model that was asked and has said nothing for so long is called silent, seconds. Most answer within ten.
const SILENT: i64 = 60;

/// What a run does, and for how long it has done so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Activity {
    /// What.
    pub doing: Doing,
    /// For how long.
    pub seconds: u64,
    /// Which tool, question, limit or attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a worker can be doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum Doing {
    Starting,
    /// The model was asked and has not begun to answer.
    WaitingForModel,
    Thinking,
    Writing,
    UsingTool,
    AwaitingPermission,
    RateLimited,
    RetryingApi,
    Parked,
    Stopping,
    /// Nothing explains why nothing comes.
    Silent,
    Ended,
}

impl RunProgress {
    /// What the run does at `now`.
    #[must_use]
    pub fn activity(&self, now: Timestamp) -> Activity {
        let since = |at: Option<Timestamp>| at.map_or(0, |at| (now - at).get_seconds().max(0));
        let quiet = since(self.last_at);
        let say = |doing, seconds: i64, detail: Option<String>| Activity {
            doing,
            seconds: seconds.unsigned_abs(),
            detail,
        };
        if let Some(status) = self.ended {
            return say(Doing::Ended, quiet, Some(status.as_str().into()));
        }
        if let Some(until) = self.parked_until {
            return say(Doing::Parked, quiet, Some(format!("until {until}")));
        }
        if self.state == State::Stopping {
            return say(Doing::Stopping, quiet, None);
        }
        if let Some(question) = self.questions.first() {
            let detail = one_line(&format!("{} {}", question.tool, question.target), 120);
            return say(Doing::AwaitingPermission, quiet, Some(detail));
        }
        if let Some(until) = self.limited_until.filter(|until| *until > now) {
            return say(Doing::RateLimited, quiet, Some(format!("until {until}")));
        }
        if let Some(oldest) = self.in_flight.first() {
            let detail = one_line(&format!("{} {}", oldest.call.name, oldest.call.target), 120);
            return say(Doing::UsingTool, since(Some(oldest.since)), Some(detail));
        }
        match &self.state {
            State::Starting => say(Doing::Starting, quiet, None),
            State::Retrying { attempt, max_retries, status, .. } => {
                let status = status.map_or("no answer".into(), |status| format!("status {status}"));
                say(Doing::RetryingApi, quiet, Some(format!("attempt {attempt} of {max_retries}, {status}")))
            }
            // Written at least every ten seconds: older words are no evidence.
            State::Writing(what, chars) if quiet < SILENT => {
                let doing = if *what == Block::Thinking { Doing::Thinking } else { Doing::Writing };
                say(doing, quiet, Some(format!("{chars} characters")))
            }
            _ if quiet >= SILENT => say(Doing::Silent, quiet, None),
            _ => say(Doing::WaitingForModel, quiet, None),
        }
    }
}

impl Activity {
    /// For people: `using tool 12 s: Bash cargo test`.
    #[must_use]
    pub fn text(&self) -> String {
        let doing = match self.doing {
            Doing::Starting => "starting",
            Doing::WaitingForModel => "waiting for the model",
            Doing::Thinking => "thinking",
            Doing::Writing => "writing",
            Doing::UsingTool => "using tool",
            Doing::AwaitingPermission => "awaiting permission",
            Doing::RateLimited => "rate-limited",
            Doing::RetryingApi => "retrying the API",
            Doing::Parked => "parked",
            Doing::Stopping => "stopping",
            Doing::Silent => "silent",
            Doing::Ended => "ended",
        };
        let detail = self.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("{doing} {} s{detail}", self.seconds)
    }
}

impl EventBody {
    /// The event in a few words, for a list of what happened.
    #[must_use]
    pub fn headline(&self) -> String {
        let text = match self {
            Self::RunStarted { role, .. } => format!("run started as {role}"),
            Self::ProcessStarted { pid } => format!("worker started (pid {pid})"),
            Self::SessionStarted { model, .. } => format!("turn began ({})", model.as_deref().unwrap_or("?")),
            Self::Generating { what, chars } => format!("writing {what:?}: {chars} characters so far"),
            Self::Thinking { text, .. } => format!("thought: {text}"),
            Self::Message { text, .. } => format!("said: {text}"),
            Self::ToolCall(call) => format!("{} {}", call.name, call.target),
            Self::ToolResult { is_error, exit_code, text, .. } => {
                let code = exit_code.map(|code| format!(" (exit {code})")).unwrap_or_default();
                format!("{}{code}: {text}", if *is_error { "failed" } else { "answered" })
            }
            Self::Task { state, text, .. } => format!("task {state}: {text}"),
            Self::PermissionAsked(q) => format!("asks permission for {} {}", q.tool, q.target),
            Self::PermissionAnswered { allowed, by, .. } => {
                format!("permission {} by {by:?}", if *allowed { "given" } else { "denied" }).to_lowercase()
            }
            Self::PermissionDenied { tool, reason } => format!("refused {tool}: {reason}"),
            Self::ApiRetry { attempt, max_retries, status, error, .. } => {
                let status = status.map(|status| format!(" {status}")).unwrap_or_default();
                format!("API retry {attempt} of {max_retries}:{status} {error}")
            }
            Self::RateLimit { status, resets_at, .. } => {
                let until = resets_at.as_ref().map(|at| format!(", resets at {at}")).unwrap_or_default();
                format!("rate limit {status}{until}")
            }
            Self::Parked { reason, until, .. } => format!("parked until {until}: {reason}"),
            Self::Resumed { profile, .. } => {
                let on = profile.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
                format!("resumed{on}")
            }
            Self::InstructionSent { text, .. } => format!("instruction sent: {text}"),
            Self::InstructionRead { .. } => "instruction read".to_owned(),
            Self::StopRequested { .. } => "stop requested".to_owned(),
            Self::BudgetWarned(b) => format!("{:?} budget: {} of {}", b.budget, b.used, b.limit),
            Self::BudgetExceeded(b) => format!("{:?} budget exceeded: {} of {}", b.budget, b.used, b.limit),
            Self::LimitReached { text, .. } => text.clone(),
            Self::TurnEnded { subtype, .. } => format!("turn ended: {subtype}"),
            Self::Notice { kind, text } => format!("{kind}: {text}"),
            Self::Text { text, .. } => text.clone(),
            Self::ActualModel { actual, .. } => format!("{actual} answers"),
            Self::Timeout { timeout_seconds } => format!("time limit of {timeout_seconds} s reached"),
            Self::StreamError { error, .. } => format!("reading its output failed: {error}"),
            Self::ProjectChanged { files, added, deleted, commits, scope, violations } => {
                let first = violations.first().map(|first| format!(": {first}")).unwrap_or_default();
                format!(
                    "project: {files} files, +{added} -{deleted}, {commits} commits; scope {}{first}",
                    scope.as_str()
                )
            }
            Self::ScopeWarned { path, reason } => format!("outside its write scope: {path}: {reason}"),
            Self::SecretsPrinted { real, found, rules } => {
                format!("printed {found} secrets, {real} of them real: {}", rules.join(", "))
            }
            Self::ProjectUnknown { error } => format!("the project could not be looked at: {error}"),
            Self::ProcessExited { status, .. } => format!("ended: {}", status.as_str()),
        };
        one_line(&text, 240)
    }
}
