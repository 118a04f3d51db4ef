//! `cc_diff_summary`.

use std::collections::BTreeMap;

use cc_domain::{ChangeKind, FileChange, Risk, RunId};
use cc_repo::{risks, summary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, accept::Work, arguments};

/// Lines of change beyond which somebody should have tested.
const NEEDS_TESTS: u64 = 20;

/// Summarize what a run changed: files with lines added and deleted, kind of change, commits, and risks (dependencies,
/// CI, migrations, auth, secrets, generated, binary).
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffSummary {
    /// Default: the newest run there that may write.
    #[serde(default)]
    run_id: Option<RunId>,
    #[arg(long)]
    cwd: Option<String>,
    #[arg(long, hide = true)]
    #[schemars(skip)]
    #[allow(dead_code)] // the predecessor's; nothing here is cut by it
    limit_chars: Option<u32>,
    /// 1-500, default 50, the riskiest first.
    #[arg(long)]
    max_files: Option<u32>,
}

/// What a run changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DiffSummed {
    pub(crate) run_id: String,
    pub(crate) file_count: usize,
    pub(crate) total_added: u64,
    pub(crate) total_deleted: u64,
    #[schemars(with = "Vec<serde_json::Value>")]
    files: Vec<Changed>,
    /// Files of each kind.
    #[schemars(with = "serde_json::Value")]
    risks: BTreeMap<Risk, usize>,
    #[schemars(skip)]
    agent_artifact_changes: usize,
    #[schemars(skip)]
    outside_workspace_changes: usize,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commits: Vec<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refs: Vec<String>,
    needs_tests: bool,
    #[schemars(skip)]
    truncated: bool,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_looked_at: Vec<String>,
}

/// One file.
#[derive(Debug, Serialize)]
struct Changed {
    path: String,
    change: ChangeKind,
    added: u64,
    deleted: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    risk: Vec<Risk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_from: Option<String>,
}

impl Operation for DiffSummary {
    const NAME: &'static str = "cc_diff_summary";
    const TITLE: &'static str = "Summarize a run's changes: files, lines, risks";
    const EFFECT: Effect = Effect::READS;
    type Output = DiffSummed;

    async fn run(self, cx: Context) -> Result<DiffSummed, OpError> {
        let most = arguments::number_within("max_files", self.max_files.unwrap_or(50), 1, 500)? as usize;
        cx.blocking(move |cx| {
            let work = Work::find(cx, self.run_id.as_ref(), self.cwd.as_deref())?;
            Ok(DiffSummed::of(&work, most))
        })
        .await
    }
}

impl DiffSummed {
    pub(crate) fn of(work: &Work, most: usize) -> Self {
        let changes = &work.changes;
        let mut source: Vec<&FileChange> = changes.files.iter().filter(|file| !file.artifact).collect();
        let risk = summary(changes);
        let lines = changes.lines();
        // The riskiest, then the largest.
        source.sort_by_key(|file| {
            (risks(file).first().copied().is_none(), risks(file), u64::MAX - file.added - file.deleted)
        });
        Self {
            run_id: work.record.run_id.to_string(),
            file_count: source.len(),
            total_added: source.iter().map(|file| file.added).sum(),
            total_deleted: source.iter().map(|file| file.deleted).sum(),
            needs_tests: !source.is_empty() && (lines > NEEDS_TESTS || !risk.is_empty()),
            risks: risk,
            truncated: source.len() > most,
            files: source.into_iter().take(most).map(Changed::of).collect(),
            agent_artifact_changes: changes.files.iter().filter(|file| file.artifact).count(),
            outside_workspace_changes: changes.outside.len(),
            commits: commits(work, most),
            refs: refs(work, most),
            not_looked_at: changes.incomplete.clone(),
        }
    }
}

fn commits(work: &Work, most: usize) -> Vec<String> {
    let all = work.changes.repos.iter().flat_map(|repo| &repo.commits);
    let short = |id: &str| id.get(..10).unwrap_or(id).to_owned();
    all.take(most).map(|commit| format!("{} {}", short(&commit.id), commit.subject)).collect()
}

fn refs(work: &Work, most: usize) -> Vec<String> {
    let all = work.changes.repos.iter().flat_map(|repo| &repo.refs);
    let shown = |at: &Option<String>| at.clone().unwrap_or_else(|| "nothing".into());
    all.take(most).map(|r| format!("{}: {} -> {}", r.name, shown(&r.before), shown(&r.after))).collect()
}

impl Changed {
    fn of(file: &FileChange) -> Self {
        Self {
            path: file.path.clone(),
            change: file.change,
            added: file.added,
            deleted: file.deleted,
            risk: risks(file),
            renamed_from: file.renamed_from.clone(),
        }
    }
}

impl Output for DiffSummed {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "run {}: {} files, +{} -{}",
            self.run_id, self.file_count, self.total_added, self.total_deleted
        )];
        for file in &self.files {
            let risk: Vec<String> = file.risk.iter().map(|risk| format!("{risk:?}").to_lowercase()).collect();
            let risk = if risk.is_empty() { String::new() } else { format!("  [{}]", risk.join(", ")) };
            let change = format!("{:?}", file.change).to_lowercase();
            lines.push(format!("- {} ({change}) +{} -{}{risk}", file.path, file.added, file.deleted));
        }
        lines.extend(self.commits.iter().map(|commit| format!("commit {commit}")));
        lines.extend(self.refs.iter().map(|moved| format!("ref {moved}")));
        lines.extend(self.not_looked_at.iter().map(|sentence| format!("not looked at: {sentence}")));
        lines.join("\n")
    }
}
