//! `cc_check_write_scope`.

use cc_domain::{Prevention, RunId, ScopeRule, ScopeState, ScopeVerdict, Violation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, accept::Work, scope::ScopeFile};

/// Violations and paths that a reply names.
const MOST: usize = 40;

/// Check whether a run kept to its write scope: files outside, denied paths, commits, git hooks, links, too many lines,
/// each with the reason. Compares the project before and after the run; what was dirty before is not its doing.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckWriteScope {
    /// Default: the newest run there that may write.
    #[serde(default)]
    run_id: Option<RunId>,
    #[arg(long)]
    cwd: Option<String>,
}

/// How a run kept to its scope.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScopeChecked {
    pub(crate) run_id: String,
    pub(crate) status: ScopeState,
    pub(crate) violation_count: usize,
    #[schemars(with = "Vec<serde_json::Value>")]
    pub(crate) violations: Vec<Broken>,
    #[schemars(skip)]
    changed_paths: Vec<String>,
    #[schemars(skip)]
    changed_count: usize,
    #[schemars(skip)]
    diff_lines: u64,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_diff_lines: Option<u64>,
    #[schemars(skip)]
    diff_source: &'static str,
    /// What kept the worker to it while it ran; empty: nothing did.
    #[schemars(with = "Vec<String>")]
    prevention: Vec<Prevention>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_looked_at: Vec<String>,
    #[schemars(skip)]
    next_step: String,
}

/// One breach, with the predecessor's name for it.
#[derive(Debug, Serialize)]
pub(crate) struct Broken {
    pub(crate) path: String,
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) message: String,
}

impl Operation for CheckWriteScope {
    const NAME: &'static str = "cc_check_write_scope";
    const TITLE: &'static str = "Check the write scope: did a run change files outside of it";
    const EFFECT: Effect = Effect::READS;
    type Output = ScopeChecked;

    async fn run(self, cx: Context) -> Result<ScopeChecked, OpError> {
        cx.blocking(move |cx| {
            let work = Work::find(cx, self.run_id.as_ref(), self.cwd.as_deref())?;
            ScopeChecked::of(cx, &work)
        })
        .await
    }
}

impl ScopeChecked {
    /// By the scope the run was started with; by the project's present one when it had none.
    pub(crate) fn of(cx: &Context, work: &Work) -> Result<Self, OpError> {
        let scope = match &work.work.scope {
            Some(scope) => Some(scope.clone()),
            None => {
                let project = cx.project(work.record.cwd.to_str())?;
                ScopeFile::find(&project)?.map(|(_, file)| file.scope(&project))
            }
        };
        let verdict = scope.as_ref().map(cc_repo::Scope::new).transpose()?.map(|s| s.check(&work.changes));
        let limit = scope.and_then(|scope| scope.max_changed_lines);
        Ok(Self::judged(work, verdict, limit))
    }

    fn judged(work: &Work, verdict: Option<ScopeVerdict>, max_diff_lines: Option<u64>) -> Self {
        let status = match &verdict {
            None => ScopeState::NoScope,
            Some(verdict) if verdict.holds() => ScopeState::Passed,
            Some(_) => ScopeState::Blocked,
        };
        let violations = verdict.map(|verdict| verdict.violations).unwrap_or_default();
        let source = work.changes.files.iter().filter(|file| !file.artifact);
        let run_id = work.record.run_id.to_string();
        Self {
            next_step: next_step(status, &run_id),
            run_id,
            status,
            violation_count: violations.len(),
            violations: violations.into_iter().take(MOST).map(Broken::of).collect(),
            changed_count: source.clone().count(),
            changed_paths: source.take(MOST).map(|file| file.path.clone()).collect(),
            diff_lines: work.changes.lines(),
            max_diff_lines,
            diff_source: work.source,
            prevention: work.work.prevention.clone(),
            not_looked_at: work.changes.incomplete.clone(),
        }
    }
}

fn next_step(status: ScopeState, run_id: &str) -> String {
    match status {
        ScopeState::NoScope => {
            "cc_preflight_write_scope sets a scope for the next run; cc_git_diff shows this one".into()
        }
        ScopeState::Passed => format!("cc_verify_run with run_id {run_id}"),
        ScopeState::Blocked | ScopeState::Unknown => {
            format!("cc_rollback_run with run_id {run_id} shows what taking it back would do")
        }
    }
}

impl Broken {
    fn of(violation: Violation) -> Self {
        let kind = match violation.rule {
            ScopeRule::Denied => "denied_path",
            ScopeRule::NotAllowed => "outside_allowed_paths",
            ScopeRule::OutsideProject => "outside_workspace",
            ScopeRule::GitFolder => "git_folder",
            ScopeRule::TooManyLines => "max_diff_lines",
            ScopeRule::Unknown => "unknown",
        };
        Self { path: violation.path, kind, message: violation.reason }
    }
}

impl Output for ScopeChecked {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "run {}: scope {}, {} files, {} lines",
            self.run_id,
            self.status.as_str(),
            self.changed_count,
            self.diff_lines
        )];
        lines.extend(self.violations.iter().map(|v| format!("- {}: {} ({})", v.path, v.message, v.kind)));
        if self.violations.len() < self.violation_count {
            lines.push(format!("- and {} more", self.violation_count - self.violations.len()));
        }
        lines.extend(self.not_looked_at.iter().map(|sentence| format!("not looked at: {sentence}")));
        lines.push(format!("next: {}", self.next_step));
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        !matches!(self.status, ScopeState::Blocked | ScopeState::Unknown)
    }
}
