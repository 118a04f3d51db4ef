//! A file of the user's in a project: read whole, replaced whole, and only where it is the one that was read.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use cc_store::read_bounded;

use crate::{ErrorKind, OpError};

/// What people write and models read is far smaller.
const MOST_BYTES: u64 = 1 << 20;

/// A file as it was read; perhaps there is none yet.
pub(crate) struct UserFile {
    /// Where the bytes are: behind links, inside the project.
    pub(crate) path: PathBuf,
    /// None: there is no file.
    pub(crate) content: Option<Vec<u8>>,
}

impl UserFile {
    /// Reads `path`, which is to be a file below `root` when its links are followed.
    pub(crate) fn read(path: &Path, root: &Path) -> Result<Self, OpError> {
        let real = match path.symlink_metadata() {
            Ok(_) => behind_links(path, root)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(failed("read", path, &error)),
        };
        let content = read(&real)?;
        Ok(Self { path: real, content })
    }

    /// Puts `content` in its place. Its permissions stay; a new file has the usual ones.
    pub(crate) fn replace(&self, content: &[u8]) -> Result<(), OpError> {
        let new = self.write_beside(content).map_err(|error| failed("write", &self.path, &error))?;
        // Last, so that the moment in which somebody's edit could be lost is as short as it gets.
        if read(&self.path)? != self.content {
            let message = format!("{} was changed while it was being edited", self.path.display());
            return Err(OpError::new(ErrorKind::State, message, "nothing was written; call again"));
        }
        cc_store::persist(new, &self.path).map_err(|error| failed("replace", &self.path, &error))
    }

    /// A copy beside it, under a name of its own that begins with `name`.
    pub(crate) fn back_up(&self, name: &str) -> Result<Option<PathBuf>, OpError> {
        let Some(content) = &self.content else { return Ok(None) };
        let path = self.path.with_file_name(name);
        let mut file = self.write_beside(content).map_err(|error| failed("back up", &self.path, &error))?;
        file.flush().map_err(|error| failed("back up", &self.path, &error))?;
        file.persist_noclobber(&path).map_err(|error| failed("write", &path, &error.error))?;
        Ok(Some(path))
    }

    fn write_beside(&self, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut new =
            tempfile::Builder::new().prefix(".writing-").make_in(folder, |at| File::create_new(at))?;
        new.write_all(content)?;
        if self.content.is_some() {
            fs::set_permissions(new.path(), fs::metadata(&self.path)?.permissions())?;
        }
        new.as_file().sync_all()?;
        Ok(new)
    }
}

fn behind_links(path: &Path, root: &Path) -> Result<PathBuf, OpError> {
    let real = path.canonicalize().map_err(|error| {
        let message = format!("{} is a link that leads nowhere: {error}", path.display());
        OpError::new(ErrorKind::InvalidInput, message, "remove the link, or make the file it names")
    })?;
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    if !real.starts_with(&root) {
        let message = format!("{} is a link to {}, outside the project", path.display(), real.display());
        return Err(OpError::new(
            ErrorKind::Denied,
            message,
            "edit that file yourself, or replace the link by a file",
        ));
    }
    Ok(real)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, OpError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, &error)),
        Ok(meta) if meta.is_file() => Ok(Some(read_bounded(path, MOST_BYTES)?)),
        Ok(_) => Err(OpError::invalid(format!("{} is no file", path.display()), "move it out of the way")),
    }
}

fn failed(action: &str, path: &Path, error: &io::Error) -> OpError {
    let message = format!("cannot {action} {}: {error}", path.display());
    OpError::new(ErrorKind::State, message, "check the folder's permissions and free space, then call again")
}
