//! Where reports are written.

use std::path::{Path, PathBuf};

use cc_store::{create_artifact_dir, create_private_dir, write_atomic};

use crate::{Context, ErrorKind, OpError};

/// What a report may come to; Codex and browsers open far less.
const MOST_BYTES: usize = 16 << 20;

/// The folder for reports: the caller's, relative to the server's folder, else the project's own.
pub(crate) fn folder(cx: &Context, output_dir: Option<&str>, project: &Path) -> Result<PathBuf, OpError> {
    let Some(asked) = output_dir else { return Ok(create_artifact_dir(project, "reports")?) };
    let folder = cx.setup().workspace.join(asked);
    if folder.exists() && !folder.is_dir() {
        let message = format!("'output_dir' is {}, which is no folder", folder.display());
        return Err(OpError::invalid(message, "name a folder, or leave it out"));
    }
    create_private_dir(&folder)?;
    Ok(folder)
}

/// Writes one report, for the user alone.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, OpError> {
    let path = folder.join(name);
    if text.len() > MOST_BYTES {
        let message = format!("{} would have {} bytes", path.display(), text.len());
        return Err(OpError::new(ErrorKind::State, message, "report on fewer runs at once"));
    }
    write_atomic(&path, text.as_bytes())?;
    Ok(path)
}
