//! Real supervisors, guards and workers, and what is left when they are killed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod ending;
mod steering;
mod world;
