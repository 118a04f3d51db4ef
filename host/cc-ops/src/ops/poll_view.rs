//! What a poll replies: a run in so many bytes, or its raw output in slices.

use cc_domain::{Activity, BudgetState, Event, RunStatus, Severity, one_line};
use cc_store::read_events;
use schemars::JsonSchema;
use serde::Serialize;

use super::{poll_run::Limits, run_status::tail};
use crate::{
    ErrorKind, OpError,
    slice::{self, Slice},
    snapshot::{Offsets, Snapshot},
    watched,
};

/// A run in few bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PollView {
    ok: bool,
    run_id: String,
    status: RunStatus,
    active: bool,
    #[schemars(skip)]
    activity: Activity,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    questions: Vec<Asked>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "String::is_empty")]
    tools: String,
    #[schemars(skip)]
    flags: Vec<FlagLine>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    review_error: Option<String>,
    #[schemars(skip)]
    budget_state: BudgetState,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_total: Option<u64>,
    #[schemars(skip)]
    offsets: Offsets,
    recommended_action: &'static str,
    next_step: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout_tail: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr_tail: Option<String>,
}

/// A permission question that waits.
#[derive(Debug, Serialize)]
struct Asked {
    request_id: String,
    tool: String,
    target: String,
}

/// A flag in few bytes.
#[derive(Debug, Serialize)]
struct FlagLine {
    code: String,
    severity: Severity,
    blocking: bool,
    message: String,
}

/// How much of each part is shown.
#[derive(Clone, Copy)]
struct Room {
    items: usize,
    chars: usize,
}

/// From roomy to tight: the first that leaves a fifth of the reply for the worker's words is taken.
const ROOMS: [Room; 5] = [
    Room { items: 40, chars: 400 },
    Room { items: 8, chars: 160 },
    Room { items: 5, chars: 90 },
    Room { items: 3, chars: 60 },
    Room { items: 2, chars: 30 },
];

impl PollView {
    pub(crate) fn of(run: &Snapshot, limits: Limits) -> Self {
        let fits = |view: &Self| view.bytes() + limits.reply / 5 <= limits.reply;
        let mut views = ROOMS.iter().map(|room| Self::within(run, *room));
        let tightest = || Self::within(run, ROOMS[ROOMS.len() - 1]);
        let mut view = views.find(fits).unwrap_or_else(tightest);
        view.say(run, limits.reply);
        if let Some(chars) = limits.tail {
            view.stdout_tail = tail(&run.dir.stdout(), chars);
            view.stderr_tail = tail(&run.dir.stderr(), chars.min(2_000));
        }
        view
    }

    fn within(run: &Snapshot, room: Room) -> Self {
        let mut activity = run.activity();
        activity.detail = activity.detail.map(|detail| one_line(&detail, room.chars));
        Self {
            ok: true,
            run_id: run.record.run_id.to_string(),
            status: run.record.status,
            active: run.active(),
            activity,
            questions: questions(run, room),
            last_message: None,
            tools: tools(run, room),
            flags: flags(run, room),
            review_error: run.review.error.as_ref().map(|error| one_line(error, room.chars)),
            budget_state: run.record.output_budget.state,
            cost_usd: run.cost(),
            tokens_total: run.tokens(),
            offsets: run.offsets,
            recommended_action: run.action(),
            next_step: next_step(run),
            stdout_tail: None,
            stderr_tail: None,
        }
    }

    fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(0, |json| json.len())
    }

    /// Fills what room is left with the worker's words.
    fn say(&mut self, run: &Snapshot, most: usize) {
        let Some(message) = run.message() else { return };
        let mut chars = most;
        loop {
            self.last_message = (chars > 0).then(|| one_line(message, chars));
            let over = self.bytes().saturating_sub(most);
            if over == 0 || chars == 0 {
                return;
            }
            // A character is at most six bytes in JSON, and at least one.
            chars = chars.saturating_sub((over / 6).max(1));
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut lines =
            vec![format!("run {}: {}, {}", self.run_id, self.status.as_str(), self.activity.text())];
        for question in &self.questions {
            lines.push(format!("asks {}: {} {}", question.request_id, question.tool, question.target));
        }
        for flag in &self.flags {
            lines.push(format!("flag {} ({:?}): {}", flag.code, flag.severity, flag.message));
        }
        lines.extend((!self.tools.is_empty()).then(|| format!("tools: {}", self.tools)));
        lines.extend(self.last_message.iter().map(|message| format!("said: {message}")));
        for tail in
            [&self.stdout_tail, &self.stderr_tail].into_iter().flatten().filter(|tail| !tail.is_empty())
        {
            lines.push(format!("---\n{tail}"));
        }
        lines.push(format!("next: {}: {}", self.recommended_action, self.next_step));
        lines.join("\n")
    }
}

fn questions(run: &Snapshot, room: Room) -> Vec<Asked> {
    let shown = run.progress.questions.iter().take(room.items);
    shown
        .map(|question| Asked {
            request_id: question.request_id.clone(),
            tool: one_line(&question.tool, 60),
            target: one_line(&question.target, room.chars),
        })
        .collect()
}

/// `Bash 12 (2 failed), Read 7`, the most used first.
fn tools(run: &Snapshot, room: Room) -> String {
    let mut tools: Vec<_> = run.tools().iter().collect();
    tools.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
    let shown = tools.iter().take(room.items).map(|(name, tally)| {
        let failed = if tally.failed > 0 { format!(" ({} failed)", tally.failed) } else { String::new() };
        format!("{} {}{failed}", one_line(name, 40), tally.count)
    });
    let mut shown: Vec<String> = shown.collect();
    let more = tools.len().saturating_sub(room.items);
    shown.extend((more > 0).then(|| format!("{more} more tools")));
    shown.join(", ")
}

fn flags(run: &Snapshot, room: Room) -> Vec<FlagLine> {
    let shown = run.review.flags.iter().take(room.items);
    shown
        .map(|flag| FlagLine {
            code: one_line(&flag.code, 40),
            severity: flag.severity,
            blocking: flag.blocking,
            message: one_line(&flag.message, room.chars),
        })
        .collect()
}

fn next_step(run: &Snapshot) -> String {
    if !run.progress.questions.is_empty() {
        return "answer the question: cc_send_instruction with its request_id, allow or deny".to_owned();
    }
    match run.action() {
        "continue_polling" => {
            format!("cc_poll_run with event_offset {} and wait_seconds 240", run.offsets.next_event_offset)
        }
        "stop_or_review" => "read the flags; cc_stop_run ends it".to_owned(),
        "verify_run" => "check its work; cc_last_run has the whole answer".to_owned(),
        "inspect_or_restart" => "cc_run_status has the error; start the task again".to_owned(),
        _ => "read the flags and cc_last_run before you rely on it".to_owned(),
    }
}

/// Slices of what a run wrote.
#[derive(Debug, Serialize)]
pub(crate) struct RawView {
    run_id: String,
    status: RunStatus,
    active: bool,
    stdout: Slice,
    stderr: Slice,
    events: EventSlice,
}

#[derive(Debug, Serialize)]
struct EventSlice {
    items: Vec<Event>,
    offset: u64,
    next_offset: u64,
    size: u64,
    truncated: bool,
}

impl RawView {
    pub(crate) fn of(run: &Snapshot, from: [u64; 3], limits: Limits) -> Result<Self, OpError> {
        let [stdout, stderr, events] = from;
        let ended = !run.active();
        let read = |path: std::path::PathBuf, offset| {
            slice::read(&path, offset, limits.bytes, ended).map_err(|error| {
                let message = format!("{} cannot be read: {error}", path.display());
                OpError::new(ErrorKind::State, message, "check the folder's permissions")
            })
        };
        Ok(Self {
            run_id: run.record.run_id.to_string(),
            status: run.record.status,
            active: run.active(),
            stdout: read(run.dir.stdout(), stdout)?,
            stderr: read(run.dir.stderr(), stderr)?,
            events: EventSlice::of(run, events, limits)?,
        })
    }

    pub(crate) fn text(&self) -> String {
        format!("run {}: {}\n{}{}", self.run_id, self.status.as_str(), self.stdout.text, self.stderr.text)
    }
}

impl EventSlice {
    fn of(run: &Snapshot, offset: u64, limits: Limits) -> Result<Self, OpError> {
        let size = watched::size(&run.dir);
        let offset = offset.min(size);
        let bytes = usize::try_from(limits.bytes).unwrap_or(usize::MAX);
        let page = read_events(&run.dir, offset, limits.events, bytes)?;
        let truncated = page.next_byte < size;
        Ok(Self { items: page.events, offset, next_offset: page.next_byte, size, truncated })
    }
}
