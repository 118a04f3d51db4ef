//! Reading a suite.

use std::{collections::BTreeMap, fmt};

use cc_domain::{Role, Usage};
use serde::Deserialize;

use crate::{
    Files, SuiteError,
    check::Check,
    prepare::Prepared,
    values::{DocumentSpec, ValueSpec},
};

/// The version of the format that this reads.
const FORMAT: u32 = 1;
const MOST_TASKS: usize = 200;
const DEFAULT_TIMEOUT: u32 = 600;

/// Names a suite or a task: 1 to 64 of `a-z`, `0-9`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SuiteId(String);

impl SuiteId {
    /// The id, if the text is one. One is never a path.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        text.parse::<Role>().ok().filter(|id| id.as_str() == text).map(|id| Self(id.as_str().to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SuiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tasks that models are compared by.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Its name.
    pub name: SuiteId,
    /// What it is for.
    pub title: String,
    /// sha256 of all its files, hex: scores compare where this is the same.
    pub digest: String,
    /// In the order of their ids.
    pub tasks: Vec<Task>,
}

/// One task of a suite.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its folder's name.
    pub id: SuiteId,
    /// In a few words.
    pub title: String,
    /// The role it tests.
    pub role: Role,
    /// The worker may edit.
    pub write: bool,
    /// Time limit of a run, seconds.
    pub timeout_seconds: u32,
    /// Programs that its checks need; without one of them the task is skipped.
    pub requires: Vec<String>,
    /// What a run may use up, for the plan.
    pub estimate: TokenEstimate,
    /// `task.toml` as it is written.
    pub(crate) text: String,
    pub(crate) values: BTreeMap<String, ValueSpec>,
    pub(crate) documents: Vec<DocumentSpec>,
    pub(crate) repo: Files,
    pub(crate) hidden: Files,
    /// What a right answer changes, and says.
    pub(crate) solution: Option<Files>,
}

/// Tokens of one run.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEstimate {
    /// In.
    pub input_tokens: u64,
    /// Out.
    pub output_tokens: u64,
}

impl TokenEstimate {
    /// As usage.
    #[must_use]
    pub fn usage(self) -> Usage {
        Usage { input_tokens: self.input_tokens, output_tokens: self.output_tokens, ..Usage::default() }
    }
}

impl Default for TokenEstimate {
    fn default() -> Self {
        Self { input_tokens: 60_000, output_tokens: 3_000 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteFile {
    format: u32,
    title: String,
}

/// `task.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskFile {
    title: String,
    role: String,
    #[serde(default)]
    write: bool,
    timeout_seconds: Option<u32>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    estimate: TokenEstimate,
    pub(crate) prompt: String,
    #[serde(default)]
    values: BTreeMap<String, ValueSpec>,
    #[serde(default)]
    documents: Vec<DocumentSpec>,
    #[serde(default)]
    pub(crate) checks: Vec<Check>,
}

impl Suite {
    /// Reads a suite of that name and tries every task of it once.
    ///
    /// # Errors
    /// When a file is missing or wrong; the error names it.
    pub fn parse(name: SuiteId, files: &Files) -> Result<Self, SuiteError> {
        let text = text(files, "suite.toml")?;
        let file: SuiteFile = toml::from_str(text).map_err(|e| SuiteError::malformed("suite.toml", e))?;
        if file.format != FORMAT {
            let reason = format!("format {} is not known here; this version reads {FORMAT}", file.format);
            return Err(SuiteError::malformed("suite.toml", reason));
        }
        let tasks = files.below("tasks");
        let ids: std::collections::BTreeSet<&str> =
            tasks.names().filter_map(|name| name.split_once('/')).map(|(id, _)| id).collect();
        if ids.is_empty() || ids.len() > MOST_TASKS {
            let reason = format!("there are {} tasks; use 1 to {MOST_TASKS}, each in tasks/<id>/", ids.len());
            return Err(SuiteError::malformed("suite.toml", reason));
        }
        let tasks = ids.into_iter().map(|id| Task::parse(id, &tasks.below(id))).collect::<Result<_, _>>()?;
        Ok(Self { name, title: file.title, digest: files.digest(), tasks })
    }
}

impl Task {
    fn parse(id: &str, files: &Files) -> Result<Self, SuiteError> {
        let at = format!("tasks/{id}/task.toml");
        let wrong = |reason: String| SuiteError::malformed(&at, reason);
        let name = SuiteId::new(id)
            .ok_or_else(|| wrong(format!("'{id}' cannot name a task: use a-z, 0-9, _ and -")))?;
        let text = files.text("task.toml").ok_or_else(|| wrong("it is missing or no UTF-8".into()))?;
        let file: TaskFile = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        file.problem().map_or(Ok(()), |problem| Err(wrong(problem)))?;
        let role = file.role.parse().map_err(|error: cc_domain::RoleError| wrong(error.to_string()))?;
        let solution = files.below("solution");
        let task = Self {
            id: name,
            title: file.title,
            role,
            write: file.write,
            timeout_seconds: file.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT),
            requires: file.requires,
            estimate: file.estimate,
            text: text.to_owned(),
            values: file.values,
            documents: file.documents,
            repo: files.below("repo"),
            hidden: files.below("hidden"),
            solution: Some(solution).filter(|files| files.names().next().is_some()),
        };
        Prepared::of(&task, 1).map_err(wrong)?;
        Ok(task)
    }

    /// The task as that repetition (from 1) meets it.
    ///
    /// # Errors
    /// Never for a task that was read: it was tried then.
    pub fn prepare(&self, repetition: u32) -> Result<Prepared, SuiteError> {
        Prepared::of(self, repetition)
            .map_err(|reason| SuiteError::malformed(format!("tasks/{}/task.toml", self.id), reason))
    }
}

impl TaskFile {
    fn problem(&self) -> Option<String> {
        if self.prompt.trim().is_empty() {
            return Some("'prompt' is empty".into());
        }
        let most = Role::MAX_TIMEOUT_SECONDS;
        if let Some(seconds) = self.timeout_seconds.filter(|seconds| !(10..=most).contains(seconds)) {
            return Some(format!("'timeout_seconds' is {seconds}; use 10 to {most}"));
        }
        let values =
            self.values.iter().find_map(|(name, spec)| Some(format!("value '{name}': {}", spec.problem()?)));
        let document = |spec: &DocumentSpec| Some(format!("document '{}': {}", spec.path, spec.problem()?));
        values.or_else(|| self.documents.iter().find_map(document))
    }
}

fn text<'a>(files: &'a Files, name: &str) -> Result<&'a str, SuiteError> {
    files.text(name).ok_or_else(|| SuiteError::malformed(name, "it is missing or no UTF-8"))
}

/// One task that a caller made up, without files: its answer is checked only when a pattern says what to expect.
///
/// # Errors
/// When the pattern is none.
pub fn free_task(role: &Role, task: &str, expect: Option<&str>) -> Result<Suite, SuiteError> {
    let mut table = toml::Table::new();
    table.insert("title".into(), "a task of the caller's".into());
    table.insert("role".into(), role.as_str().into());
    table.insert("prompt".into(), task.into());
    if let Some(expect) = expect {
        let answer = toml::Table::from_iter([("matches".to_owned(), toml::Value::from(expect))]);
        let check = [("name", toml::Value::from("the answer is as expected")), ("answer", answer.into())];
        let check = toml::Table::from_iter(check.map(|(name, value)| (name.to_owned(), value)));
        table.insert("checks".into(), vec![toml::Value::from(check)].into());
    }
    let readme = "This folder is empty on purpose: the task needs no files.\n";
    let files = Files::from_iter([
        ("suite.toml", format!("format = {FORMAT}\ntitle = \"a task of the caller's\"\n")),
        ("tasks/task/task.toml", table.to_string()),
        ("tasks/task/repo/README.md", readme.to_owned()),
    ]);
    Suite::parse(SuiteId("task".into()), &files)
}
