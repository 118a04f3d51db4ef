//! Secrets that a worker printed: found at the moment they are read, kept without their values.
//!
//! The redactor sees every line; only one that it had to change is scanned, as it came. The values are in memory until
//! the run's end, when a process of its own that has the plugin engine judges them: a supervisor has none.

use std::{
    collections::HashSet,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use cc_domain::{
    Classification, Confidence, EventBody, EventSource, PrintedSecrets, SecretClass, SecretFinding,
};
use cc_secrets::{Candidate, Finding, Fingerprint, Salt, Scanner, judge};
use cc_store::{Home, Store, write_atomic};
use serde::{Deserialize, Serialize};

use super::{read_rules, recorder::Recorder};
use crate::{LaunchSpec, WorkerError, environment::passed, os};

/// Different secrets that are kept.
const MOST: usize = 200;
/// How long the judging process may take: it starts an engine, and a first start compiles plugins.
const JUDGING: Duration = Duration::from_secs(60);
/// Longest judgement, bytes.
const MOST_ANSWER: u64 = 4 << 20;
/// The rule that finds the run's own keys.
const OWN_KEY: &str = "own-key";

/// What the judging process is asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Judging {
    /// The user's home of the product.
    pub home: PathBuf,
    /// The project, whose plugins may have a say.
    pub workspace_root: PathBuf,
    /// What is to be judged.
    pub findings: Vec<SecretFinding>,
}

/// The secrets seen so far.
#[derive(Default)]
pub(super) struct Printed {
    home: PathBuf,
    workspace_root: PathBuf,
    rules_file: PathBuf,
    /// The run's own keys.
    own: Vec<String>,
    lines: [u32; 2],
    /// Made at the first find: rules take memory, and most workers print no secret.
    scanner: Option<Option<(Scanner, Salt)>>,
    seen: HashSet<Fingerprint>,
    candidates: Vec<Candidate>,
    own_keys: Vec<(EventSource, u32)>,
    /// A place was redacted that no rule could name.
    unnamed: bool,
}

impl Printed {
    pub(super) fn new(spec: &LaunchSpec, own: Vec<String>) -> Self {
        Self {
            home: spec.home.clone(),
            workspace_root: spec.workspace_root.clone(),
            rules_file: spec.rules_file.clone(),
            own,
            ..Self::default()
        }
    }

    /// Another line of that stream.
    pub(super) fn line(&mut self, source: EventSource) {
        self.lines[stream(source)] += 1;
    }

    /// The line that was just counted holds something.
    pub(super) fn note(&mut self, source: EventSource, line: &str) {
        let number = self.lines[stream(source)];
        if self.own.iter().any(|key| line.contains(key.as_str())) && self.own_keys.len() < MOST {
            self.own_keys.push((source, number));
        }
        let (home, rules) = (&self.home, &self.rules_file);
        let Some((scanner, salt)) = self.scanner.get_or_insert_with(|| scanner(home, rules)) else {
            self.unnamed = true;
            return;
        };
        for mut candidate in scanner.scan_bytes(None, line.as_bytes()) {
            let finding = &candidate.finding;
            let new = self.seen.insert(Fingerprint::new(salt, &finding.rule_id, &finding.secret));
            if new && self.candidates.len() < MOST && !self.own.contains(&finding.secret) {
                candidate.finding.path = Some(file(source).to_owned());
                (candidate.place.line, candidate.place.end_line) = (number, number);
                // A worker's word is no comment that the user wrote.
                candidate.allowed = false;
                self.candidates.push(candidate);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.candidates.is_empty() && self.own_keys.is_empty() && !self.unnamed
    }

    fn judged(mut self) -> Vec<Finding> {
        let own = self.own_findings();
        let Some(Some((_, salt))) = self.scanner.take() else { return own };
        let (home, root) = (self.home, self.workspace_root);
        let ask = |findings: Vec<SecretFinding>| {
            let question = Judging { home: home.clone(), workspace_root: root.clone(), findings };
            let answer = ask(&question).unwrap_or_else(|reason| by_rule(&question.findings, &reason));
            Ok::<_, std::convert::Infallible>(answer)
        };
        let found = judge(self.candidates, &salt, ask).map(|judged| judged.findings);
        [own, found.unwrap_or_default()].concat()
    }

    /// They count once: it is one key, however often it was printed.
    fn own_findings(&self) -> Vec<Finding> {
        let finding = |(source, line): &(EventSource, u32)| Finding {
            rule: OWN_KEY.to_owned(),
            class: SecretClass::Real,
            path: Some(file(*source).to_owned()),
            line: *line,
            column: 1,
            end_line: *line,
            end_column: 1,
            fingerprint: Fingerprint::new(&Salt::new(*b"the run's own key"), OWN_KEY, ""),
            reason: "the worker printed a key that it runs on".to_owned(),
            confidence: Confidence::High,
        };
        self.own_keys.first().map(finding).into_iter().collect()
    }
}

/// Writes down what was found, if anything was.
pub(super) fn record(spec: &LaunchSpec, store: &Store, recorder: &mut Recorder) -> Result<(), WorkerError> {
    let Some(printed) = recorder.take_printed() else { return Ok(()) };
    if printed.is_empty() {
        return Ok(recorder
            .writer()
            .update(store, |r| r.printed_secrets = Some(PrintedSecrets::default()))?);
    }
    let findings = printed.judged();
    let real = findings.iter().filter(|finding| finding.class == SecretClass::Real).count();
    let found = findings.len();
    let text = serde_json::to_vec_pretty(&findings).unwrap_or_default();
    write_atomic(&spec.dir().secrets(), &text)?;
    recorder.writer().update(store, |r| r.printed_secrets = Some(PrintedSecrets { found, real }))?;
    let mut rules: Vec<String> = findings.into_iter().map(|finding| finding.rule).collect();
    rules.sort();
    rules.dedup();
    recorder.event(EventBody::SecretsPrinted { real, found, rules })
}

/// None when it cannot be had; the redactor goes on hiding what it finds.
fn scanner(home: &Path, rules: &Path) -> Option<(Scanner, Salt)> {
    let made = || {
        let rules = read_rules(rules).map_err(|error| error.to_string())?;
        let scanner = Scanner::new(&rules).map_err(|error| error.to_string())?;
        let salt = Home::at(home).salt().map_err(|error| error.to_string())?;
        Ok::<_, String>((scanner, Salt::new(salt)))
    };
    made().inspect_err(|reason| tracing::warn!("printed secrets cannot be named: {reason}")).ok()
}

/// Asks a process with the plugin engine.
fn ask(question: &Judging) -> Result<Vec<Classification>, String> {
    let program = os::own_program().map_err(|error| error.to_string())?;
    let mut child = Command::new(program)
        .arg("judge-secrets")
        .env_clear()
        .envs(passed(&crate::environment()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let question = serde_json::to_vec(question).map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read says nothing either, which is seen below.
        let _ = stdin.write_all(&question);
    }
    let mut stdout = child.stdout.take().ok_or("it has no output")?;
    let (told, hear) = mpsc::channel();
    thread::spawn(move || {
        let mut answer = Vec::new();
        told.send(stdout.by_ref().take(MOST_ANSWER).read_to_end(&mut answer).map(|_| answer))
    });
    let answer = hear.recv_timeout(JUDGING);
    // It has answered, or never will.
    let _ = child.kill();
    let _ = child.wait();
    let answer = answer.map_err(|_| format!("no judgement came within {} s", JUDGING.as_secs()))?;
    serde_json::from_slice(&answer.map_err(|error| error.to_string())?)
        .map_err(|error| format!("no judgement: {error}"))
}

/// Without a judge every find counts: too much is held up rather than too little.
fn by_rule(findings: &[SecretFinding], reason: &str) -> Vec<Classification> {
    let reason = format!("nobody could judge it ({reason})");
    findings.iter().map(|_| Classification { class: SecretClass::Real, reason: reason.clone() }).collect()
}

fn stream(source: EventSource) -> usize {
    usize::from(source == EventSource::Stderr)
}

fn file(source: EventSource) -> &'static str {
    if source == EventSource::Stderr { "stderr.txt" } else { "stdout.txt" }
}
