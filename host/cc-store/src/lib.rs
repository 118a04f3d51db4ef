//! Run folders and `state.db`; the only crate that writes state.
//!
//! A run is a folder, whose one writer is its supervisor, and a row in `state.db`, which is what lists
//! and filters are made from. Many servers, commands and supervisors work on one home at once: files are
//! replaced whole, event lines are appended whole, and everything shared goes through SQLite.
#![forbid(unsafe_code)]

mod benchmarks;
mod db;
mod decisions;
mod error;
mod events;
mod files;
mod grades;
mod history;
mod home;
mod ledger;
mod liveness;
mod lock;
mod os;
mod overview;
mod plugin_failures;
mod predecessor;
mod queue;
mod run_dir;
mod runs;
pub mod schema;
mod store;
mod typical;
mod usage;
mod writer;

pub use benchmarks::Benchmark;
pub use decisions::Decision;
pub use error::StoreError;
pub use events::{EventPage, MAX_EVENT_LINE, read_events};
pub use files::{create_private_dir, persist, read_bounded, write_atomic};
pub use history::HistoryLine;
pub use home::Home;
pub use ledger::{LedgerLine, day_end, today};
pub use lock::FileLock;
pub use overview::{Names, RunSums};
pub use plugin_failures::PluginFailures;
pub use queue::{
    AttemptOfRun, Cancelled, Chore, Claim, Failure, Job, JobEvent, Limits, NewJob, Overview, Submitted,
};
pub use run_dir::{CreatedRun, RunDir, create_artifact_dir};
pub use runs::{RunFilter, RunSummary};
pub use store::{Store, Terms};
pub use typical::Typical;
pub use usage::{UsageBy, UsageSum};
pub use writer::{LogFile, RunLock, RunWriter};

/// What every fallible call of this crate gives.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
