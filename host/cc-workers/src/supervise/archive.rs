//! `stream.ndjson.gz`: the redacted stream as it came, compressed, for audit.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

use flate2::{Compression, write::GzEncoder};

use crate::{WorkerError, os};

/// What goes in at most, bytes before compression.
const MAX_STREAM: u64 = 512 << 20;
/// After so many bytes what is there can be read, whatever becomes of this process.
const FLUSH_EVERY: u64 = 256 << 10;

/// The open archive. Complete once it is dropped.
pub(super) struct Archive {
    file: GzEncoder<File>,
    left: u64,
    unflushed: u64,
}

impl Archive {
    pub(super) fn create(path: &Path) -> Result<Self, WorkerError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let file = os::private(&mut options).open(path).map_err(WorkerError::io("open", path))?;
        Ok(Self { file: GzEncoder::new(file, Compression::fast()), left: MAX_STREAM, unflushed: 0 })
    }

    /// Adds a line. The archive is for audit only: a full disk shows elsewhere.
    pub(super) fn append(&mut self, line: &str) {
        let length = line.len() as u64 + 1;
        if length > self.left {
            self.left = 0;
            return;
        }
        self.left -= length;
        self.unflushed += length;
        let _ = self.file.write_all(line.as_bytes()).and_then(|()| self.file.write_all(b"\n"));
        if self.unflushed >= FLUSH_EVERY {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        self.unflushed = 0;
        let _ = self.file.flush();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_was_flushed_can_be_read_though_the_archive_was_never_finished() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.gz");
        let mut archive = Archive::create(&path).unwrap();
        archive.append("one");
        archive.append("two");
        archive.flush();
        std::mem::forget(archive);
        let mut text = Vec::new();
        // The end is missing, so that reading ends in an error, after all that is there.
        let _ = flate2::read::GzDecoder::new(File::open(&path).unwrap()).read_to_end(&mut text);
        assert_eq!(text, b"one\ntwo\n");
    }
}
