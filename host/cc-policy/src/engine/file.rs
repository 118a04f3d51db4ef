//! Reading a component's file.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::{PluginError, PluginErrorKind};

/// Reads a component of at most `max` bytes.
///
/// # Errors
/// `Unreadable`; `TooLarge`, from the file's metadata where it tells, before anything is read.
pub fn read_component(path: &Path, max: u64) -> Result<Vec<u8>, PluginError> {
    let unreadable = |error: io::Error| {
        PluginError::new(PluginErrorKind::Unreadable, format!("cannot be read: {}: {error}", path.display()))
            .hint("check that the file exists and that this user may read it")
    };
    // Asked before opening: to open a FIFO would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        let what = format!("is no regular file: {}", path.display());
        return Err(PluginError::new(PluginErrorKind::Unreadable, what).hint("name the built .wasm file"));
    }
    check_size(metadata.len(), max)?;
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // One byte more than allowed, to notice a file that grew since its size was asked.
    file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    check_size(bytes.len() as u64, max)?;
    Ok(bytes)
}

/// Refuses a component larger than its limit.
pub(crate) fn check_size(size: u64, max: u64) -> Result<(), PluginError> {
    if size <= max {
        return Ok(());
    }
    let what = format!("has a component of {size} bytes, and its limit is {max}");
    let hint = "make it smaller (a release build without debug information), or raise component_bytes in its manifest";
    Err(PluginError::new(PluginErrorKind::TooLarge, what).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_a_folder_never() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plugin.wasm");
        std::fs::write(&path, b"12345").expect("a file");
        assert_eq!(read_component(&path, 5).expect("it fits"), b"12345");
        let kind = |path: &Path, max| read_component(path, max).expect_err("refused").kind;
        assert_eq!(kind(&path, 4), PluginErrorKind::TooLarge);
        assert_eq!(kind(folder.path(), 5), PluginErrorKind::Unreadable);
        assert_eq!(kind(&folder.path().join("absent"), 5), PluginErrorKind::Unreadable);
    }
}
