//! What runs add up to, remembered so that a server reads each event once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use cc_domain::{RunId, RunProgress};
use cc_store::RunDir;

use crate::OpError;

/// Runs that are remembered; the one asked for longest ago goes first.
const MOST: usize = 256;
/// Read at once, so that a long run needs little memory.
const EVENTS_A_PAGE: usize = 1_000;
const BYTES_A_PAGE: usize = 1 << 20;

/// The runs this process was asked about. Each has a lock of its own: a long run holds up no other.
#[derive(Default)]
pub(crate) struct Watched(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    asked: u64,
    runs: HashMap<RunId, (u64, Arc<Mutex<Folded>>)>,
}

/// A run's events so far.
#[derive(Clone, Default)]
pub(crate) struct Folded {
    pub(crate) progress: RunProgress,
    /// Where the next event begins.
    pub(crate) next_byte: u64,
}

impl Watched {
    /// What the run adds up to now. Reads only what is new.
    pub(crate) fn look(&self, id: &RunId, dir: &RunDir) -> Result<Folded, OpError> {
        let folded = self.entry(id);
        let mut folded = folded.lock().unwrap_or_else(PoisonError::into_inner);
        folded.read_on(dir)?;
        Ok(folded.clone())
    }

    fn entry(&self, id: &RunId) -> Arc<Mutex<Folded>> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.asked += 1;
        let now = shelf.asked;
        if shelf.runs.len() >= MOST && !shelf.runs.contains_key(id) {
            let oldest = shelf.runs.iter().min_by_key(|(_, (asked, _))| *asked).map(|(id, _)| id.clone());
            oldest.and_then(|oldest| shelf.runs.remove(&oldest));
        }
        let entry = shelf.runs.entry(id.clone()).or_default();
        entry.0 = now;
        entry.1.clone()
    }
}

impl Folded {
    fn read_on(&mut self, dir: &RunDir) -> Result<(), OpError> {
        if size(dir) < self.next_byte {
            *self = Self::default();
        }
        loop {
            let page = cc_store::read_events(dir, self.next_byte, EVENTS_A_PAGE, BYTES_A_PAGE)?;
            page.events.iter().for_each(|event| self.progress.apply(event));
            self.next_byte = page.next_byte;
            if page.at_end {
                return Ok(());
            }
        }
    }
}

/// Bytes of the run's events.
pub(crate) fn size(dir: &RunDir) -> u64 {
    std::fs::metadata(dir.events()).map_or(0, |data| data.len())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn line(seq: u64) -> String {
        format!(
            "{{\"seq\":{seq},\"ts\":\"2026-11-23T06:15:00Z\",\"run_id\":\"20261123T061500Z-1a2b3c4d\",\
             \"type\":\"message\",\"text\":\"word {seq}\",\"chars\":6}}\n"
        )
    }

    #[test]
    fn only_what_is_new_is_read_and_a_line_under_way_waits() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::at(folder.path());
        let id: RunId = "20261123T061500Z-1a2b3c4d".parse().unwrap();
        let watched = Watched::default();
        assert_eq!(watched.look(&id, &dir).unwrap().next_byte, 0);

        std::fs::write(dir.events(), [line(1), line(2), "{\"seq\":".into()].concat()).unwrap();
        let seen = watched.look(&id, &dir).unwrap();
        assert_eq!((seen.progress.seq, seen.next_byte), (2, 2 * line(1).len() as u64));

        // Were the first lines read again, they would be no events any more.
        let end = line(3).split_off("{\"seq\":".len());
        std::fs::write(dir.events(), [line(1).replace('{', "["), line(2), "{\"seq\":".into()].concat())
            .unwrap();
        let mut file = std::fs::File::options().append(true).open(dir.events()).unwrap();
        file.write_all(end.as_bytes()).unwrap();
        let seen = watched.look(&id, &dir).unwrap();
        assert_eq!((seen.progress.seq, seen.progress.last_message.as_deref()), (3, Some("word 3")));
    }

    #[test]
    fn memory_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::at(folder.path());
        let watched = Watched::default();
        for number in 0..MOST + 10 {
            watched.look(&format!("20261123T061500Z-{number:08x}").parse().unwrap(), &dir).unwrap();
        }
        assert_eq!(watched.0.lock().unwrap().runs.len(), MOST);
    }
}
