//! From what a worker left to a score.

use std::path::Path;

use cc_domain::CheckResult;

use crate::{Files, Prepared, SuiteError, check::Seen};

/// Characters of a check's evidence.
const MOST_EVIDENCE: usize = 300;

/// What a worker left.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Its folder, before anything hidden was written into it.
    pub files: Files,
    /// Its final answer, redacted.
    pub answer: String,
    /// How the commands went, in the order of [`Prepared::commands`].
    pub commands: Vec<Ran>,
}

impl Left {
    /// What is in the worker's folder now, with its answer.
    ///
    /// # Errors
    /// When the folder cannot be read or holds too much.
    pub fn read(folder: &Path, answer: &str) -> Result<Self, SuiteError> {
        Ok(Self { files: Files::read(folder)?, answer: answer.to_owned(), commands: Vec::new() })
    }
}

/// How a command went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; none when it could not be started or its time was up.
    pub exit_code: Option<i32>,
    /// The end of its output, or why there is none.
    pub output: String,
}

/// What the checks say.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// From 0 to 1; none when there was nothing to check.
    pub score: Option<f64>,
    /// One a check.
    pub checks: Vec<CheckResult>,
}

impl Prepared {
    /// Judges what a worker left: the weights of the checks that hold, out of all. One guard that does not hold takes
    /// everything away.
    #[must_use]
    pub fn judge(&self, left: &Left) -> Judged {
        let mut commands = left.commands.iter();
        let checks: Vec<CheckResult> = self
            .checks
            .iter()
            .map(|check| {
                let ran = check.command.as_ref().and_then(|_| commands.next());
                let (passed, evidence) = check.judge(&Seen { prepared: self, left, ran });
                CheckResult {
                    name: check.name.clone(),
                    passed,
                    guard: check.is_guard(),
                    weight: if check.is_guard() { 0.0 } else { check.weight },
                    evidence: evidence.chars().take(MOST_EVIDENCE).collect(),
                }
            })
            .collect();
        Judged { score: score(&checks), checks }
    }
}

fn score(checks: &[CheckResult]) -> Option<f64> {
    let all: f64 = checks.iter().map(|check| check.weight).sum();
    let good: f64 = checks.iter().filter(|check| check.passed).map(|check| check.weight).sum();
    let kept = checks.iter().all(|check| check.passed || !check.guard);
    (all > 0.0).then(|| if kept { good / all } else { 0.0 })
}
