//! Whether anybody still answers for a run.

use cc_domain::{RunRecord, RunStatus};

use crate::{FileLock, Result, RunDir};

/// A launcher or a supervisor holds its lock on the run.
///
/// The launch lock is looked at first: it is let go only after the supervisor's lock has been taken, so
/// a run that is being handed over is never seen without a holder.
pub(crate) fn is_attended(dir: &RunDir) -> Result<bool> {
    Ok(FileLock::is_held(&dir.launch_lock())? || FileLock::is_held(&dir.supervisor_lock())?)
}

/// What an abandoned run's record says from now on.
pub(crate) fn as_lost(mut record: RunRecord, now: &str) -> RunRecord {
    record.error.get_or_insert_with(|| match record.status {
        RunStatus::Starting => "the run was abandoned before its supervisor took over".into(),
        _ => "the supervisor died before it could say how the run ended".into(),
    });
    record.status = RunStatus::Lost;
    record.finished_at = Some(now.into());
    record
}
