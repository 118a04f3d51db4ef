//! Reading and framing `events.ndjson`.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use cc_domain::Event;

use crate::{Result, RunDir, StoreError};

/// Longest event line in bytes, line end included. A writer's line is far shorter (see `cc-workers`); what is
/// longer was not written by the product and is skipped.
pub const MAX_EVENT_LINE: usize = 8 << 20;

/// Some events, and where to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventPage {
    /// Whole events, in order.
    pub events: Vec<Event>,
    /// Where the next page begins. Always the beginning of a line.
    pub next_byte: u64,
    /// Nothing more is there now. A line that is still being written does not count.
    pub at_end: bool,
    /// Lines that are no event this version knows.
    pub unreadable: u32,
}

/// Up to `max_events` events and about `max_bytes` bytes of them, from a byte that an earlier page named, or 0.
///
/// A line is never cut: a page holds at least one line, however long, and never one whose end is not written.
///
/// # Errors
/// When the file cannot be read. A missing one is empty.
pub fn read_events(dir: &RunDir, from_byte: u64, max_events: usize, max_bytes: usize) -> Result<EventPage> {
    let path = dir.events();
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Ok(EventPage { next_byte: from_byte, at_end: true, ..EventPage::default() });
        }
        Err(e) => return Err(StoreError::io("open", path)(e)),
    };
    file.seek(SeekFrom::Start(from_byte)).map_err(StoreError::io("read", &path))?;
    let end = from_byte.saturating_add(max_bytes as u64);
    let mut page = EventPage { next_byte: from_byte, ..EventPage::default() };
    let mut reader = BufReader::new(file);
    while page.events.len() < max_events.max(1) && (page.next_byte < end || page.next_byte == from_byte) {
        let Some(line) = next_line(&mut reader).map_err(StoreError::io("read", &path))? else {
            page.at_end = true;
            break;
        };
        page.take(&line);
    }
    Ok(page)
}

impl EventPage {
    fn take(&mut self, line: &Line) {
        self.next_byte += line.length;
        match serde_json::from_slice(&line.start) {
            Ok(event) => self.events.push(event),
            Err(_) => self.unreadable += 1,
        }
    }
}

struct Line {
    /// Empty when the line is longer than any event.
    start: Vec<u8>,
    length: u64,
}

/// The next whole line; none at the end or before a line whose end is not written.
fn next_line(reader: &mut impl io::BufRead) -> io::Result<Option<Line>> {
    let mut start = Vec::new();
    reader.by_ref().take(MAX_EVENT_LINE as u64).read_until(b'\n', &mut start)?;
    let mut length = start.len() as u64;
    if start.last() == Some(&b'\n') {
        return Ok(Some(Line { start, length }));
    }
    if start.len() < MAX_EVENT_LINE {
        return Ok(None);
    }
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let found = buffer.iter().position(|byte| *byte == b'\n');
        let used = found.map_or(buffer.len(), |at| at + 1);
        reader.consume(used);
        length += used as u64;
        if found.is_some() {
            return Ok(Some(Line { start: Vec::new(), length }));
        }
    }
}

/// The event as it stands in the file.
pub(crate) fn event_line(event: &Event) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(event).map_err(|e| StoreError::Corrupt {
        path: "events.ndjson".into(),
        what: "an event",
        reason: e.to_string(),
    })?;
    line.push(b'\n');
    Ok(line)
}

/// Cuts off a last line whose end was never written, and says how many lines are left.
pub(crate) fn mend(file: &File, path: &Path) -> Result<u64> {
    let read = StoreError::io;
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0)).map_err(read("read", path))?;
    let (mut whole, mut lines) = (0, 0);
    while let Some(line) = next_line(&mut reader).map_err(read("read", path))? {
        whole += line.length;
        lines += 1;
    }
    if file.metadata().map_err(read("read", path))?.len() > whole {
        file.set_len(whole).map_err(read("mend", path))?;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn log(count: u64) -> (tempfile::TempDir, RunDir, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = Vec::new();
        for seq in 1..=count {
            let event = serde_json::json!({
                "seq": seq, "ts": "2026-11-23T06:15:00Z", "run_id": "20261123T061500Z-1a2b3c4d",
                "type": "text", "source": "stdout", "text": "é".repeat(usize::try_from(seq).unwrap() * 7),
            });
            bytes.extend(event_line(&serde_json::from_value(event).unwrap()).unwrap());
        }
        let run = RunDir::at(dir.path());
        (dir, run, bytes)
    }

    proptest! {
        #[test]
        fn a_log_cut_at_any_byte_reads_and_mends_to_its_whole_lines(cut in 0_usize..1400) {
            let (_keep, run, bytes) = log(9);
            let cut = cut.min(bytes.len());
            std::fs::write(run.events(), &bytes[..cut]).unwrap();
            let whole = bytes[..cut].iter().filter(|b| **b == b'\n').count();

            let page = read_events(&run, 0, 100, 1 << 20).unwrap();
            let seqs: Vec<u64> = page.events.iter().map(|e| e.seq).collect();
            prop_assert_eq!(seqs, (1..=whole as u64).collect::<Vec<_>>());
            prop_assert!(page.at_end && page.unreadable == 0);

            let file = File::options().read(true).write(true).open(run.events()).unwrap();
            prop_assert_eq!(mend(&file, &run.events()).unwrap(), whole as u64);
            prop_assert_eq!(file.metadata().unwrap().len(), page.next_byte);
        }

        #[test]
        fn pages_of_any_size_are_the_whole_log(max_events in 1_usize..5, max_bytes in 0_usize..600) {
            let (_keep, run, bytes) = log(9);
            std::fs::write(run.events(), &bytes).unwrap();
            let (mut seqs, mut at) = (Vec::new(), 0);
            loop {
                let page = read_events(&run, at, max_events, max_bytes).unwrap();
                seqs.extend(page.events.iter().map(|e| e.seq));
                at = page.next_byte;
                if page.at_end { break }
            }
            prop_assert_eq!(seqs, (1..=9).collect::<Vec<_>>());
            prop_assert_eq!(at, bytes.len() as u64);
        }
    }

    #[test]
    fn a_line_that_is_no_event_is_counted_and_passed() {
        let (_keep, run, bytes) = log(1);
        std::fs::write(run.events(), [b"{}\n".as_slice(), &bytes].concat()).unwrap();
        let page = read_events(&run, 0, 10, 1 << 20).unwrap();
        assert_eq!((page.events.len(), page.unreadable, page.at_end), (1, 1, true));
    }

    #[test]
    fn a_line_longer_than_any_event_is_passed() {
        let (_keep, run, bytes) = log(1);
        let monster = [vec![b'x'; MAX_EVENT_LINE + 5], b"\n".to_vec()].concat();
        std::fs::write(run.events(), [monster.as_slice(), &bytes].concat()).unwrap();
        let page = read_events(&run, 0, 10, usize::MAX).unwrap();
        assert_eq!((page.events.len(), page.unreadable), (1, 1));
    }
}
