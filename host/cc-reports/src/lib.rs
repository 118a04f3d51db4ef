//! Records in, Markdown and HTML out. Pure: nothing is read, nothing is written.
#![forbid(unsafe_code)]

pub mod dashboard;
mod table;
mod trace;
mod usage;
mod verification;
mod watch;

pub use table::Table;
pub use trace::trace;
pub use usage::usage;
pub use verification::verification;
pub use watch::{checkpoint, decision, tool_timeline};
