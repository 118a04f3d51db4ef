//! Waiting for a benchmark, without owning it.

use std::{path::PathBuf, time::Duration};

use cc_domain::{BenchmarkId, ResultState};
use cc_store::FileLock;
use tokio::time::Instant;

use crate::{Context, OpError, Progress};

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Held by the process that executes the benchmark.
pub(super) fn lock(cx: &Context, id: &BenchmarkId) -> PathBuf {
    cx.setup().home.benchmarks().join(format!("{id}.lock"))
}

/// Until nobody executes it any more, or `patience` runs out. A process that ends with this call waits to the end:
/// nobody would go on.
pub(super) async fn wait(
    cx: &Context,
    id: &BenchmarkId,
    runs: usize,
    patience: Duration,
) -> Result<(), OpError> {
    let begun = Instant::now();
    loop {
        let (lock, elapsed, id) = (lock(cx, id), begun.elapsed(), id.clone());
        let held = cx.blocking(move |cx| {
            tell(cx, &id, runs, elapsed)?;
            Ok(FileLock::is_held(&lock)?)
        });
        if !held.await? || (cx.serves() && begun.elapsed() >= patience) {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Tells who watches the wait.
fn tell(cx: &Context, id: &BenchmarkId, runs: usize, elapsed: Duration) -> Result<(), OpError> {
    let Some(sink) = cx.progress() else { return Ok(()) };
    let results = cx.store()?.benchmark_results(id)?;
    let under_way = results.iter().filter(|result| result.state == ResultState::Running).count();
    let ended = results.len() - under_way;
    sink(Progress {
        run_id: id.to_string(),
        elapsed,
        events: ended as u64,
        doing: format!("{ended} of {runs} runs ended, {under_way} under way"),
    });
    Ok(())
}
