//! `cc_rollback_run`.

use cc_domain::{Remark, Rollback, RunId};
use cc_repo::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, accept::Work};

/// Things of each kind that a reply names.
const MOST: usize = 40;

/// Roll back, undo or revert what a run changed: edits, new and deleted files, modes, commits; nothing else. Without
/// confirm it only shows what it would do. Refused where somebody changed the same since. undo takes a rollback back.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollbackRun {
    run_id: RunId,
    /// Do it.
    #[arg(long)]
    #[serde(default)]
    confirm: bool,
    /// Take the rollback of this run back.
    #[arg(long)]
    #[serde(default)]
    undo: bool,
}

/// What was done, or would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RolledBack {
    run_id: String,
    done: bool,
    requires_confirm: bool,
    /// Somebody changed these since; while there are any, nothing is done.
    #[schemars(with = "Vec<serde_json::Value>")]
    conflicts: Vec<Remark>,
    #[schemars(with = "serde_json::Value")]
    plan: Rollback,
    message: String,
}

impl Operation for RollbackRun {
    const NAME: &'static str = "cc_rollback_run";
    const TITLE: &'static str = "Roll back a run: undo its file changes and commits";
    const EFFECT: Effect = Effect { read_only: false, destructive: true, open_world: false };
    type Output = RolledBack;

    async fn run(self, cx: Context) -> Result<RolledBack, OpError> {
        cx.blocking(move |cx| self.go(cx)).await
    }
}

impl RollbackRun {
    /// Takes a run's work back.
    pub(crate) fn of(run_id: RunId) -> Self {
        Self { run_id, confirm: true, undo: false }
    }

    pub(crate) fn go(self, cx: &Context) -> Result<RolledBack, OpError> {
        let work = Work::of(cx, &self.run_id)?.ended()?;
        let run = &self.run_id;
        let before_rollback = work.repo.find(run, Moment::RolledBack).is_ok();
        let mut plan = if self.undo {
            work.repo.undo_rollback(run, &work.before, &work.after, self.confirm)?
        } else {
            work.repo.rollback(run, &work.before, &work.after, self.confirm)?
        };
        let conflicts = std::mem::take(&mut plan.conflicts);
        let message = message(&plan, &conflicts, self.undo, before_rollback, run.as_str());
        bound(&mut plan);
        Ok(RolledBack {
            run_id: run.to_string(),
            done: plan.done,
            requires_confirm: !plan.done && conflicts.is_empty(),
            conflicts,
            plan,
            message,
        })
    }
}

fn message(plan: &Rollback, conflicts: &[Remark], undo: bool, rolled_back: bool, run: &str) -> String {
    let what = if undo { "the rollback is taken back" } else { "what the run changed is taken back" };
    if plan.done {
        let other = if undo { "cc_rollback_run" } else { "cc_rollback_run with undo and confirm" };
        return format!("{what}; {other} for {run} goes the other way");
    }
    if !conflicts.is_empty() {
        return "somebody changed the same since: keep what is wanted of the named things, put them back as the run \
                left them, and call again"
            .into();
    }
    if rolled_back && !undo {
        return "this run was rolled back before; undo takes that back".into();
    }
    format!("nothing was done yet; with confirm {what}")
}

/// The numbers stay true: what is left out is said to be.
pub(super) fn bound(plan: &mut Rollback) {
    let lists = [
        &mut plan.restored,
        &mut plan.removed,
        &mut plan.set_aside,
        &mut plan.brought_back,
        &mut plan.modes,
        &mut plan.git_files,
        &mut plan.indexes,
    ];
    for list in lists {
        let more = list.len().saturating_sub(MOST);
        if more > 0 {
            list.truncate(MOST);
            list.push(format!("and {more} more"));
        }
    }
}

impl Output for RolledBack {
    fn text(&self) -> String {
        let mut lines = vec![format!("run {}: {}", self.run_id, self.message)];
        let plan = &self.plan;
        for (what, list) in [
            ("restored", &plan.restored),
            ("removed", &plan.removed),
            ("moved aside", &plan.set_aside),
            ("brought back", &plan.brought_back),
            ("permissions", &plan.modes),
            ("git files", &plan.git_files),
            ("index of", &plan.indexes),
        ] {
            lines.extend(list.iter().map(|path| format!("- {what}: {path}")));
        }
        lines.extend(plan.refs.iter().map(|r| format!("- ref {}", r.name)));
        lines.extend(plan.left.iter().map(|left| format!("- stays: {} ({})", left.what, left.why)));
        lines.extend(self.conflicts.iter().map(|c| format!("- conflict: {} ({})", c.what, c.why)));
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        self.conflicts.is_empty()
    }
}
