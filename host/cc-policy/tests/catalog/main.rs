//! The catalog and the policy, with real components in real folders.
#![forbid(unsafe_code)]

mod bundled;
mod changes;
#[path = "../hostile/component.rs"]
mod component;
mod kit;
mod layers;
mod packages;
mod prompts;
mod secrets;
mod trust;
