//! `cc_secret_scan_run`.

use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
};

use cc_domain::{RunId, RunRecord, SecretClass};
use cc_repo::Snapshot;
use cc_secrets::{FileOptions, Finding};
use cc_store::read_bounded;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, accept::Work, secrets::Detector, wait};

/// Findings that a reply names; real ones first.
const MOST: usize = 40;
/// Longest record of what a worker printed, bytes.
const MOST_RECORD: u64 = 4 << 20;
/// Largest file that is scanned, bytes.
const MOST_FILE: u64 = 32 << 20;

/// Scan a run for secrets, leaked keys, tokens, passwords and credentials: what the worker printed (found as it was
/// read), what its changes add, and files it wrote that git ignores. Values are never shown. Real ones block.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretScanRun {
    run_id: RunId,
    /// Default true.
    #[arg(long)]
    include_diff: Option<bool>,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SecretsFound {
    pub(crate) run_id: String,
    pub(crate) finding_count: usize,
    /// Real secrets.
    pub(crate) blocking_count: usize,
    #[schemars(with = "serde_json::Value")]
    classification_counts: BTreeMap<&'static str, usize>,
    #[schemars(with = "Vec<serde_json::Value>")]
    pub(crate) findings: Vec<Finding>,
    /// What was scanned.
    pub(crate) looked_at: Vec<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_looked_at: Vec<String>,
}

impl Operation for SecretScanRun {
    const NAME: &'static str = "cc_secret_scan_run";
    const TITLE: &'static str = "Scan a run for secrets: leaked keys, tokens, passwords";
    const EFFECT: Effect = Effect::READS;
    type Output = SecretsFound;

    async fn run(self, cx: Context) -> Result<SecretsFound, OpError> {
        cx.blocking(move |cx| {
            let record = wait::read(&*cx.store()?, &self.run_id)?;
            let changes = self.include_diff.unwrap_or(true) && record.work.is_some();
            let work = if changes { Some(Work::of(cx, &self.run_id)?) } else { None };
            SecretsFound::of(cx, &record, work.as_ref())
        })
        .await
    }
}

impl SecretsFound {
    /// In what a run printed and, with `work`, in what it changed.
    pub(crate) fn of(cx: &Context, record: &RunRecord, work: Option<&Work>) -> Result<Self, OpError> {
        let mut scan = Scan::default();
        scan.printed(cx, record)?;
        if let Some(work) = work {
            let detector = Detector::of(cx, &record.workspace_root, None)?;
            scan.not_looked_at.extend(detector.notices.clone());
            scan.added(&detector, work)?;
            scan.unkept(&detector, work)?;
        }
        Ok(scan.told(record))
    }
}

/// The secrets in some files of a snapshot, and the files that were not looked at.
fn in_files(
    detector: &Detector,
    snapshot: &Snapshot,
    paths: &[String],
) -> Result<(Vec<Finding>, Vec<String>), OpError> {
    let mut found = Vec::new();
    let left_out = snapshot.contents(paths, MOST_FILE, |path, bytes| {
        found.extend(detector.scanner.scan_bytes(Some(path), bytes));
    })?;
    Ok((detector.judge(found)?.findings, left_out))
}

#[derive(Default)]
struct Scan {
    findings: Vec<Finding>,
    looked_at: Vec<String>,
    not_looked_at: Vec<String>,
}

impl Scan {
    /// What was found while the worker's output was read.
    fn printed(&mut self, cx: &Context, record: &RunRecord) -> Result<(), OpError> {
        let Some(counts) = record.printed_secrets else {
            let status = record.status.as_str();
            self.not_looked_at
                .push(format!("what the worker printed: the run is {status}, and nobody summed it up"));
            return Ok(());
        };
        self.looked_at.push("all that the worker printed, as it was read".to_owned());
        if counts.found > 0 {
            let path = cx.store()?.run_dir(&record.run_id)?.secrets();
            let found: Vec<Finding> = serde_json::from_slice(&read_bounded(&path, MOST_RECORD)?)
                .map_err(|error| OpError::invalid(format!("{} is damaged: {error}", path.display()), ""))?;
            self.findings.extend(found);
        }
        Ok(())
    }

    /// What files hold after the run and did not before: changed, new and ignored ones, as far as snapshots hold them.
    fn added(&mut self, detector: &Detector, work: &Work) -> Result<(), OpError> {
        let kept = work.changes.files.iter().filter(|file| file.kept && file.size_after.is_some());
        let paths: Vec<String> = kept.map(|file| file.path.clone()).collect();
        let (before, _) = in_files(detector, &work.before, &paths)?;
        let (after, left_out) = in_files(detector, &work.after, &paths)?;
        let place = |finding: &Finding| (finding.path.clone(), finding.fingerprint.clone());
        let before: HashSet<_> = before.iter().map(place).collect();
        self.findings.extend(after.into_iter().filter(|finding| !before.contains(&place(finding))));
        self.looked_at.push(format!("what its changes add to {} files", paths.len() - left_out.len()));
        self.not_looked_at.extend(left_out.into_iter().map(|path| format!("{path}: it is too large")));
        Ok(())
    }

    /// Files whose content no snapshot holds: they are read as they are now.
    fn unkept(&mut self, detector: &Detector, work: &Work) -> Result<(), OpError> {
        let unkept = work.changes.files.iter().filter(|file| !file.kept && file.size_after.is_some());
        let files: Vec<PathBuf> = unkept.map(|file| PathBuf::from(&file.path)).collect();
        if files.is_empty() {
            return Ok(());
        }
        let scan = detector.scanner.scan_files(work.repo.root(), &files, &FileOptions::default());
        self.looked_at.push(format!("{} files that git ignores, as they are now", scan.files));
        self.not_looked_at.extend(scan.skipped);
        self.findings.extend(detector.judge(scan.candidates)?.findings);
        Ok(())
    }

    fn told(mut self, record: &RunRecord) -> SecretsFound {
        self.findings
            .sort_by_key(|finding| (finding.class != SecretClass::Real, finding.path.clone(), finding.line));
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.class.as_str()).or_insert(0) += 1;
        }
        SecretsFound {
            run_id: record.run_id.to_string(),
            finding_count: self.findings.len(),
            blocking_count: counts.get("real").copied().unwrap_or_default(),
            classification_counts: counts,
            findings: self.findings.into_iter().take(MOST).collect(),
            looked_at: self.looked_at,
            not_looked_at: self.not_looked_at,
        }
    }
}

impl Output for SecretsFound {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "run {}: {} findings, {} of them real secrets",
            self.run_id, self.finding_count, self.blocking_count
        )];
        for finding in &self.findings {
            let path = finding.path.as_deref().unwrap_or("-");
            let class = finding.class.as_str();
            lines
                .push(format!("- {class}: {} in {path}:{} ({})", finding.rule, finding.line, finding.reason));
        }
        lines.extend(self.looked_at.iter().map(|what| format!("looked at: {what}")));
        lines.extend(self.not_looked_at.iter().map(|what| format!("not looked at: {what}")));
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        self.blocking_count == 0
    }
}
