//! Records in, Markdown out. Pure: nothing is read, nothing is written.
#![forbid(unsafe_code)]

mod table;
mod trace;

pub use table::Table;
pub use trace::trace;
