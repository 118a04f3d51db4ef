//! The one writer of a run: its supervisor.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use cc_domain::{Event, EventBody, RunRecord, RunStatus};
use jiff::Timestamp;

use crate::{
    FileLock, Result, RunDir, Store, StoreError,
    events::{event_line, mend},
    os,
};

/// The right to write a run, for as long as it is held. Whether somebody holds it is whether the run lives.
#[derive(Debug)]
pub struct RunLock {
    _lock: FileLock,
}

impl RunLock {
    /// Takes the run's lock. Waits for readers that are looking whether the run lives, which takes them a
    /// moment.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn acquire(dir: &RunDir) -> Result<Self> {
        FileLock::acquire(&dir.supervisor_lock()).map(|lock| Self { _lock: lock })
    }
}

/// Writes a run's events, logs and record.
#[derive(Debug)]
pub struct RunWriter {
    dir: RunDir,
    record: RunRecord,
    events: File,
    events_bytes: u64,
    seq: u64,
    _lock: RunLock,
}

impl RunWriter {
    /// Takes over a run that is starting.
    ///
    /// # Errors
    /// When the run has ended meanwhile (it was given up as lost), or its files cannot be opened.
    pub fn open(dir: RunDir, lock: RunLock) -> Result<Self> {
        let record = dir.read_record()?;
        if record.status != RunStatus::Starting {
            return Err(StoreError::AlreadyEnded(record.run_id, record.status.as_str()));
        }
        let path = dir.events();
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let events = os::private(&mut options).open(&path).map_err(StoreError::io("open", &path))?;
        let seq = mend(&events, &path)?;
        let events_bytes = events.metadata().map_err(StoreError::io("read", &path))?.len();
        Ok(Self { dir, record, events, events_bytes, seq, _lock: lock })
    }

    /// The run's folder.
    #[must_use]
    pub fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// The record as it was last written.
    #[must_use]
    pub fn record(&self) -> &RunRecord {
        &self.record
    }

    /// Bytes of `events.ndjson`.
    #[must_use]
    pub fn events_bytes(&self) -> u64 {
        self.events_bytes
    }

    /// Appends one event in one write, and gives its number.
    ///
    /// # Errors
    /// When the disk is full or the like; a line cut by that is mended with the next one.
    pub fn append_event(&mut self, body: EventBody) -> Result<u64> {
        let event = Event {
            seq: self.seq + 1,
            ts: Timestamp::now().to_string(),
            run_id: self.record.run_id.clone(),
            body,
        };
        let line = event_line(&event)?;
        if let Err(source) = self.events.write_all(&line) {
            let path = self.dir.events();
            self.seq = mend(&self.events, &path)?;
            return Err(StoreError::io("write", path)(source));
        }
        self.events_bytes += line.len() as u64;
        self.seq = event.seq;
        Ok(self.seq)
    }

    /// Opens one of the run's logs for appending.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn log(&self, path: &Path, limit: u64) -> Result<LogFile> {
        LogFile::open(path, limit)
    }

    /// Changes the record, in the folder and in the index.
    ///
    /// # Errors
    /// When the folder or the row cannot be written.
    pub fn update(&mut self, store: &Store, change: impl FnOnce(&mut RunRecord)) -> Result<()> {
        change(&mut self.record);
        self.dir.write_record(&self.record)?;
        store.put_row(&self.dir, &self.record)
    }
}

/// A log that grows to a limit and then says that it is full.
#[derive(Debug)]
pub struct LogFile {
    file: File,
    path: PathBuf,
    left: u64,
}

impl LogFile {
    fn open(path: &Path, limit: u64) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let file = os::private(&mut options).open(path).map_err(StoreError::io("open", path))?;
        Ok(Self { file, path: path.into(), left: limit })
    }

    /// Appends a line. The first that does not fit is replaced by a note, and the rest is dropped.
    ///
    /// # Errors
    /// When the disk is full or the like.
    pub fn append(&mut self, line: &str) -> Result<()> {
        let length = line.len() as u64 + 1;
        let text = match self.left {
            0 => return Ok(()),
            left if length > left => {
                self.left = 0;
                "[the log is full; later lines were dropped]\n".into()
            }
            _ => {
                self.left -= length;
                format!("{line}\n")
            }
        };
        self.file.write_all(text.as_bytes()).map_err(StoreError::io("write", &self.path))
    }
}
