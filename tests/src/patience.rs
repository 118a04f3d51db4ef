//! Waiting for conditions.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a condition may take before a test gives up: far above anything measured, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Looks until there is something, and gives it.
///
/// # Panics
/// When there is nothing for [`PATIENCE`].
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not happen within {PATIENCE:?}");
        thread::sleep(Duration::from_millis(20));
    }
}
