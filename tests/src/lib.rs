//! What the end-to-end tests stand on: the real binary, hermetic homes, a raw MCP client, a scripted worker.
//!
//! Tests see the product from outside only. One program (`queue_player`) and the queue's figures use the product's store
//! directly: ten thousand real workers would prove no more. Deadlines here are safety
//! nets: a test waits for a condition and never for a time.
#![forbid(unsafe_code)]
// Failing loudly is what test support is for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod binary;
mod ccswitch;
pub mod flood;
mod leaks;
mod listener;
mod mcp;
mod past;
mod patience;
pub mod plugin;
#[cfg(target_os = "linux")]
pub mod processes;
pub mod registry;
mod sandbox;
pub mod script;
pub mod shape;
#[cfg(target_os = "linux")]
mod terminal;

pub use binary::{fake_worker, product, queue_player, repository};
pub use ccswitch::Profile;
pub use leaks::Leaks;
pub use listener::{Listener, Posted};
pub use mcp::{McpClient, ToolResult};
pub use past::{Past, PastRun};
pub use patience::{PATIENCE, eventually};
pub use sandbox::{Finished, Sandbox};
#[cfg(target_os = "linux")]
pub use terminal::Terminal;
