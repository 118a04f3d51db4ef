//! What the operations say of one run.

use cc_ops::{OpError, plain};
use jiff::Timestamp;
use ratatui::{
    style::Style,
    text::{Line, Span, Text},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rows::Run;
use crate::tui::{
    host::Caller,
    theme::{self, BAD, CALLS, CAREFUL, DIM},
};

/// Files of a run that are told.
const FILES: u32 = 12;

/// A run's task, words, tools, risks and changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detail {
    /// Of this run, as its row was.
    of: Run,
    lines: Vec<(&'static str, String, Style)>,
}

impl Detail {
    pub(super) fn is_of(&self, run: &Run) -> bool {
        self.of.run_id == run.run_id
    }

    /// An ended run does not change by itself.
    pub(super) fn is_final(&self, run: &Run) -> bool {
        self.is_of(run) && !self.of.is_active() && self.of.verified == run.verified
    }
}

/// The pane's text: what the list may have had no room for, and the details, once they are there.
pub(super) fn text(run: &Run, detail: Option<&Detail>, now: Timestamp) -> Text<'static> {
    let mut text = Text::from(heading(run, now));
    let detail = detail.filter(|detail| detail.is_of(run));
    text.extend(detail.into_iter().flat_map(|detail| &detail.lines).map(line));
    text
}

fn heading(run: &Run, now: Timestamp) -> Line<'static> {
    let (mark, word, style) = theme::state(run.state());
    let cost = run.cost_usd.map(|usd| format!(", {} USD", theme::usd(usd))).unwrap_or_default();
    let tokens =
        if run.tokens > 0 { format!(", {} tokens", theme::count(run.tokens)) } else { String::new() };
    Line::from(vec![
        Span::styled(format!("{mark} {word}"), style),
        Span::raw(format!(
            "  {} on {} ({}), {}{tokens}{cost}",
            run.role,
            run.model(),
            run.profile,
            theme::span(run.took(now))
        )),
    ])
}

fn line((name, text, style): &(&'static str, String, Style)) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{name:<8} "), DIM), Span::styled(text.clone(), *style)])
}

/// A run as `cc_run_status` and `cc_poll_run` tell it; what they leave out is empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    task: Option<String>,
    error: Option<String>,
    cwd: String,
    warnings: Vec<String>,
    allow_write: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Polled {
    last_message: Option<String>,
    tools: String,
    questions: Vec<Question>,
    flags: Vec<Flag>,
    activity: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Question {
    tool: String,
    target: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Flag {
    code: String,
    blocking: bool,
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Changed {
    file_count: usize,
    total_added: u64,
    total_deleted: u64,
    files: Vec<File>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    path: String,
    added: u64,
    deleted: u64,
}

impl Detail {
    /// A run whose record is gone has that for its details.
    pub(super) fn look(caller: &Caller, run: Run) -> Self {
        match Self::told(caller, &run) {
            Ok((told, polled, changed)) => Self::of(run, told, polled, changed),
            Err(error) => Self { of: run, lines: vec![("record", plain(&error.to_string()), DIM)] },
        }
    }

    /// Nothing is written: these calls only look.
    fn told(caller: &Caller, run: &Run) -> Result<(Told, Polled, Option<Changed>), OpError> {
        let id = &run.run_id;
        let told: Told = caller.call("cc_run_status", json!({ "run_id": id }))?;
        let polled = caller.call("cc_poll_run", json!({ "run_id": id, "write_artifacts": false }))?;
        let changed = (!run.is_active() && told.allow_write).then(|| {
            // One whose project was never kept has no changes to tell.
            caller.call("cc_diff_summary", json!({ "run_id": id, "max_files": FILES })).ok()
        });
        Ok((told, polled, changed.flatten()))
    }

    #[cfg(test)]
    pub(super) fn of_replies(run: Run, told: Value, polled: Value, changed: Value) -> Self {
        let part = "made-up replies fit";
        Self::of(
            run,
            serde_json::from_value(told).expect(part),
            serde_json::from_value(polled).expect(part),
            serde_json::from_value(changed).expect(part),
        )
    }

    fn of(of: Run, told: Told, polled: Polled, changed: Option<Changed>) -> Self {
        let none = Style::new();
        let mut lines = Vec::new();
        let mut say = |name, text: String, style| {
            if !text.trim().is_empty() {
                lines.push((name, plain(&text), style));
            }
        };
        let asks = !polled.questions.is_empty();
        for question in polled.questions {
            say("asks", format!("{} {}", question.tool, question.target), CALLS);
        }
        say("task", told.task.unwrap_or_default(), none);
        say("error", told.error.unwrap_or_default(), BAD);
        for flag in polled.flags {
            say(
                "risk",
                format!("{}: {}", flag.code, flag.message),
                if flag.blocking { BAD } else { CAREFUL },
            );
        }
        let doing = polled.activity.as_ref().filter(|_| of.is_active() && !asks).map(doing);
        say("now", doing.unwrap_or_default(), none);
        say("said", polled.last_message.unwrap_or_default(), none);
        say("tools", polled.tools, none);
        say("changed", changed.map(|changed| changed.text()).unwrap_or_default(), none);
        for warning in told.warnings {
            say("warning", warning, CAREFUL);
        }
        say("folder", told.cwd, DIM);
        Self { of, lines }
    }
}

fn doing(activity: &Value) -> String {
    let word = activity["doing"].as_str().unwrap_or_default().replace('_', " ");
    let took = theme::span(activity["seconds"].as_i64().unwrap_or_default());
    let detail = activity["detail"].as_str().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{word} {took}{detail}")
}

impl Changed {
    fn text(self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| format!("{} +{} -{}", file.path, file.added, file.deleted))
            .collect();
        format!(
            "{} files +{} -{}: {}",
            self.file_count,
            self.total_added,
            self.total_deleted,
            files.join(", ")
        )
    }
}
