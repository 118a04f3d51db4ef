//! What differs between systems: who may read what we write, and how one file takes another's place.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::{create_dirs, persist, private, sync_dir};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::{create_dirs, persist, private, sync_dir};
