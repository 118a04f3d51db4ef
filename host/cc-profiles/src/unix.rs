//! Where the system keeps things: Linux and macOS.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// The folder of desktop applications' data below a home directory.
pub(crate) fn app_data(home: &Path) -> PathBuf {
    home.join(if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" })
}

/// A second home directory that CC Switch looks into.
pub(crate) fn second_home() -> Option<PathBuf> {
    None
}

/// A new folder that only this user may enter, removed when dropped.
pub(crate) fn private_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("cc-profiles-").permissions(fs::Permissions::from_mode(0o700)).tempdir()
}
