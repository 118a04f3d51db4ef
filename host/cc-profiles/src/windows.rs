//! Where the system keeps things: Windows.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// The folder of desktop applications' data below a home directory.
pub(crate) fn app_data(home: &Path) -> PathBuf {
    home.join("AppData").join("Roaming")
}

/// A second home directory that CC Switch looks into: `%HOME%`, which old versions of it took for the home.
pub(crate) fn second_home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// A new folder that only this user may enter, removed when dropped: the user's own temporary folder is private.
pub(crate) fn private_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("cc-profiles-").tempdir()
}
