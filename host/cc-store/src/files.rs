//! Files that are never torn and never read without a limit.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::{Result, StoreError, os};

/// Replaces a file whole: a reader sees the old content or the new. Only the user can read it (0600).
///
/// # Errors
/// When the folder is missing or cannot be written.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)
        .map_err(StoreError::io("create a file in", folder))?;
    file.write_all(bytes).map_err(StoreError::io("write", path))?;
    file.as_file().sync_all().map_err(StoreError::io("flush", path))?;
    persist(file, path).map_err(StoreError::io("replace", path))?;
    os::sync_dir(folder).map_err(StoreError::io("flush", folder))
}

/// Puts a finished file in the place of another, in one step, also while somebody reads that one.
///
/// # Errors
/// When the system refuses; then the finished file is gone.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    os::persist(file, path)
}

/// Makes a folder and its missing parents, for the user alone (0700). Folders that exist stay as they are.
///
/// # Errors
/// When the system refuses.
pub fn create_private_dir(path: &Path) -> Result<()> {
    os::create_dirs(path).map_err(StoreError::io("create", path))
}

/// The content of a file of at most `limit` bytes.
///
/// # Errors
/// When it cannot be read or is larger.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(StoreError::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(StoreError::TooLarge { path: path.into(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(read_bounded(&path, 3).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_replaced_while_others_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_atomic(&path, b"0").unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                (1..=200).for_each(|round: u32| write_atomic(&path, round.to_string().as_bytes()).unwrap());
            });
            while !writer.is_finished() {
                assert!(!read_bounded(&path, 3).unwrap().is_empty());
            }
        });
        assert_eq!(read_bounded(&path, 3).unwrap(), b"200");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_reader_keeps_what_it_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        write_atomic(&path, b"one").unwrap();
        let mut reader = File::open(&path).unwrap();
        write_atomic(&path, b"two").unwrap();
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        assert_eq!((read.as_str(), read_bounded(&path, 3).unwrap()), ("one", b"two".to_vec()));
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_atomic(&path, b"four").unwrap();
        assert!(matches!(read_bounded(&path, 3), Err(StoreError::TooLarge { limit: 3, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_is_for_the_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        create_private_dir(&folder).unwrap();
        let file = folder.join("c");
        write_atomic(&file, b"").unwrap();
        assert_eq!((mode(&dir.path().join("a")), mode(&folder), mode(&file)), (0o700, 0o700, 0o600));
    }
}
