//! The catalog and the policy, with real components in real folders.
#![forbid(unsafe_code)]
// Helpers of tests may fail like tests do; clippy knows only test functions.
#![allow(clippy::expect_used)]

mod bundled;
mod changes;
#[path = "../hostile/component.rs"]
mod component;
mod fixtures;
mod keys;
mod kit;
mod layers;
mod mutations;
mod packages;
mod prompts;
mod secrets;
mod trust;
