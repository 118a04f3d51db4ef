//! One run.

use std::collections::BTreeMap;

use cc_domain::{FileChange, Flag, Grade, RunRecord, Tally, Verification};
use serde::Serialize;

use super::{FORMAT, facts, seconds, tokens, usd};
use crate::Page;

/// Changed files that a report lists.
const MOST_FILES: usize = 500;

/// Everything that is told of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// Version of the JSON.
    pub format: u32,
    /// The run; texts in it may be cut.
    pub record: RunRecord,
    /// What it was asked, redacted.
    pub prompt: String,
    /// USD, as far as known.
    pub cost_usd: Option<f64>,
    /// Each tool it used.
    pub tools: BTreeMap<String, Tally>,
    /// What the reviewer says, worst first.
    pub flags: Vec<Flag>,
    /// And how well it did.
    pub grade: Option<Grade>,
    /// The last verification, if there was one.
    pub verification: Option<Verification>,
    /// What it changed; at most 500 files.
    pub files: Vec<FileChange>,
    /// All of them.
    pub file_count: usize,
}

impl RunReport {
    /// A report of nothing but the record.
    #[must_use]
    pub fn new(record: RunRecord) -> Self {
        Self {
            format: FORMAT,
            record,
            prompt: String::new(),
            cost_usd: None,
            tools: BTreeMap::new(),
            flags: Vec::new(),
            grade: None,
            verification: None,
            files: Vec::new(),
            file_count: 0,
        }
    }

    /// With what it changed.
    #[must_use]
    pub fn with_files(mut self, mut files: Vec<FileChange>) -> Self {
        self.file_count = files.len();
        files.truncate(MOST_FILES);
        self.files = files;
        self
    }

    /// Keeps so many characters of prompt and answer each.
    #[must_use]
    pub fn cut(mut self, chars: usize) -> Self {
        cut(&mut self.prompt, chars);
        if let Some(result) = &mut self.record.result {
            cut(&mut result.text, chars);
        }
        self
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        let mut page = Page::new(format!("Run {}", self.record.run_id));
        self.add_to(&mut page, 1);
        page
    }

    pub(super) fn add_to(&self, page: &mut Page, level: usize) {
        page.table(&["what", "is"], self.facts());
        self.verdicts(page, level);
        self.changes(page, level);
        self.texts(page, level);
    }

    fn facts(&self) -> Vec<Vec<String>> {
        let record = &self.record;
        let route = &record.route;
        let result = record.result.as_ref();
        let actual = result.and_then(|result| result.actual.model.clone());
        facts(vec![
            ("status", record.status.as_str().to_owned()),
            ("role", format!("{} ({})", record.role, record.task_type)),
            ("profile", route.profile_name.clone()),
            ("model", route.model.clone().unwrap_or_else(|| "the provider's default".to_owned())),
            ("answered by", actual.filter(|model| Some(model) != route.model.as_ref()).unwrap_or_default()),
            ("why this route", route.reason.clone()),
            ("might change files", if record.allow_write { "yes" } else { "no" }.to_owned()),
            ("folder", record.cwd.display().to_string()),
            ("started", record.started_at.clone()),
            ("ended", record.finished_at.clone().unwrap_or_default()),
            ("took", seconds(record.duration_ms)),
            ("tokens", tokens(result.map_or(0, |result| result.usage.total()))),
            ("cost", usd(self.cost_usd)),
            ("error", record.error.clone().unwrap_or_default()),
            ("team", record.team_id.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("went on from", record.parent_run_id.as_ref().map(ToString::to_string).unwrap_or_default()),
        ])
    }

    fn verdicts(&self, page: &mut Page, level: usize) {
        if let Some(verified) = &self.verification {
            page.heading(level, format!("Verification: {}", verified.status.as_str()));
            let gate = |gate: &cc_domain::Gate| {
                vec![gate.name.clone(), gate.state.as_str().to_owned(), gate.evidence.clone()]
            };
            page.table(&["gate", "says", "evidence"], verified.gates.iter().map(gate).collect());
        }
        if !self.flags.is_empty() {
            page.heading(level, "Flags");
            let flag = |flag: &Flag| {
                let blocks = if flag.blocking { "blocks" } else { "" };
                vec![
                    flag.code.clone(),
                    format!("{:?}", flag.severity),
                    blocks.to_owned(),
                    flag.message.clone(),
                ]
            };
            page.table(
                &["flag", "severity", "blocks", "what happened"],
                self.flags.iter().map(flag).collect(),
            );
        }
        if let Some(grade) = &self.grade {
            page.text(format!("Grade: {} of 100.", grade.score));
            page.list(grade.notes.clone());
        }
    }

    fn changes(&self, page: &mut Page, level: usize) {
        if self.files.is_empty() {
            return;
        }
        page.heading(level, format!("Changed files: {}", self.file_count));
        let file = |file: &FileChange| {
            let lines =
                if file.binary { "binary".into() } else { format!("+{} -{}", file.added, file.deleted) };
            vec![file.path.clone(), format!("{:?}", file.change).to_lowercase(), lines]
        };
        page.table(&["file", "change", "lines"], self.files.iter().map(file).collect());
        if self.files.len() < self.file_count {
            page.text(format!("The first {} of {} are listed.", self.files.len(), self.file_count));
        }
    }

    fn texts(&self, page: &mut Page, level: usize) {
        let tool = |(name, tally): (&String, &Tally)| {
            vec![name.clone(), tally.count.to_string(), tally.failed.to_string()]
        };
        if !self.tools.is_empty() {
            page.heading(level, "Tools");
            page.table(&["tool", "calls", "failed"], self.tools.iter().map(tool).collect());
        }
        let answer = self.record.result.as_ref().map(|result| result.text.as_str()).unwrap_or_default();
        for (title, text) in [("Task", self.prompt.as_str()), ("Answer", answer)] {
            if !text.trim().is_empty() {
                page.heading(level, title);
                page.verbatim(text);
            }
        }
    }
}

fn cut(text: &mut String, chars: usize) {
    if let Some((at, _)) = text.char_indices().nth(chars) {
        text.truncate(at);
        text.push_str("\n… (cut here; the run's folder has the whole)");
    }
}
