//! The binary as a library, so that the end-to-end tests can build the very same program: MCP server, command
//! line, supervisor entry. Wiring only.
#![forbid(unsafe_code)]

mod cli;
mod dashboard;
mod log;
mod mcp;
mod notify;
mod setup;
mod tui;

use std::process::ExitCode;

use cc_policy::{OVERRIDES, Overrides};
use cc_workers::LimitsFile;

/// A supervisor reads the user's limits, and nothing else that policy knows.
const LIMITS: LimitsFile = LimitsFile {
    name: OVERRIDES,
    parse: |text| {
        Overrides::parse(OVERRIDES, text).map(|read| read.cost_guard).map_err(|error| error.to_string())
    },
};

/// The whole program: everything it does begins here.
#[must_use]
pub fn main() -> ExitCode {
    // The processes round a worker come first: they stay small by never building the command line.
    match std::env::args().nth(1).as_deref() {
        Some("supervise") => cc_workers::supervise(LIMITS),
        Some("guard") => cc_workers::guard(std::env::args_os().skip(2)),
        Some("scope-hook") => cc_workers::scope_hook(std::env::args_os().skip(2)),
        Some("judge-secrets") => cli::judge_secrets(),
        Some("notify") => notify::notify(),
        Some("demo-worker") => cc_workers::demo_worker(std::env::args_os().skip(2)),
        _ => cli::main(),
    }
}

/// Writes down what this version leaves in the home. What was asked for is done by then, and the next command or call
/// writes it, too: a failure is only logged.
fn note_version(cx: &cc_ops::Context) {
    if let Err(error) = cc_ops::note_version(cx) {
        tracing::warn!("what this version leaves in the home was not written down: {error}");
    }
}
