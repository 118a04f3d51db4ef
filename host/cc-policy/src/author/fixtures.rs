//! `plugin test`: questions in files, and the answers that are right.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{question::Question, subject::Subject};
use crate::{
    FileError, PolicyError,
    engine::{Engine, Plugin, PluginError, PluginErrorKind, World},
    files, toml_text,
    toml_text::Setting,
};

/// The folder of a plugin's fixtures.
pub const FIXTURES: &str = "fixtures";
/// How the name of an answer's file ends.
const EXPECTED: &str = ".expected.json";
/// Most fixtures of one plugin.
const MOST: usize = 1000;

/// A question in a file, TOML or JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    call: Option<String>,
    #[serde(default)]
    config: BTreeMap<String, Setting>,
    #[serde(default)]
    input: Value,
}

/// What testing a plugin came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestReport {
    /// Every fixture passed, and there was one.
    pub ok: bool,
    /// The plugin.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Where the fixtures are.
    pub fixtures: PathBuf,
    /// One for each fixture, by name.
    pub cases: Vec<TestCase>,
}

/// One fixture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TestCase {
    /// Its file's name without the ending.
    pub name: String,
    /// What came of it.
    pub outcome: Outcome,
    /// The right answer as JSON; none when there is no file of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The plugin's answer as JSON; none when it could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What came of a fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer is the right one.
    Passed,
    /// The answer was written to its file, as asked.
    Updated,
    /// The answer is another one, or there is no file of the right one.
    Differs,
    /// The question cannot be read, or the plugin broke off.
    Failed,
}

impl Outcome {
    /// Nothing is wrong.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Passed | Self::Updated)
    }
}

/// Puts every fixture's question to the plugin. With `update`, answers that differ are written instead.
///
/// # Errors
/// The engine cannot start, the folder cannot be read, or an answer cannot be written.
pub fn test_plugin(
    subject: &Subject,
    fixtures: &Path,
    cache: Option<&Path>,
    update: bool,
) -> Result<TestReport, PolicyError> {
    let engine = Engine::start(cache)?;
    let mut cases = Vec::new();
    for path in listed(fixtures)? {
        cases.push(case(subject, &engine, &path, update)?);
    }
    Ok(TestReport {
        ok: !cases.is_empty() && cases.iter().all(|case| case.outcome.is_good()),
        id: subject.manifest.id.to_string(),
        version: subject.manifest.version.to_string(),
        fixtures: fixtures.into(),
        cases,
    })
}

/// Every question's file, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, PolicyError> {
    let failed = |source| FileError::Io { action: "list", path: folder.into(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_question = path.extension().is_some_and(|end| end == "json" || end == "toml");
        if is_question && !path.to_string_lossy().ends_with(EXPECTED) {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.len() > MOST {
        let message = format!("{} has more than {MOST} fixtures: test a part of them", folder.display());
        return Err(PolicyError::Refused(message));
    }
    Ok(paths)
}

/// A question with the settings it is asked under.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) question: Question,
    pub(super) config: Config,
}

/// Every question in a folder.
pub(super) fn questions(folder: &Path, world: World) -> Result<Vec<Asked>, PolicyError> {
    listed(folder)?.iter().map(|path| read(path, world).map_err(PolicyError::Refused)).collect()
}

fn case(subject: &Subject, engine: &Engine, path: &Path, update: bool) -> Result<TestCase, PolicyError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let actual = match read(path, subject.world()).and_then(|asked| {
        let plugin = engine.load(subject.component(), &subject.spec(&asked.config));
        answered(&asked.question, &plugin.map_err(|error| error.to_string())?)
    }) {
        Ok(actual) => actual,
        Err(problem) => return Ok(TestCase::failed(name, problem)),
    };
    let golden = path.with_file_name(format!("{name}{EXPECTED}"));
    let expected = files::read_text(&golden)?;
    let same = expected.as_deref().is_some_and(|text| is_same(text, &actual));
    let actual = pretty(&actual);
    let outcome = match (same, update) {
        (true, _) => Outcome::Passed,
        (false, true) => {
            files::write_shared(&golden, actual.as_bytes())?;
            Outcome::Updated
        }
        (false, false) => Outcome::Differs,
    };
    let missing = outcome == Outcome::Differs && expected.is_none();
    let problem = missing.then(|| format!("there is no {}: --update writes it", golden.display()));
    Ok(TestCase { name, outcome, expected, actual: Some(actual), problem })
}

impl TestCase {
    fn failed(name: String, problem: String) -> Self {
        Self { name, outcome: Outcome::Failed, expected: None, actual: None, problem: Some(problem) }
    }
}

/// Answers are compared as values: how a file is laid out does not count.
fn is_same(expected: &str, actual: &Value) -> bool {
    serde_json::from_str::<Value>(expected).is_ok_and(|expected| expected == *actual)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

type Config = Vec<(String, String)>;

fn read(path: &Path, world: World) -> Result<Asked, String> {
    let text = files::read_text(path).map_err(|error| error.to_string())?.unwrap_or_default();
    let shown = toml_text::shown(path);
    let fixture: Fixture = if path.extension().is_some_and(|end| end == "toml") {
        toml_text::parse(&shown, &text, "Its keys are call, config and input")
            .map_err(|error| error.to_string())?
    } else {
        serde_json::from_str(&text)
            .map_err(|error| format!("{shown}: {error}; its keys are call, config and input"))?
    };
    let question = Question::read(world, fixture.call.as_deref(), &fixture.input)
        .map_err(|error| format!("{shown}: {error}"))?;
    Ok(Asked {
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        question,
        config: fixture.config.into_iter().map(|(key, value)| (key, value.0)).collect(),
    })
}

/// Asks twice, each time on a fresh instance: a plugin that answers otherwise the second time decides by chance.
fn answered(question: &Question, plugin: &Plugin) -> Result<Value, String> {
    let [first, second] = [answer(question, plugin)?, answer(question, plugin)?];
    if first == second {
        return Ok(first);
    }
    Err(format!("it answered the same question in two ways: {} and {}", pretty(&first), pretty(&second)))
}

/// The answer, or the failure that the plugin itself gives; anything else is a defect.
fn answer(question: &Question, plugin: &Plugin) -> Result<Value, String> {
    match question.ask(plugin) {
        Ok(answer) => Ok(json!({ "answer": answer })),
        Err(PluginError { kind: PluginErrorKind::Said, what, hint, .. }) => {
            let message = what.strip_prefix("failed: ").unwrap_or(&what);
            Ok(json!({ "failure": { "message": message, "hint": hint } }))
        }
        Err(error) => Err(error.to_string()),
    }
}
