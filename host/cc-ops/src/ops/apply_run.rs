//! `cc_apply_run`.

use cc_domain::{Remark, Rollback, RunId};
use cc_repo::Repo;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rollback_run::bound;
use crate::{Context, Effect, OpError, Operation, Output, accept::Work};

/// Apply an isolated run: merge what a worker did in its copy into the project, or discard the copy. Without confirm it
/// only shows what it would do. Refused where the project changed in the same files since. Then roll back works as ever.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyRun {
    run_id: RunId,
    /// Do it.
    #[arg(long)]
    #[serde(default)]
    confirm: bool,
    /// Throw the copy away instead.
    #[arg(long)]
    #[serde(default)]
    discard: bool,
}

/// What was done, or would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Applied {
    run_id: String,
    done: bool,
    requires_confirm: bool,
    /// The project changed there since; while there are any, nothing is done.
    #[schemars(with = "Vec<serde_json::Value>")]
    conflicts: Vec<Remark>,
    #[schemars(with = "serde_json::Value")]
    plan: Rollback,
    message: String,
}

impl Operation for ApplyRun {
    const NAME: &'static str = "cc_apply_run";
    const TITLE: &'static str = "Apply an isolated run's work to the project, or discard it";
    const EFFECT: Effect = Effect { read_only: false, destructive: true, open_world: false };
    type Output = Applied;

    async fn run(self, cx: Context) -> Result<Applied, OpError> {
        cx.blocking(move |cx| self.go(cx)).await
    }
}

impl ApplyRun {
    /// Throws an isolated run's copy away.
    pub(crate) fn discarding(run_id: RunId) -> Self {
        Self { run_id, confirm: true, discard: true }
    }

    pub(crate) fn go(self, cx: &Context) -> Result<Applied, OpError> {
        let work = Work::of(cx, &self.run_id)?.ended()?;
        let Some(copy) = work.work.isolated.clone() else {
            let message = format!("run {} worked in the project itself", self.run_id);
            return Err(OpError::invalid(message, "its changes are there; cc_rollback_run takes them back"));
        };
        let root = &work.record.workspace_root;
        let project = Repo::open(root, &cx.setup().home.project(root))?;
        if self.discard {
            return self.throw_away(cx, &work, &project, &copy);
        }
        let applied = project.apply_back(&self.run_id, &work.before, &work.after, self.confirm)?;
        if let Some((was, is)) = &applied.between {
            // From now on the run's work is in the project, and every operation finds it there.
            let mut record = work.record.clone();
            record.cwd = root.join(record.cwd.strip_prefix(&copy).unwrap_or(std::path::Path::new("")));
            if let Some(work) = &mut record.work {
                work.isolated = None;
                (work.before, work.after) = (Some(was.id().to_owned()), Some(is.id().to_owned()));
            }
            cx.store()?.update_run(&record)?;
            project.remove_isolated(&copy)?;
        }
        Ok(self.told(applied.what))
    }

    fn throw_away(
        &self,
        cx: &Context,
        work: &Work,
        project: &Repo,
        copy: &std::path::Path,
    ) -> Result<Applied, OpError> {
        let plan =
            Rollback { done: self.confirm, removed: vec![copy.display().to_string()], ..Rollback::default() };
        if self.confirm {
            let mut record = work.record.clone();
            if let Some(work) = &mut record.work {
                (work.isolated, work.before, work.after) = (None, None, None);
                work.error = Some("its copy of the project was thrown away".to_owned());
            }
            cx.store()?.update_run(&record)?;
            project.remove_isolated(copy)?;
        }
        Ok(self.told(plan))
    }

    fn told(&self, mut plan: Rollback) -> Applied {
        let conflicts = std::mem::take(&mut plan.conflicts);
        bound(&mut plan);
        Applied {
            run_id: self.run_id.to_string(),
            done: plan.done,
            requires_confirm: !plan.done && conflicts.is_empty(),
            message: message(&plan, &conflicts, self.discard).to_owned(),
            conflicts,
            plan,
        }
    }
}

fn message(plan: &Rollback, conflicts: &[Remark], discard: bool) -> &'static str {
    match (plan.done, discard) {
        (true, true) => "the copy is gone",
        (true, false) => {
            "the run's files are in the project, its commits are not; cc_rollback_run takes them back"
        }
        _ if !conflicts.is_empty() => {
            "the project changed in the same files since: settle them there, or discard the copy"
        }
        (false, true) => "nothing was done yet; with confirm the copy is thrown away",
        (false, false) => "nothing was done yet; with confirm the run's files are brought into the project",
    }
}

impl Output for Applied {
    fn text(&self) -> String {
        let mut lines = vec![format!("run {}: {}", self.run_id, self.message)];
        lines.extend(self.plan.restored.iter().map(|path| format!("- written: {path}")));
        lines.extend(self.plan.removed.iter().map(|path| format!("- removed: {path}")));
        lines.extend(self.conflicts.iter().map(|c| format!("- conflict: {} ({})", c.what, c.why)));
        lines.join("\n")
    }

    fn succeeded(&self) -> bool {
        self.conflicts.is_empty()
    }
}
