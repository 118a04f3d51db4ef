//! What differs between systems: names as bytes, file identity, modes, symbolic links.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::*;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::*;

/// What says, without reading a file, that it is still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: i64,
    /// When the file's own record last changed, which no program can set; nanoseconds.
    pub(crate) changed: i64,
    pub(crate) inode: u64,
    /// Permission bits.
    pub(crate) mode: u32,
}

impl Stat {
    /// Whether the content is surely the same; a file that was moved counts, though its record changed.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        (self.size, self.modified, self.inode) == (other.size, other.modified, other.inode)
    }
}
