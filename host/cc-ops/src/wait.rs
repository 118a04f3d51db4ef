//! Waiting for a run, without owning it.

use std::time::Duration;

use cc_domain::{RunId, RunRecord, RunStatus};
use cc_store::Store;

use crate::{
    Context, OpError,
    watch::{self, Awaited, WaitFor},
};

/// The run's record once it has ended, or as it is when `patience` runs out. Dropping the wait ends nothing.
pub(crate) async fn for_end(cx: &Context, id: &RunId, patience: Duration) -> Result<RunRecord, OpError> {
    let awaited = Awaited { id: id.clone(), from: None };
    watch::for_change(cx, vec![awaited], WaitFor::End, patience).await?;
    let id = id.clone();
    cx.blocking(move |cx| read(&*cx.store()?, &id)).await
}

/// Whether a run has ended and all that hangs on it knows. Processes of a lost one are ended here.
pub(crate) fn has_ended(store: &Store, id: &RunId) -> Result<bool, OpError> {
    Ok(!read(store, id)?.status.is_active() && store.has_settled(id)?)
}

/// Reads a run. Processes of a run that is found lost are ended here: its supervisor cannot any more.
pub(crate) fn read(store: &Store, id: &RunId) -> Result<RunRecord, OpError> {
    let record = store.run(id)?;
    if record.status == RunStatus::Lost {
        cc_workers::end_leftovers(store)?;
    }
    Ok(record)
}
