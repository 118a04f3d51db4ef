//! Test commands, where the run worked or in a fresh copy of what it left.

use std::{path::PathBuf, time::Duration};

use cc_domain::TestRun;
use cc_secrets::Redactor;
use cc_workers::Checked;

use super::Seen;
use crate::{Context, ErrorKind, OpError, accept};

/// Characters of a test's output in a reply.
const TAIL: usize = 1_500;

/// The test commands of a call, and where they run.
pub(crate) struct Tests {
    pub(crate) commands: Vec<String>,
    pub(crate) clean: bool,
    pub(crate) limit: Duration,
}

/// How they went.
pub(crate) struct Tested {
    pub(crate) runs: Vec<TestRun>,
    pub(crate) clean: bool,
}

impl Tests {
    pub(crate) async fn run(self, cx: &Context, seen: Seen) -> Result<(Seen, Tested), OpError> {
        let clean = self.clean && !self.commands.is_empty();
        let (seen, copy) = if clean { fresh(cx, seen).await? } else { (seen, None) };
        let cwd = copy.as_ref().map_or_else(|| seen.run.record.cwd.clone(), |copy| copy.cwd.clone());
        let mut runs = Vec::new();
        for command in &self.commands {
            let checked = cc_workers::check(command, &cwd, self.limit).await;
            runs.push((command.clone(), checked));
            if matches!(runs.last(), Some((_, Err(_)))) {
                break;
            }
        }
        let root = seen.run.record.workspace_root.clone();
        let cleaned = cx.blocking(move |cx| {
            let removed = copy.map_or(Ok(()), Copy::remove);
            let clean_text = accept::cleaner(cx, &root)?;
            let runs = runs.into_iter().map(|(command, checked)| Ok(told(command, checked?, &clean_text)));
            let runs = runs.collect::<Result<Vec<_>, OpError>>()?;
            removed.map(|()| runs)
        });
        let runs = cleaned.await?;
        Ok((seen, Tested { runs, clean }))
    }
}

fn told(command: String, checked: Checked, clean: &Redactor) -> TestRun {
    let tail = |text: &str| {
        let text = clean.redact(text);
        let skip = text.chars().count().saturating_sub(TAIL);
        text.chars().skip(skip).collect()
    };
    TestRun {
        ok: checked.exit_code == 0 && !checked.timed_out,
        exit_code: checked.exit_code,
        timed_out: checked.timed_out,
        duration_ms: u64::try_from(checked.duration.as_millis()).unwrap_or(u64::MAX),
        stdout_tail: tail(&checked.stdout),
        stderr_tail: tail(&checked.stderr),
        command,
    }
}

/// What the run left, in a folder of its own.
struct Copy {
    repo: cc_repo::Repo,
    folder: PathBuf,
    /// The run's folder in it.
    cwd: PathBuf,
    /// Around it; goes with it.
    _around: tempfile::TempDir,
}

async fn fresh(cx: &Context, seen: Seen) -> Result<(Seen, Option<Copy>), OpError> {
    cx.blocking(move |_| {
        let work = seen.work.as_ref().ok_or_else(|| {
            OpError::invalid("'clean' needs what a run left, and this one did not write", "leave 'clean' out")
        })?;
        let failed = |error: std::io::Error| {
            OpError::new(
                ErrorKind::Unavailable,
                format!("no temporary folder: {error}"),
                "make room and call again",
            )
        };
        let around = tempfile::Builder::new().prefix("cc-verify-").tempdir().map_err(failed)?;
        let folder = around.path().join("tree");
        work.repo.isolate(&work.after, &folder, &around.path().join("state"))?;
        let below = work.record.cwd.strip_prefix(work.repo.root()).unwrap_or(&PathBuf::new()).to_owned();
        let copy = Copy { repo: work.repo.clone(), cwd: folder.join(below), folder, _around: around };
        Ok((seen, Some(copy)))
    })
    .await
}

impl Copy {
    fn remove(self) -> Result<(), OpError> {
        Ok(self.repo.remove_isolated(&self.folder)?)
    }
}
