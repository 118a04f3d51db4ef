//! A run's events, read on as they come.

use cc_domain::{Event, RunId, RunRecord};
use cc_reports::plain;
use cc_store::{RunDir, read_events};

use crate::{Context, OpError, wait};

const EVENTS_AT_ONCE: usize = 1_000;
const BYTES_AT_ONCE: usize = 1 << 20;

/// Reads each event of a run once, whoever writes it.
pub struct Follower {
    cx: Context,
    run: RunId,
    dir: RunDir,
    next_byte: u64,
}

impl Follower {
    /// From the run's first event on.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn new(cx: &Context, run: &RunId) -> Result<Self, OpError> {
        let dir = cx.store()?.run_dir(run)?;
        Ok(Self { cx: cx.clone(), run: run.clone(), dir, next_byte: 0 })
    }

    /// The run followed.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// What has come since the last call, a thousand at most; none: nothing for now.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub fn read(&mut self) -> Result<Vec<Event>, OpError> {
        let page = read_events(&self.dir, self.next_byte, EVENTS_AT_ONCE, BYTES_AT_ONCE)?;
        self.next_byte = page.next_byte;
        Ok(page.events)
    }

    /// How the run stands. Ask before the last [`Follower::read`]: an ended run writes nothing more.
    ///
    /// # Errors
    /// When its record cannot be read.
    pub fn record(&self) -> Result<RunRecord, OpError> {
        wait::read(&*self.cx.store()?, &self.run)
    }
}

/// One event as a line: its time, and what happened.
#[must_use]
pub fn event_line(event: &Event) -> String {
    let time = event.ts.get(11..19).unwrap_or(&event.ts);
    plain(&format!("{time} {:>4} {}", event.seq, event.body.headline()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let event: Event = serde_json::from_value(serde_json::json!({
            "seq": 7, "ts": "2026-11-23T06:15:01.5Z", "run_id": "20261123T061500Z-1a2b3c4d",
            "type": "message", "text": "two\nlines", "chars": 9
        }))
        .unwrap();
        assert_eq!(event_line(&event), "06:15:01    7 said: two lines");
    }
}
