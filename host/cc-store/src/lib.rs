//! Run folders and state.db; the only crate that writes state.
#![forbid(unsafe_code)]
