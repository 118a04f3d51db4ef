use std::{
    borrow::Cow,
    ffi::OsStr,
    fs::Metadata,
    io,
    os::windows::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use super::Stat;

pub(crate) const NULL_DEVICE: &str = "NUL";

/// A file's name as git stores it. Names that are no UTF-16 text lose what is wrong with them.
pub(crate) fn name_bytes(name: &OsStr) -> Cow<'_, [u8]> {
    match name.to_string_lossy() {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// The path that git stores as these bytes.
pub(crate) fn path_of(bytes: &[u8]) -> Cow<'_, Path> {
    Cow::Owned(PathBuf::from(String::from_utf8_lossy(bytes).replace('/', "\\")))
}

pub(crate) fn stat(meta: &Metadata) -> Stat {
    // Ticks of 100 ns. There is no record time and no cheap file index; the creation time stands in for both.
    let nanos = |ticks: u64| i64::try_from(ticks).unwrap_or(i64::MAX).saturating_mul(100);
    Stat {
        size: meta.file_size(),
        modified: nanos(meta.last_write_time()),
        changed: nanos(meta.creation_time()),
        inode: 0,
        mode: if meta.permissions().readonly() { 0o444 } else { 0o644 },
    }
}

/// There is no executable bit; only whether the file may be written.
pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    let mut permissions = std::fs::symlink_metadata(path)?.permissions();
    permissions.set_readonly(mode & 0o200 == 0);
    std::fs::set_permissions(path, permissions)
}

pub(crate) fn link_target(path: &Path) -> io::Result<Vec<u8>> {
    let target = std::fs::read_link(path)?;
    Ok(target.to_string_lossy().replace('\\', "/").into_bytes())
}

/// Windows tells links to folders from links to files; what is not there yet counts as a file.
pub(crate) fn make_link(target: &[u8], at: &Path) -> io::Result<()> {
    let target = path_of(target);
    let seen_from = at.parent().unwrap_or(Path::new("."));
    if seen_from.join(&target).is_dir() {
        std::os::windows::fs::symlink_dir(&target, at)
    } else {
        std::os::windows::fs::symlink_file(&target, at)
    }
}

/// Makes a folder and its missing parents. Who may read them is inherited from the user's profile.
pub(crate) fn private_folders(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// A server has no console; without this each git would open one.
pub(crate) fn without_window(command: &mut Command) -> &mut Command {
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW)
}
