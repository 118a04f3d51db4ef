//! One repetition of a task: its values made, its files filled in.

use std::{collections::BTreeMap, path::Path};

use crate::{
    Files, SuiteError, Task,
    check::{Check, Command},
    suite::TaskFile,
    values::{Seed, fill},
};

/// The file of a reference solution that is its answer.
const ANSWER: &str = "answer.md";

/// A task as one repetition meets it.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What the worker is asked.
    pub prompt: String,
    pub(crate) repo: Files,
    pub(crate) hidden: Files,
    pub(crate) checks: Vec<Check>,
    solution: Option<Files>,
}

impl Prepared {
    pub(crate) fn of(task: &Task, repetition: u32) -> Result<Self, String> {
        let made = |(name, spec): (&String, &crate::values::ValueSpec)| {
            (name.clone(), spec.make(&mut Seed::of(task.id.as_str(), name, repetition)))
        };
        let values: BTreeMap<String, String> = task.values.iter().map(made).collect();
        let file: TaskFile = toml::from_str(&fill(&task.text, &values)).map_err(|error| error.to_string())?;
        let filled = |files: &Files| {
            let content = |(name, content): (&String, &Vec<u8>)| match std::str::from_utf8(content) {
                Ok(text) => (name.clone(), fill(text, &values).into_bytes()),
                Err(_) => (name.clone(), content.clone()),
            };
            files.0.iter().map(content).collect::<Files>()
        };
        let mut repo = filled(&task.repo);
        for document in &task.documents {
            let text = document.make(&mut Seed::of(task.id.as_str(), &document.path, repetition));
            repo.0.insert(document.path.clone(), fill(&text, &values).into_bytes());
        }
        let prepared = Self {
            prompt: file.prompt,
            hidden: filled(&task.hidden),
            solution: task.solution.as_ref().map(filled),
            checks: file.checks,
            repo,
        };
        prepared.problem().map_or(Ok(prepared), Err)
    }

    fn problem(&self) -> Option<String> {
        let names = self.repo.names().chain(self.hidden.names());
        if let Some(name) = names.into_iter().find(|name| !is_plain(name)) {
            return Some(format!("'{name}' leaves the task's folder"));
        }
        let wrong = |check: &Check| Some(format!("check '{}': {}", check.name, check.problem(self)?));
        if let Some(problem) = self.checks.iter().find_map(wrong) {
            return Some(problem);
        }
        let earns = |check: &Check| !check.is_guard();
        let only_guards = !self.checks.is_empty() && !self.checks.iter().any(earns);
        only_guards
            .then(|| "every check is a guard, so that nothing could be earned: add one that is not".into())
    }

    /// Writes the worker's files into its folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn lay_out(&self, folder: &Path) -> Result<(), SuiteError> {
        self.repo.write(folder)
    }

    /// The commands to run in the folder once the worker has ended and [`Prepared::reveal`] was called.
    #[must_use]
    pub fn commands(&self) -> Vec<Command> {
        self.checks.iter().filter_map(|check| check.command.clone()).collect()
    }

    /// Writes the hidden files beside what the worker left, over anything of that name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn reveal(&self, folder: &Path) -> Result<(), SuiteError> {
        self.hidden.write(folder)
    }

    /// The reference solution: the files it changes, and its answer.
    #[must_use]
    pub fn solution(&self) -> Option<(Files, String)> {
        let mut files = self.solution.clone()?;
        let answer = files.0.remove(ANSWER).unwrap_or_default();
        Some((files, String::from_utf8_lossy(&answer).into_owned()))
    }
}

/// A relative name that stays inside.
fn is_plain(name: &str) -> bool {
    let part_is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.split('/').all(part_is_plain) && !name.contains(['\\', ':', '\0'])
}
