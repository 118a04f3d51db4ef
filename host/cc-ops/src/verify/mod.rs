//! Whether a run's work can be accepted.

pub(crate) mod gates;
pub(crate) mod tests;

use cc_domain::RunId;

use crate::{
    Context, ErrorKind, OpError,
    accept::Work,
    ops::{check_write_scope::ScopeChecked, secret_scan_run::SecretsFound},
    snapshot::Snapshot,
};

/// What there is to judge by, before any test.
pub(crate) struct Seen {
    pub(crate) run: Snapshot,
    /// Of a run that may write.
    pub(crate) work: Option<Work>,
    /// Why the project could not be looked at.
    pub(crate) unseen: Option<String>,
    pub(crate) scope: Option<ScopeChecked>,
    pub(crate) secrets: SecretsFound,
}

impl Seen {
    pub(crate) fn of(cx: &Context, id: &RunId) -> Result<Self, OpError> {
        let run = Snapshot::of(cx, id, 0)?;
        if run.active() {
            let message = format!("run {id} still runs");
            return Err(OpError::new(
                ErrorKind::Unavailable,
                message,
                "cc_run_status with wait_seconds waits for it",
            ));
        }
        let (work, unseen) = match run.record.work.is_some().then(|| Work::of(cx, id)) {
            None => (None, None),
            Some(Ok(work)) => (Some(work), None),
            Some(Err(error)) => (None, Some(error.message)),
        };
        let scope = work.as_ref().map(|work| ScopeChecked::of(cx, work)).transpose()?;
        let secrets = SecretsFound::of(cx, &run.record, work.as_ref())?;
        Ok(Self { run, work, unseen, scope, secrets })
    }
}
