//! What differs between systems: who may read what we write.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{create_dirs, private, sync_dir};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{create_dirs, private, sync_dir};
