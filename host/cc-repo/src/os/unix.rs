use std::{
    borrow::Cow,
    ffi::OsStr,
    fs::{DirBuilder, Metadata, Permissions},
    io,
    os::unix::{
        ffi::{OsStrExt as _, OsStringExt as _},
        fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    },
    path::Path,
    process::Command,
};

use super::Stat;

pub(crate) const NULL_DEVICE: &str = "/dev/null";

/// A file's name as git stores it.
pub(crate) fn name_bytes(name: &OsStr) -> Cow<'_, [u8]> {
    Cow::Borrowed(name.as_bytes())
}

/// The path that git stores as these bytes.
pub(crate) fn path_of(bytes: &[u8]) -> Cow<'_, Path> {
    Cow::Borrowed(Path::new(OsStr::from_bytes(bytes)))
}

pub(crate) fn stat(meta: &Metadata) -> Stat {
    let nanos = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Stat {
        size: meta.size(),
        modified: nanos(meta.mtime(), meta.mtime_nsec()),
        changed: nanos(meta.ctime(), meta.ctime_nsec()),
        inode: meta.ino(),
        mode: meta.mode() & 0o7777,
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

pub(crate) fn link_target(path: &Path) -> io::Result<Vec<u8>> {
    Ok(std::fs::read_link(path)?.into_os_string().into_vec())
}

pub(crate) fn make_link(target: &[u8], at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(OsStr::from_bytes(target), at)
}

/// Makes a folder and its missing parents, for the user alone.
pub(crate) fn private_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Nothing to do: a child opens no window here.
pub(crate) fn without_window(command: &mut Command) -> &mut Command {
    command
}
