//! What is left of runs that were found lost.

use cc_domain::RunId;
use cc_store::Store;

use crate::{
    WorkerError,
    environment::RUN_ID,
    os, private,
    tree::{end_all, names},
};

/// What was done for one lost run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// The run.
    pub run_id: RunId,
    /// Processes that could not be ended, for people; empty when all is well. Tried again next time.
    pub survivors: String,
}

/// Ends the processes of lost runs and removes their private files. To be called by whoever has read runs:
/// a guard has normally done it already, and then this finds nothing.
///
/// # Errors
/// When the store refuses.
pub fn end_leftovers(store: &Store) -> Result<Vec<Cleared>, WorkerError> {
    let lost = store.runs_with_leftovers()?;
    lost.into_iter().map(|run| clear(store, run)).collect()
}

/// Processes of a run that are still there, for people; where the system can tell.
#[must_use]
pub fn survivors(run: &RunId) -> Vec<String> {
    os::marked(RUN_ID, run.as_str()).iter().map(|p| format!("{} ({})", p.pid, p.name)).collect()
}

fn clear(store: &Store, run_id: RunId) -> Result<Cleared, WorkerError> {
    let survivors = end_all(|| os::marked(RUN_ID, run_id.as_str()));
    let files = private::remove_all_of(&run_id);
    if survivors.is_empty() && files.is_empty() {
        store.leftovers_ended(&run_id)?;
    }
    Ok(Cleared { run_id, survivors: names(&survivors) })
}
