//! A day: every run that began on it.

use std::collections::BTreeMap;

use cc_domain::{Role, RunId, RunStatus, Usage};
use serde::Serialize;

use super::{FORMAT, facts, seconds, tokens, usd};
use crate::Page;

/// Everything that is told of a day of UTC.
#[derive(Clone, Debug, Serialize)]
pub struct DayReport {
    format: u32,
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Its runs, the oldest first.
    pub runs: Vec<DayRun>,
    /// Runs of that day that are not listed.
    pub left_out: usize,
}

/// One of a day's runs.
#[derive(Clone, Debug, Serialize)]
pub struct DayRun {
    /// The run.
    pub run_id: RunId,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Where it stands.
    pub status: RunStatus,
    /// The worker's role.
    pub role: Role,
    /// The profile's name.
    pub profile: String,
    /// The model that answered, else the routed one.
    pub model: String,
    /// The project's folder.
    pub project: String,
    /// From the worker's start to its end.
    pub duration_ms: Option<u64>,
    /// Tokens.
    pub usage: Usage,
    /// USD, as far as known.
    pub cost_usd: Option<f64>,
    /// What went wrong.
    pub error: Option<String>,
}

#[derive(Default)]
struct Sum {
    runs: usize,
    failures: usize,
    tokens: u64,
    usd: f64,
}

impl DayReport {
    /// A report of those runs.
    #[must_use]
    pub fn new(date: String, runs: Vec<DayRun>, left_out: usize) -> Self {
        Self { format: FORMAT, date, runs, left_out }
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> Page {
        let mut page = Page::new(format!("Runs of {}", self.date));
        let all = self.sums(|_| String::new()).remove("").unwrap_or_default();
        page.table(
            &["what", "is"],
            facts(vec![
                ("runs", all.runs.to_string()),
                ("failed, timed out or lost", all.failures.to_string()),
                ("tokens", tokens(all.tokens)),
                ("cost, as far as known", usd(Some(all.usd))),
                (
                    "not listed here",
                    if self.left_out == 0 { String::new() } else { self.left_out.to_string() },
                ),
            ]),
        );
        for (title, key) in [("model", DayRun::model as fn(&DayRun) -> String), ("project", DayRun::project)]
        {
            page.heading(1, format!("By {title}"));
            let line = |(name, sum): (String, Sum)| {
                vec![
                    name,
                    sum.runs.to_string(),
                    sum.failures.to_string(),
                    tokens(sum.tokens),
                    usd(Some(sum.usd)),
                ]
            };
            let rows = self.sums(key).into_iter().map(line).collect();
            page.table(&[title, "runs", "failures", "tokens", "cost"], rows);
        }
        page.heading(1, "Runs");
        let head =
            ["started", "run", "role", "model", "profile", "status", "took", "tokens", "cost", "error"];
        page.table(&head, self.runs.iter().map(DayRun::line).collect());
        page
    }

    fn sums(&self, key: impl Fn(&DayRun) -> String) -> BTreeMap<String, Sum> {
        let mut sums = BTreeMap::<String, Sum>::new();
        for run in &self.runs {
            let sum = sums.entry(key(run)).or_default();
            sum.runs += 1;
            sum.failures +=
                usize::from(matches!(run.status, RunStatus::Failed | RunStatus::TimedOut | RunStatus::Lost));
            sum.tokens += run.usage.total();
            sum.usd += run.cost_usd.unwrap_or_default();
        }
        sums
    }
}

impl DayRun {
    fn model(&self) -> String {
        self.model.clone()
    }

    fn project(&self) -> String {
        self.project.clone()
    }

    fn line(&self) -> Vec<String> {
        vec![
            self.started_at.get(11..19).unwrap_or(&self.started_at).to_owned(),
            self.run_id.to_string(),
            self.role.to_string(),
            self.model(),
            self.profile.clone(),
            self.status.as_str().to_owned(),
            seconds(self.duration_ms),
            tokens(self.usage.total()),
            usd(self.cost_usd),
            self.error.clone().unwrap_or_default(),
        ]
    }
}
