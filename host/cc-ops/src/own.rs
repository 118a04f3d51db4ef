//! What is read of a run's folder is the run's own. A link in it was not put there by this program, and leads where no
//! reader of the record should look; a worker that may write in the project can make one.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use cc_domain::Verification;
use cc_store::{RunDir, read_bounded};

use crate::{ErrorKind, OpError};

const MOST_VERIFICATION: u64 = 4 << 20;

/// How a run's task begins, in so many bytes; none where its folder is gone.
pub(crate) fn task(dir: &RunDir, bytes: u64) -> Option<String> {
    let path = dir.prompt();
    check(&path).ok()?;
    let mut beginning = Vec::new();
    File::open(path).ok()?.take(bytes).read_to_end(&mut beginning).ok()?;
    Some(String::from_utf8_lossy(&beginning).into_owned())
}

/// What was verified of a run; none when nobody did, or when it cannot be read.
pub(crate) fn verification(dir: &RunDir) -> Option<Verification> {
    let path = dir.verification();
    check(&path).ok()?;
    serde_json::from_slice(&read_bounded(&path, MOST_VERIFICATION).ok()?).ok()
}

/// Fails where anything in a run's folder is not its own.
pub(crate) fn check_folder(dir: &RunDir) -> Result<(), OpError> {
    let look = || fs::read_dir(dir.path())?.try_for_each(|entry| check(&entry?.path()));
    look().map_err(|error| {
        let hint = "look at the folder before you remove the link: something else made it";
        OpError::new(ErrorKind::State, error.to_string(), hint)
    })
}

fn check(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_symlink() {
        let what = format!("{} is a link, and a run's record has none", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    Ok(())
}
