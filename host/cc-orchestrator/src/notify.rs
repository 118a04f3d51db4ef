//! The entry of the process that tells others of a run: what to tell comes on stdin.

use std::{
    io::{self, Read as _},
    process::ExitCode,
};

use cc_store::Home;
use cc_workers::Telling;

use crate::log;

/// Longest word of a run, bytes.
const MOST: u64 = 1 << 20;

/// Tells, and writes into the log what could not be told.
pub(crate) fn notify() -> ExitCode {
    let mut bytes = Vec::new();
    let read = io::stdin().take(MOST).read_to_end(&mut bytes).ok();
    let Some(telling) = read.and_then(|_| serde_json::from_slice::<Telling>(&bytes).ok()) else {
        return ExitCode::FAILURE;
    };
    log::start(&Home::at(&telling.home).logs());
    let untold = cc_notify::tell(&telling);
    for error in &untold {
        tracing::warn!("run {}: {error}", telling.run_id);
    }
    if untold.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
