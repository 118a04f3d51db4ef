//! The project a run works in: where it is, and what of it is ours.
#![forbid(unsafe_code)]
