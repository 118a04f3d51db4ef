//! The few file operations the catalog needs: bounded reads, whole writes, backups, one guard between processes.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use cc_store::{Home, StoreError};

/// Longest TOML file that is read, in bytes. A lock with a thousand plugins is a quarter of it.
pub(crate) const MAX_TEXT: u64 = 1 << 20;

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("cannot {action} {path}: {source}. Check that the path exists and that you may use it", path = path.display())]
    Io {
        /// Such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// More bytes than are ever read of such a file.
    #[error("{path} is larger than the {max} bytes allowed: make it smaller", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// In bytes.
        max: u64,
    },
    /// A folder, a pipe or the like.
    #[error("{path} is no regular file: put a file there", path = path.display())]
    NotAFile {
        /// Its path.
        path: PathBuf,
    },
    /// A text file that is not UTF-8.
    #[error("{path} is not UTF-8: save it as UTF-8", path = path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

impl FileError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.into(), source }
    }

    /// What the store says of a file, which it names itself.
    fn store(action: &'static str, path: &Path) -> impl FnOnce(StoreError) -> Self {
        move |error| match error {
            StoreError::Io { action, path, source } => Self::Io { action, path, source },
            other => Self::io(action, path)(io::Error::other(other)),
        }
    }
}

/// The bytes of a file of at most `max` bytes; none when there is no such file.
pub(crate) fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    // Asked before opening: to open a FIFO would wait for its writer.
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(found) if !found.is_file() => return Err(FileError::NotAFile { path: path.into() }),
        found => found.map(|_| ()).map_err(FileError::io("read", path))?,
    }
    let file = File::open(path).map_err(FileError::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(FileError::io("read", path))?;
    if bytes.len() as u64 > max {
        Err(FileError::TooLarge { path: path.into(), max })
    } else {
        Ok(Some(bytes))
    }
}

/// A TOML file's text; none when there is no such file.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, FileError> {
    let Some(bytes) = read(path, MAX_TEXT)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| FileError::NotText { path: path.into() })
}

/// Replaces a file whole: readers see the old bytes or the new ones, never a part. Only the user may read it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    private_folder(path.parent().unwrap_or(Path::new(".")))?;
    cc_store::write_atomic(path, bytes).map_err(FileError::store("write", path))
}

/// Writes a file of the user's own work, such as sources, with the rights that new files have.
pub(crate) fn write_shared(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(FileError::io("create", folder))?;
    fs::write(path, bytes).map_err(FileError::io("write", path))
}

/// Makes a folder that only the user may enter, and its parents.
pub(crate) fn private_folder(path: &Path) -> Result<(), FileError> {
    cc_store::create_private_dir(path).map_err(FileError::store("create", path))
}

/// Holds off every other process that changes the catalog, until it is dropped.
pub(crate) fn guard(home: &Path) -> Result<File, FileError> {
    private_folder(home)?;
    let path = home.join("plugins.guard");
    let file = File::create(&path).map_err(FileError::io("create", &path))?;
    file.lock().map_err(FileError::io("lock", &path))?;
    Ok(file)
}

/// Copies a file to `backups/`; none when there is nothing to copy.
pub(crate) fn back_up(home: &Path, path: &Path) -> Result<Option<PathBuf>, FileError> {
    let Some(bytes) = read(path, MAX_TEXT)? else { return Ok(None) };
    let backup = free_backup(home, path)?;
    write(&backup, &bytes)?;
    Ok(Some(backup))
}

/// Moves a file or folder to `backups/`; none when there is nothing to move.
pub(crate) fn set_aside(home: &Path, path: &Path) -> Result<Option<PathBuf>, FileError> {
    if !path.exists() {
        return Ok(None);
    }
    let backup = free_backup(home, path)?;
    fs::rename(path, &backup).map_err(FileError::io("move", path))?;
    Ok(Some(backup))
}

fn free_backup(home: &Path, path: &Path) -> Result<PathBuf, FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Home::at(home).free_backup(&name).map_err(FileError::store("back up", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_bounded_and_absence_is_no_error() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("a");
        assert!(read(&path, 4).expect("readable").is_none());
        write(&path, b"12345").expect("written");
        assert!(matches!(read(&path, 4), Err(FileError::TooLarge { max: 4, .. })));
        assert_eq!(read(&path, 5).expect("readable").as_deref(), Some(&b"12345"[..]));
    }

    #[test]
    fn backups_of_one_second_do_not_replace_each_other() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("plugins.lock");
        let backups: Vec<_> = (0..4u8)
            .map(|n| {
                write(&path, &[n]).expect("written");
                back_up(home.path(), &path).expect("backed up").expect("a backup")
            })
            .collect();
        for (n, backup) in backups.iter().enumerate() {
            assert_eq!(read(backup, 9).expect("readable"), Some(vec![n as u8]));
        }
    }
}
