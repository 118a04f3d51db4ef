//! What the operations say of one job.

use cc_ops::{OpError, plain};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use serde_json::{Value, json};

use crate::tui::{
    host::Caller,
    theme::{BAD, CAREFUL, DIM},
};

/// Changes of a job that are told, the newest.
const CHANGES: usize = 6;

/// A job as `cc_queue_status` tells it with its history.
pub(super) struct Whole {
    pub(super) job_id: String,
    pub(super) lines: Vec<Line<'static>>,
}

impl Whole {
    pub(super) fn look(caller: &Caller, id: &str) -> Result<Self, OpError> {
        let reply: Value = caller.call("cc_queue_status", json!({ "job_id": id }))?;
        Ok(Self::of(id, &reply["job"]))
    }

    pub(super) fn of(id: &str, job: &Value) -> Self {
        let mut lines = Vec::new();
        let mut say = |name: &str, text: String, style: Style| {
            if !text.is_empty() {
                let name = Span::styled(format!("{name:<9} "), DIM);
                lines.push(Line::from(vec![name, Span::styled(plain(&text), style)]));
            }
        };
        let none = Style::new();
        say("task", word(&job["task"]), none);
        say("why", word(&job["reason"]), none);
        say("scope", word(&job["scope_warning"]), CAREFUL);
        say("failed", word(&job["last_failure"]), BAD);
        say("not before", word(&job["not_before"]), none);
        say("paths", words(&job["paths"]), none);
        say("tests", words(&job["test_commands"]), none);
        say("verdict", word(&job["verification"]), none);
        say("runs", words(&job["runs"]), none);
        say("folder", word(&job["cwd"]), DIM);
        let history = job["history"].as_array().map(Vec::as_slice).unwrap_or_default();
        for change in history.iter().rev().take(CHANGES) {
            let at = word(&change["at"]).get(11..19).unwrap_or_default().to_owned();
            let why = word(&change["reason"]);
            let why = if why.is_empty() { why } else { format!(": {why}") };
            say(&at, format!("{}{why}", word(&change["to"])), DIM);
        }
        Self { job_id: id.to_owned(), lines }
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn words(value: &Value) -> String {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}
