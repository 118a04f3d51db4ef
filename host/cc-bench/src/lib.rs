//! Benchmark suites: tasks with checked answers, read, laid out and judged.
//!
//! A suite is a folder of data: `suite.toml`, and in `tasks/<id>/` a `task.toml`, the files a worker gets (`repo/`),
//! what only the judge sees (`hidden/`) and a reference solution (`solution/`). Whoever starts the workers is elsewhere:
//! here are no processes and no clock.
#![forbid(unsafe_code)]

mod builtin;
mod check;
mod error;
mod files;
mod judge;
mod prepare;
mod suite;
mod values;

pub use builtin::core;
pub use check::Command;
pub use error::SuiteError;
pub use files::Files;
pub use judge::{Judged, Left, Ran};
pub use prepare::Prepared;
pub use suite::{Suite, SuiteId, Task, TokenEstimate, free_task};
