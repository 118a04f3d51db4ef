//! Findings for programs and for people. Nothing in them is secret.

use std::fmt::Write as _;

use cc_domain::SecretClass;
use serde::Serialize;

use super::finding::Finding;

/// A text longer than this is cut in the table.
const REASON: usize = 60;

/// What a scan gives to programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScanReport {
    /// What was found, and is not accepted.
    pub findings: Vec<Finding>,
    /// Files scanned.
    pub files: usize,
    /// Findings that a comment on their line allows.
    pub allowed: usize,
    /// Findings that the baseline accepts.
    pub accepted: usize,
    /// What was left out, and why.
    pub skipped: Vec<String>,
}

impl ScanReport {
    /// Whether something in it is a real secret.
    #[must_use]
    pub fn has_real(&self) -> bool {
        self.findings.iter().any(|finding| finding.class == SecretClass::Real)
    }

    /// A JSON object with `findings` and what the scan looked at.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// A table for people, one finding a line, and a line of totals.
    #[must_use]
    pub fn table(&self) -> String {
        let rows: Vec<[String; 4]> = self.findings.iter().map(row).collect();
        let mut text = String::new();
        if !rows.is_empty() {
            let head = ["CLASS", "RULE", "PLACE", "REASON"].map(Into::into);
            let all: Vec<_> = std::iter::once(&head).chain(&rows).collect();
            let width = |at: usize| all.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
            let [class, rule, place] = [width(0), width(1), width(2)];
            for [one, two, three, four] in all {
                let _ = writeln!(text, "{one:class$}  {two:rule$}  {three:place$}  {four}");
            }
        }
        text + &self.totals()
    }

    fn totals(&self) -> String {
        let real = self.findings.iter().filter(|finding| finding.class == SecretClass::Real).count();
        let mut text = format!("{} findings, {real} real, in {} files", self.findings.len(), self.files);
        for (count, what) in [
            (self.allowed, "allowed by a comment"),
            (self.accepted, "in the baseline"),
            (self.skipped.len(), "files skipped"),
        ] {
            if count > 0 {
                let _ = write!(text, "; {count} {what}");
            }
        }
        text + "\n"
    }
}

fn row(finding: &Finding) -> [String; 4] {
    let path = finding.path.as_deref().unwrap_or("-");
    // A path is foreign: nothing in it may steer a terminal or break the table.
    let path: String = path.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let reason = finding.reason.lines().next().unwrap_or_default().chars().take(REASON).collect();
    let place = format!("{path}:{}:{}", finding.line, finding.column);
    [finding.class.as_str().into(), finding.rule.clone(), place, reason]
}
