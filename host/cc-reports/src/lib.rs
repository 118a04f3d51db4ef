//! Records in, Markdown out. Pure.
#![forbid(unsafe_code)]
