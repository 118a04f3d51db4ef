//! Folder 0700, files 0600, both of this user: nobody else can put code there.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::{fs::OFlags, process::geteuid};

/// Rights of everybody but the owner.
const OTHERS: u32 = 0o077;

pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

pub(super) fn check_folder(folder: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(folder)?;
    check(metadata.is_dir(), &metadata)
}

/// Opens an entry, and checks the opened file itself, not its name.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    check(metadata.is_file(), &metadata)?;
    Ok(file)
}

fn check(is_right_kind: bool, metadata: &Metadata) -> io::Result<()> {
    let ours = metadata.uid() == geteuid().as_raw() && metadata.mode() & OTHERS == 0;
    if is_right_kind && ours {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "others than this user have rights on it; delete the cache",
    ))
}
