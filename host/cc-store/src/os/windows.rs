use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
    thread,
    time::Duration,
};

use tempfile::NamedTempFile;

/// Somebody has the file open in a way that keeps it where it is: access denied, sharing violation.
const IN_USE: [Option<i32>; 2] = [Some(5), Some(32)];
/// Virus scanners and indexers open each new file for a moment. Tries, each after twice the time: half a second in all.
const TRIES: u32 = 9;

/// Makes a folder and its missing parents. The user's profile folder keeps others out by inheritance.
pub(crate) fn create_dirs(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Files inherit the folder's access list.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Puts a finished file in the place of `path`, in one step, also while somebody reads that one. `rename` of the
/// standard library asks for what Windows 10 can do; the one of `NamedTempFile` does not.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    let new = file.into_temp_path().keep().map_err(|refused| refused.error)?;
    let mut moved = fs::rename(&new, path);
    for round in 0..TRIES {
        if !moved.as_ref().is_err_and(|error| IN_USE.contains(&error.raw_os_error())) {
            break;
        }
        thread::sleep(Duration::from_millis(1 << round));
        moved = fs::rename(&new, path);
    }
    if moved.is_err() {
        let _ = fs::remove_file(&new);
    }
    moved
}

/// NTFS journals renames; a folder cannot be flushed.
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
pub(crate) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}
