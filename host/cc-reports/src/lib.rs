//! Records in, Markdown and HTML out. Pure: nothing is read, nothing is written.
#![forbid(unsafe_code)]

mod claude_md;
pub mod dashboard;
mod export;
mod page;
mod plain;
mod section;
mod strategy;
mod table;
mod trace;
mod usage;
mod verification;
mod watch;

pub use claude_md::claude_md;
pub use export::{DayReport, DayRun, RunReport, TeamReport};
pub use page::Page;
pub use plain::plain;
pub use section::{SectionError, find_section, only_section, with_section};
pub use strategy::{Assignment, Rated, strategy};
pub use table::Table;
pub use trace::trace;
pub use usage::usage;
pub use verification::verification;
pub use watch::{checkpoint, decision, tool_timeline};
