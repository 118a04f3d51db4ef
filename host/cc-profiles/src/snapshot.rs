//! Bounded reads, and a private copy of a database that cannot be read in place.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use tempfile::TempDir;

use crate::{ProfileError, platform};

/// No JSON file of CC Switch comes near this.
const MAX_JSON: u64 = 16 << 20;
/// Its request log lives in the database too, so that one may be large.
const MAX_DATABASE: u64 = 1 << 30;

/// The whole of a JSON file.
///
/// # Errors
/// When it cannot be read or is larger than 16 MiB.
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, ProfileError> {
    let failed = |source| ProfileError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(MAX_JSON + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_JSON {
        return Err(ProfileError::TooLarge { path: path.to_owned(), limit: MAX_JSON });
    }
    Ok(bytes)
}

/// A copy of a database with what SQLite needs to recover it, in a folder that only this user may enter.
pub(crate) struct Copy {
    pub(crate) database: PathBuf,
    // Holds keys: removed as soon as the copy has been read.
    _folder: TempDir,
}

/// Copies a database and its journals; none when another program changed them meanwhile.
///
/// # Errors
/// When the files cannot be copied or are larger than 1 GiB.
pub(crate) fn copy(database: &Path) -> Result<Option<Copy>, ProfileError> {
    let failed = |source| ProfileError::File { path: database.to_owned(), source };
    let folder = platform::private_folder().map_err(failed)?;
    let target = folder.path().join("copy.db");
    let before = fingerprint(database).map_err(failed)?;
    if before.iter().flatten().any(|(bytes, _)| *bytes > MAX_DATABASE) {
        return Err(ProfileError::TooLarge { path: database.to_owned(), limit: MAX_DATABASE });
    }
    for suffix in SUFFIXES {
        copy_if_there(&with_suffix(database, suffix), &with_suffix(&target, suffix)).map_err(failed)?;
    }
    let unchanged = before == fingerprint(database).map_err(failed)?;
    Ok(unchanged.then_some(Copy { database: target, _folder: folder }))
}

/// The `-shm` file is left out: SQLite makes it anew from the `-wal` file.
const SUFFIXES: [&str; 3] = ["-journal", "-wal", ""];

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = OsString::from(path);
    text.push(suffix);
    text.into()
}

fn copy_if_there(from: &Path, to: &Path) -> io::Result<()> {
    // Not `fs::copy`: the copy of a write-protected file would be write-protected, and could not be recovered.
    match File::open(from) {
        Ok(mut from) => io::copy(&mut from, &mut File::create(to)?).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

type Stamp = Option<(u64, SystemTime)>;

/// Size and time of each file; the journal of a torn database may vanish or grow under the copying.
fn fingerprint(database: &Path) -> io::Result<Vec<Stamp>> {
    SUFFIXES.iter().map(|suffix| stamp(&with_suffix(database, suffix))).collect()
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    match fs::metadata(path) {
        Ok(meta) => Ok(Some((meta.len(), meta.modified()?))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
