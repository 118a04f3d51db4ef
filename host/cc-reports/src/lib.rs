//! Records in, Markdown out. Pure: nothing is read, nothing is written.
#![forbid(unsafe_code)]

mod claude_md;
mod section;
mod table;
mod trace;
mod verification;
mod watch;

pub use claude_md::claude_md;
pub use section::{SectionError, find_section, only_section, with_section};
pub use table::Table;
pub use trace::trace;
pub use verification::verification;
pub use watch::{checkpoint, decision, tool_timeline};
