//! Builds a Claude Code command, supervises the process, reads its stream.
//!
//! A run is three processes of ours and the worker: whoever calls [`launch`] starts a detached
//! [`supervise`], which starts a [`guard`], which starts the worker. The supervisor reads the worker's
//! stream and is the run's one writer. The guard does nothing but wait, so that the worker's whole tree
//! ends with the run even when the supervisor is killed.
// Not `forbid`: `os/pages.rs` says why it needs some.
#![deny(unsafe_code)]

mod check;
mod claude;
mod command;
mod control;
mod demo;
mod environment;
mod error;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod guard;
mod launch;
mod leftovers;
mod lines;
mod narrator;
mod os;
mod private;
mod protocol;
mod sandbox;
mod scope_hook;
mod stream;
mod supervise;
mod tree;

pub use check::{Checked, check};
pub use claude::{ClaudeBinary, FoundBy, find_claude, find_program, version, version_within};
pub use command::{PermissionMode, WorkerCommand, WorkerRequest, build, new_session_id, sha256_hex};
pub use control::{ControlReply, ControlRequest, control};
pub use demo::{demo_cost, demo_worker};
pub use environment::{Environment, RUN_ID, environment};
pub use error::WorkerError;
pub use guard::guard;
pub use launch::{Alternative, Isolated, LaunchSpec, Launched, Patience, ProjectWatch, Tell, launch};
pub use leftovers::{Cleared, end_leftovers, survivors};
pub use private::{PrivateFile, PrivatePaths, private_paths};
pub use sandbox::Sandbox;
pub use scope_hook::{scope_hook, scope_hook_settings, scope_rules};
pub use stream::{Observed, StreamFacts};
pub use supervise::{Judging, LimitsFile, Telling, supervise};
