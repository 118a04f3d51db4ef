//! Folders where the user's own access list already keeps others out, and renames need no sync.

use std::{fs, io, path::Path};

pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
