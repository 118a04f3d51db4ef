//! What can be checked of a worker's work, one kind a file.

mod answer;
mod files;
mod sql;

use serde::Deserialize;

use self::{
    answer::AnswerCheck,
    files::{DiffCheck, FileCheck},
    sql::SqlCheck,
};
use crate::{Left, Prepared, Ran};

/// One check: a name, what it is worth, and exactly one kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// In a few words.
    pub(crate) name: String,
    /// Its share of the score.
    #[serde(default = "one")]
    pub(crate) weight: f64,
    /// Earns nothing when it holds, takes all away when it does not. Checks that work which does nothing would pass
    /// (`diff`, `unchanged`, `exists = false`, `secret`) are guards whatever they say.
    #[serde(default)]
    guard: bool,
    answer: Option<AnswerCheck>,
    sql: Option<SqlCheck>,
    file: Option<FileCheck>,
    diff: Option<DiffCheck>,
    pub(crate) command: Option<Command>,
}

/// A command that the system's shell runs in the worker's folder, with the hidden files in it. It holds when the exit
/// code is 0.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The command.
    pub run: String,
    /// Its time limit.
    #[serde(default = "a_minute")]
    pub timeout_seconds: u32,
}

/// What a check looks at.
pub(crate) struct Seen<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) left: &'a Left,
    pub(crate) ran: Option<&'a Ran>,
}

/// Whether it holds, and what was seen.
pub(crate) type Verdict = (bool, String);

fn one() -> f64 {
    1.0
}

fn a_minute() -> u32 {
    60
}

impl Check {
    pub(crate) fn is_guard(&self) -> bool {
        self.guard
            || self.diff.is_some()
            || self.file.as_ref().is_some_and(FileCheck::is_guard)
            || self.answer.as_ref().is_some_and(AnswerCheck::is_guard)
    }

    /// What is wrong with it.
    pub(crate) fn problem(&self, prepared: &Prepared) -> Option<String> {
        let kinds = [
            self.answer.is_some(),
            self.sql.is_some(),
            self.file.is_some(),
            self.diff.is_some(),
            self.command.is_some(),
        ];
        if kinds.iter().filter(|set| **set).count() != 1 {
            return Some("needs exactly one of 'answer', 'sql', 'file', 'diff' and 'command'".into());
        }
        if !(self.weight > 0.0 && self.weight <= 1_000.0) {
            return Some(format!("'weight' is {}; use a number above 0, up to 1000", self.weight));
        }
        (self.answer.as_ref().and_then(AnswerCheck::problem))
            .or_else(|| self.sql.as_ref().and_then(|check| check.problem(prepared)))
            .or_else(|| self.file.as_ref().and_then(FileCheck::problem))
            .or_else(|| self.diff.as_ref().and_then(DiffCheck::problem))
            .or_else(|| self.command.as_ref().and_then(Command::problem))
    }

    pub(crate) fn judge(&self, seen: &Seen<'_>) -> Verdict {
        if let Some(check) = &self.answer {
            return check.judge(&seen.left.answer);
        }
        if let Some(check) = &self.sql {
            return check.judge(seen);
        }
        if let Some(check) = &self.file {
            return check.judge(seen);
        }
        if let Some(check) = &self.diff {
            return check.judge(seen);
        }
        match seen.ran {
            Some(ran) => (ran.exit_code == Some(0), ran.told()),
            None => (false, "the command was not run".into()),
        }
    }
}

impl Command {
    fn problem(&self) -> Option<String> {
        if self.run.trim().is_empty() {
            return Some("'run' is empty".into());
        }
        let fits = (1..=600).contains(&self.timeout_seconds);
        (!fits).then(|| format!("'timeout_seconds' is {}; use 1 to 600", self.timeout_seconds))
    }
}

impl Ran {
    fn told(&self) -> String {
        let code =
            self.exit_code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
        let skip = self.output.chars().count().saturating_sub(200);
        let tail: String = self.output.chars().skip(skip).collect();
        format!("{code}: {}", tail.trim())
    }
}
