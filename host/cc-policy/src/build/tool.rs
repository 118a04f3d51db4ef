//! Running the programs that build plugins.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::POLICY_WIT;
use crate::{PolicyError, files};

/// Longest part of a program's output that an error repeats, in bytes.
const SHOWN: usize = 4000;

/// Runs a program to its end; `install` says how to get it when it is not there.
pub(super) fn run(
    mut command: Command,
    name: &str,
    folder: &Path,
    install: &str,
) -> Result<Output, PolicyError> {
    let output = command
        .output()
        .map_err(|error| failed(name, folder, format!("it cannot be started: {error}; {install}")))?;
    if output.status.success() {
        return Ok(output);
    }
    let said =
        String::from_utf8_lossy(if output.stderr.is_empty() { &output.stdout } else { &output.stderr });
    let from = said.char_indices().rev().map(|(at, _)| at).take_while(|at| said.len() - at <= SHOWN).last();
    Err(failed(name, folder, said[from.unwrap_or(0)..].trim().to_owned()))
}

pub(super) fn failed(program: &str, folder: &Path, message: String) -> PolicyError {
    PolicyError::Build { program: program.into(), folder: folder.into(), message }
}

/// The first of these that is there, else the bare name, which the system looks for in its PATH.
pub(super) fn find(places: impl Iterator<Item = PathBuf>, name: &str) -> PathBuf {
    places.map(|place| place.join(name)).find(|path| path.is_file()).unwrap_or_else(|| name.into())
}

/// A folder for what is made on the way, with the contract in `wit/`: the author's copy of it could be of another version.
pub(super) fn workbench() -> Result<tempfile::TempDir, PolicyError> {
    let failed = |source| files::FileError::Io { action: "create", path: std::env::temp_dir(), source };
    let folder = tempfile::tempdir().map_err(failed)?;
    files::write(&folder.path().join("wit/policy.wit"), POLICY_WIT.as_bytes())?;
    Ok(folder)
}

/// What a tool wrote to `name` on the workbench.
pub(super) fn made(
    bench: &tempfile::TempDir,
    name: &str,
    tool: &str,
    folder: &Path,
) -> Result<Vec<u8>, PolicyError> {
    let bytes = files::read(&bench.path().join(name), super::most_bytes())?;
    bytes.ok_or_else(|| failed(tool, folder, "it made no component".into()))
}
