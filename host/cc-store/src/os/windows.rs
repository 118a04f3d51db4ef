use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
};

/// Makes a folder and its missing parents. The user's profile folder keeps others out by inheritance.
pub(crate) fn create_dirs(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Files inherit the folder's access list.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// NTFS journals renames; a folder cannot be flushed.
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
pub(crate) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}
