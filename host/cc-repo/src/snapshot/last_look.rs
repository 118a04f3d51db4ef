//! What the last snapshot saw, so that the next one reads only what changed since.

use std::{
    fs,
    io::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::listing::{Entry, Listing};
use crate::{path::RelPath, place::Place};

/// Where clocks are coarse, a file changed this soon after it was read may look as if it were the same.
const UNSETTLED: Duration = Duration::from_secs(2);

/// The tree that the last snapshot stored, and the files it saw; nothing if either is gone.
#[derive(Debug, Default)]
pub(crate) struct LastLook {
    pub(crate) tree: Option<String>,
    files: Listing,
}

impl LastLook {
    pub(crate) fn read(place: &Place) -> Self {
        Self::try_read(place).filter(|last| !last.files.0.is_empty()).unwrap_or_default()
    }

    fn try_read(place: &Place) -> Option<Self> {
        let bytes = fs::read(place.listing()).ok()?;
        let end = bytes.iter().position(|b| *b == b'\n')?;
        let tree = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let files = Listing::decode(&bytes[end + 1..]).ok()?;
        place.store.ask(&["cat-file", "-e", &tree]).ok()??;
        Some(Self { tree: Some(tree), files })
    }

    /// What has to be read, and what is gone.
    pub(crate) fn compare(&self, kept: &Listing) -> (Vec<Entry>, Vec<RelPath>) {
        let (mut changed, mut deleted) = (Vec::new(), Vec::new());
        for pair in self.files.differences(kept) {
            match pair {
                (_, Some(entry)) => changed.push(entry.clone()),
                (Some(entry), None) => deleted.push(entry.path.clone()),
                (None, None) => {}
            }
        }
        (changed, deleted)
    }
}

/// Without this the next snapshot reads everything.
pub(crate) fn remember(
    place: &Place,
    tree: &str,
    mut kept: Listing,
    unreadable: &[RelPath],
    started: SystemTime,
) {
    let settled = started.checked_sub(UNSETTLED).and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    let settled = settled.map_or(0, |t| i64::try_from(t.as_nanos()).unwrap_or(i64::MAX));
    kept.0.retain(|entry| !unreadable.contains(&entry.path));
    for entry in kept.0.iter_mut().filter(|e| e.stat.modified.max(e.stat.changed) >= settled) {
        entry.stat.modified = i64::MIN;
    }
    let mut bytes = format!("{tree}\n").into_bytes();
    bytes.extend(kept.encode());
    let file = place.listing();
    let written = tempfile::NamedTempFile::new_in(place.store.dir()).and_then(|mut temp| {
        temp.write_all(&bytes)?;
        Ok(temp.persist(&file)?)
    });
    if written.is_err() {
        let _ = fs::remove_file(&file);
    }
}
