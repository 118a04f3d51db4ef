//! Default run-reviewer plugin.
#![forbid(unsafe_code)]
