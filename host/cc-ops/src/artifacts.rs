//! The files a controller finds in a run's folder: summary, flags, decision, timeline, checkpoints.

use std::path::PathBuf;

use cc_store::{FileLock, RunDir, create_private_dir, read_bounded, write_atomic};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ErrorKind, OpError, snapshot::Snapshot};

/// A further checkpoint is due after so many events, or so many seconds with at least one.
const EVENTS_APART: u64 = 10;
const SECONDS_APART: i64 = 30;
/// Texts in the files, characters.
const TEXT_CHARS: usize = 4_000;
/// Checkpoints the manifest lists, the newest.
const LISTED: usize = 500;

/// What was written.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Checkpoint {
    pub(crate) written: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latest: Option<PathBuf>,
    pub(crate) manifest_path: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    next_index: u32,
    last_event_count: u64,
    last_written_at: Option<String>,
    checkpoints: Vec<Listed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Listed {
    index: u32,
    path: PathBuf,
    event_count: u64,
    written_at: String,
}

/// Where the files are, by the predecessor's names.
pub(crate) fn paths(dir: &RunDir) -> Value {
    let file = |name: &str| dir.path().join(name);
    serde_json::json!({
        "progress_summary": file("progress_summary.json"),
        "risk_flags": file("risk_flags.json"),
        "latest_decision": file("latest_decision.md"),
        "tool_timeline": file("tool_timeline.md"),
    })
}

/// Writes the files when a checkpoint is due. Somebody who is writing them already writes the same.
pub(crate) fn write_if_due(run: &Snapshot) -> Result<Checkpoint, OpError> {
    let folder = run.dir.path().join("checkpoints");
    let manifest_path = folder.join("manifest.json");
    let lock = FileLock::try_acquire(&run.dir.path().join("artifacts.lock"))?;
    let mut manifest = read_manifest(&manifest_path);
    let due = lock.is_some() && manifest.is_due(run.progress.seq, run.now);
    if due {
        create_private_dir(&folder)?;
        let summary = run.summary(TEXT_CHARS);
        write_files(run, &summary)?;
        let at = manifest.add(&folder, run);
        write_atomic(&at, cc_reports::checkpoint(&summary, &run.review.flags).as_bytes())?;
        write_atomic(&manifest_path, &json(&manifest)?)?;
    }
    let latest = manifest.checkpoints.pop().map(|last| last.path);
    Ok(Checkpoint { written: due, latest, manifest_path })
}

fn write_files(run: &Snapshot, summary: &Value) -> Result<(), OpError> {
    let file = |name: &str| run.dir.path().join(name);
    write_atomic(&file("progress_summary.json"), &json(summary)?)?;
    write_atomic(&file("risk_flags.json"), &json(&run.risks())?)?;
    let decision = cc_reports::decision(summary, &run.review.flags);
    write_atomic(&file("latest_decision.md"), decision.as_bytes())?;
    write_atomic(&file("tool_timeline.md"), cc_reports::tool_timeline(&run.progress).as_bytes())?;
    Ok(())
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, OpError> {
    serde_json::to_vec_pretty(value)
        .map_err(|error| OpError::new(ErrorKind::State, error.to_string(), "report this"))
}

/// A manifest that cannot be read begins anew.
fn read_manifest(path: &std::path::Path) -> Manifest {
    let read = read_bounded(path, 1 << 20).ok();
    read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

impl Manifest {
    fn is_due(&self, events: u64, now: Timestamp) -> bool {
        let Some(last) = &self.last_written_at else { return true };
        let new = events.saturating_sub(self.last_event_count);
        let passed =
            last.parse::<Timestamp>().map_or(SECONDS_APART, |last| now.duration_since(last).as_secs());
        new >= EVENTS_APART || (new > 0 && passed >= SECONDS_APART)
    }

    fn add(&mut self, folder: &std::path::Path, run: &Snapshot) -> PathBuf {
        let index = self.next_index.max(1);
        let path = folder.join(format!("checkpoint-{index:03}.md"));
        let written_at = run.now.to_string();
        self.next_index = index + 1;
        self.last_event_count = run.progress.seq;
        self.last_written_at = Some(written_at.clone());
        self.checkpoints.push(Listed {
            index,
            path: path.clone(),
            event_count: run.progress.seq,
            written_at,
        });
        let over = self.checkpoints.len().saturating_sub(LISTED);
        self.checkpoints.drain(..over);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_due_first_then_after_events_or_time_with_events() {
        let at = |seconds: i64| Timestamp::from_second(1_000 + seconds).unwrap();
        let mut manifest = Manifest::default();
        assert!(manifest.is_due(0, at(0)));
        manifest.last_written_at = Some(at(0).to_string());
        manifest.last_event_count = 5;
        assert!(manifest.is_due(15, at(1)) && !manifest.is_due(14, at(1)));
        assert!(manifest.is_due(6, at(30)) && !manifest.is_due(5, at(300)));
    }
}
