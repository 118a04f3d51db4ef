//! One configuration file: read whole, replaced whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::SetupError;

/// Configuration files are kilobytes; beyond this something is wrong.
const LIMIT: u64 = 4 * 1024 * 1024;
const BOM: char = '\u{feff}';

/// A file as it was read, which may not exist yet.
#[derive(Debug)]
pub(super) struct ConfigFile {
    /// As the user names it.
    path: PathBuf,
    /// Where the bytes are, links followed.
    real: PathBuf,
    /// As read, with a byte order mark if it has one; `None` when there is no file.
    content: Option<String>,
}

impl ConfigFile {
    pub(super) fn read(path: &Path) -> Result<Self, SetupError> {
        let real = follow(path)?;
        let content = match read_bounded(&real, path)? {
            Some(bytes) => Some(String::from_utf8(bytes).map_err(|e| SetupError::NotText {
                path: path.to_owned(),
                byte: e.utf8_error().valid_up_to(),
            })?),
            None => None,
        };
        Ok(Self { path: path.to_owned(), real, content })
    }

    /// The text without its byte order mark; empty when there is no file.
    pub(super) fn text(&self) -> &str {
        let text = self.content.as_deref().unwrap_or_default();
        text.strip_prefix(BOM).unwrap_or(text)
    }

    /// Puts `text` in the file's place, after a backup, keeping its mode and its byte order mark. Returns the backup.
    pub(super) fn replace(&self, text: &str, backups: &Path) -> Result<Option<PathBuf>, SetupError> {
        let new = self.write_beside(text).map_err(|source| self.cannot_write(source))?;
        let backup = match &self.content {
            Some(content) => Some(self.back_up(content, backups)?),
            None => None,
        };
        // Last, so that the moment in which another program's change could be lost is as short as it gets.
        if read_bounded(&self.real, &self.path)?.as_deref() != self.content.as_deref().map(str::as_bytes) {
            return Err(SetupError::Changed { path: self.path.clone() });
        }
        cc_store::persist(new, &self.real).map_err(|error| self.cannot_write(error))?;
        Ok(backup)
    }

    fn cannot_write(&self, source: io::Error) -> SetupError {
        SetupError::Write { path: self.path.clone(), source }
    }

    /// The new content in a file of the same folder, so that it can be renamed into place.
    fn write_beside(&self, text: &str) -> io::Result<NamedTempFile> {
        let folder = self.real.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut new = NamedTempFile::new_in(folder)?;
        if self.content.as_deref().is_some_and(|c| c.starts_with(BOM)) {
            new.write_all(BOM.encode_utf8(&mut [0; 4]).as_bytes())?;
        }
        new.write_all(text.as_bytes())?;
        if self.content.is_some() {
            new.as_file().set_permissions(fs::metadata(&self.real)?.permissions())?;
        }
        new.as_file().sync_all()?;
        Ok(new)
    }

    fn back_up(&self, content: &str, folder: &Path) -> Result<PathBuf, SetupError> {
        write_backup(&self.real, content, folder).map_err(|source| SetupError::Backup {
            path: self.path.clone(),
            folder: folder.to_owned(),
            source,
        })
    }
}

/// The file behind a chain of links, so that a linked dotfile stays a link.
fn follow(path: &Path) -> Result<PathBuf, SetupError> {
    match fs::canonicalize(path) {
        Ok(real) => Ok(real),
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(SetupError::Read { path: path.to_owned(), source: e })
        }
        Err(_) if path.is_symlink() => Err(SetupError::DanglingLink { path: path.to_owned() }),
        Err(_) => Ok(path.to_owned()),
    }
}

fn read_bounded(real: &Path, shown: &Path) -> Result<Option<Vec<u8>>, SetupError> {
    let cannot_read = |source| SetupError::Read { path: shown.to_owned(), source };
    let file = match File::open(real) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(cannot_read(e)),
    };
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(cannot_read)?;
    if bytes.len() as u64 > LIMIT {
        return Err(SetupError::TooLarge { path: shown.to_owned(), limit: LIMIT });
    }
    Ok(Some(bytes))
}

/// A new file named after the original and the moment; it may hold keys of other servers, so it is private.
fn write_backup(original: &Path, content: &str, folder: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let name = original.file_name().unwrap_or_default().to_string_lossy();
    let moment = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%.6fZ");
    let path = folder.join(format!("{}.{moment}", name.trim_start_matches('.')));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(&path)?;
    Ok(path)
}
