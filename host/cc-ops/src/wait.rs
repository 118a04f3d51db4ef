//! Waiting for a run, without owning it.

use std::time::Duration;

use cc_domain::{Event, RunId, RunRecord, RunStatus};
use cc_store::Store;
use tokio::time::Instant;

use crate::{Context, OpError, Progress};

/// How often a waiting call looks. The record is one small read, and the supervisor may belong to any process.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Events read in one look; what is more is read in the next.
const EVENTS_A_LOOK: usize = 1_000;
const BYTES_A_LOOK: usize = 1 << 20;

/// The run's record once it has ended, or as it is when `patience` runs out. Dropping the wait ends nothing.
pub(crate) async fn for_end(cx: &Context, id: &RunId, patience: Duration) -> Result<RunRecord, OpError> {
    let begun = Instant::now();
    let mut seen = Seen::default();
    loop {
        let record = look(cx, id, &mut seen).await?;
        if !record.status.is_active() || begun.elapsed() >= patience {
            return Ok(record);
        }
        if let Some(sink) = cx.progress() {
            sink(seen.progress(id, begun.elapsed()));
        }
        tokio::time::sleep(LOOK_EVERY.min(patience.saturating_sub(begun.elapsed()))).await;
    }
}

/// How far the events were read, and the last one.
#[derive(Clone, Default)]
struct Seen {
    next_byte: u64,
    last: Option<Event>,
}

impl Seen {
    fn progress(&self, id: &RunId, elapsed: Duration) -> Progress {
        Progress {
            run_id: id.to_string(),
            elapsed,
            events: self.last.as_ref().map_or(0, |event| event.seq),
            doing: self.last.as_ref().map_or_else(|| "starting".to_owned(), |event| event.body.headline()),
        }
    }
}

async fn look(cx: &Context, id: &RunId, seen: &mut Seen) -> Result<RunRecord, OpError> {
    let (id, mut now) = (id.clone(), seen.clone());
    let watched = cx.progress().is_some();
    let (record, now) = cx
        .blocking(move |cx| {
            let store = cx.store()?;
            let record = read(&store, &id)?;
            if watched {
                let dir = store.run_dir(&id)?;
                let page = cc_store::read_events(&dir, now.next_byte, EVENTS_A_LOOK, BYTES_A_LOOK)?;
                now = Seen { next_byte: page.next_byte, last: page.events.into_iter().last().or(now.last) };
            }
            Ok((record, now))
        })
        .await?;
    *seen = now;
    Ok(record)
}

/// Reads a run. Processes of a run that is found lost are ended here: its supervisor cannot any more.
pub(crate) fn read(store: &Store, id: &RunId) -> Result<RunRecord, OpError> {
    let record = store.run(id)?;
    if record.status == RunStatus::Lost {
        cc_workers::end_leftovers(store)?;
    }
    Ok(record)
}
