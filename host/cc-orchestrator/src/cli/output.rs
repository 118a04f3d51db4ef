//! The one place that writes to stdout, and the progress line on stderr.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use cc_ops::{OpError, Progress, ProgressSink, Reply};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

/// Writes results: for people, or JSON for machines.
pub(crate) struct Out {
    json: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// JSON was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Text for people.
    pub(crate) fn text(&self, text: &str) {
        // A reader that closed the pipe has seen enough.
        let _ = writeln!(io::stdout().lock(), "{}", text.trim_end());
    }

    /// One value, in the form that was asked for.
    pub(crate) fn value<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) {
        if self.json {
            let json = serde_json::to_string_pretty(value)
                .unwrap_or_else(|error| json!({ "error": error.to_string() }).to_string());
            self.text(&json);
        } else {
            self.text(&text());
        }
    }

    /// An operation's reply; 1 when it reports a failure.
    pub(crate) fn reply(&self, reply: &Reply) -> ExitCode {
        self.value(&reply.structured, || reply.text.clone());
        ExitCode::from(u8::from(!reply.succeeded))
    }

    /// An error, and the exit code of its kind.
    pub(crate) fn error(&self, error: &OpError) -> ExitCode {
        if self.json {
            let mut value = serde_json::to_value(error).unwrap_or(Value::Null);
            value["ok"] = Value::Bool(false);
            self.value(&value, String::new);
        } else {
            let _ = writeln!(io::stderr().lock(), "error: {error}");
        }
        ExitCode::from(error.kind.exit_code())
    }

    /// A line that shows how a run goes on, when somebody sees it.
    pub(crate) fn progress(&self) -> ProgressLine {
        let bar = if self.json || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        ProgressLine(bar)
    }
}

/// One line on stderr, redrawn while a run goes on.
pub(crate) struct ProgressLine(ProgressBar);

impl ProgressLine {
    /// Where an operation reports to.
    pub(crate) fn sink(&self) -> ProgressSink {
        let bar = self.0.clone();
        Arc::new(move |progress: Progress| {
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_message(format!("{}: {} ({} events)", progress.run_id, progress.doing, progress.events));
        })
    }

    /// Writes above the line, which stays the last one.
    pub(crate) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }

    /// Shows a text in it.
    pub(crate) fn say(&self, text: String) {
        self.0.enable_steady_tick(Duration::from_millis(120));
        self.0.set_message(text);
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
