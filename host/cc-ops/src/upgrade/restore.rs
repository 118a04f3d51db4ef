//! Accepting an upgrade after a copy of everything, and going back to that copy.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cc_store::{Home, create_private_dir, schema, write_atomic};
use serde::{Deserialize, Serialize};

use super::{inventory, record};
use crate::{Context, ErrorKind, OpError};

const POINT: &str = "upgrade.json";

/// A copy of the user's files, made before an upgrade was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Point {
    /// The version that was accepted before, as its record is named; none: it kept no record.
    from: Option<String>,
    /// That of `state.db` then.
    schema: u32,
}

/// What going back came to.
pub(crate) struct WentBack {
    /// Files that are as they were again.
    pub(crate) restored: Vec<String>,
    /// Where those that were there are kept now, and the database's copy.
    pub(crate) kept: Vec<PathBuf>,
    /// The version that is accepted again.
    pub(crate) to: Option<String>,
}

/// Copies the user's files into a folder of `backups/`, brings `state.db` to this version (which copies it first), and
/// accepts the state as it is. Gives the folder.
pub(crate) fn apply(cx: &Context) -> Result<PathBuf, OpError> {
    let home = &cx.setup().home;
    let found = schema::found(home)?;
    let from = record::accepted(home);
    let before = from.as_deref().and_then(|name| record::Record::read(home, name));
    // A version that kept no record has left its database; this one may have brought that up already.
    let schema =
        before.map(|record| record.schema).or_else(|| migrated_from(home)).or(found.map(|f| f.version));
    let point = Point { schema: schema.unwrap_or(1), from };
    let folder = free(home, "upgrade")?;
    copy_files(home, &folder.join("files")).map_err(|error| failed("copied", &error))?;
    write_atomic(&folder.join(POINT), &serde_json::to_vec(&point).unwrap_or_default())?;
    cx.store()?;
    record::note(cx)?;
    record::accept(home, record::own_name())?;
    Ok(folder)
}

/// The version that the database had before it was brought up last, as the copy made then is named.
fn migrated_from(home: &Home) -> Option<u32> {
    let names = fs::read_dir(home.backups()).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut copies: Vec<(String, u32)> = names
        .filter_map(|name| {
            let name = name.into_string().ok()?;
            let version = name.strip_suffix(".db")?.rsplit_once("-state-")?.1.parse().ok()?;
            Some((name, version))
        })
        .collect();
    copies.sort();
    copies.pop().map(|(_, version)| version)
}

/// Brings the user's files and the database's version back to what the newest upgrade found. What is there now is kept.
pub(crate) fn go_back(home: &Home) -> Result<WentBack, OpError> {
    let (folder, point) = newest(home)?;
    let files = folder.join("files");
    let aside = free(home, "rollback")?;
    let mut back = WentBack { restored: Vec::new(), kept: Vec::new(), to: point.from.clone() };
    restore_files(home, &files, &aside, &mut back).map_err(|error| failed("restored", &error))?;
    back.kept.push(aside);
    if schema::found(home)?.is_some_and(|found| found.version > point.schema) {
        back.kept.push(schema::take_back(home, point.schema)?);
    }
    match &point.from {
        Some(name) => record::accept(home, name)?,
        None => record::accept(home, "")?,
    }
    fs::rename(folder.join(POINT), folder.join("upgrade.undone.json"))
        .map_err(|error| failed("marked as undone", &error))?;
    Ok(back)
}

fn restore_files(home: &Home, files: &Path, aside: &Path, back: &mut WentBack) -> io::Result<()> {
    for path in inventory::paths(&Home::at(files))? {
        let name = path.strip_prefix(files).unwrap_or(&path).to_owned();
        let target = home.root().join(&name);
        if fs::read(&path)? == fs::read(&target).unwrap_or_default() && target.exists() {
            continue;
        }
        if target.exists() {
            let kept = aside.join(&name);
            fs::create_dir_all(kept.parent().unwrap_or(aside))?;
            fs::copy(&target, kept)?;
        }
        fs::create_dir_all(target.parent().unwrap_or(home.root()))?;
        write_atomic(&target, &fs::read(&path)?).map_err(io::Error::other)?;
        back.restored.push(inventory::name(home, &target));
    }
    Ok(())
}

/// The newest copy that was not gone back to yet.
fn newest(home: &Home) -> Result<(PathBuf, Point), OpError> {
    let mut folders: Vec<PathBuf> = fs::read_dir(home.backups())
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join(POINT).is_file())
        .collect();
    folders.sort();
    let found = folders.pop().and_then(|folder| {
        let point = serde_json::from_slice(&fs::read(folder.join(POINT)).ok()?).ok()?;
        Some((folder, point))
    });
    found.ok_or_else(|| {
        OpError::new(
            ErrorKind::NotFound,
            "no upgrade was accepted here that could be taken back",
            "cc_upgrade_check with apply makes the copy that a rollback needs; older copies are in the backups folder",
        )
    })
}

fn copy_files(home: &Home, to: &Path) -> io::Result<()> {
    create_private_dir(to).map_err(io::Error::other)?;
    for path in inventory::paths(home)? {
        let target = to.join(path.strip_prefix(home.root()).unwrap_or(&path));
        create_private_dir(target.parent().unwrap_or(to)).map_err(io::Error::other)?;
        fs::copy(&path, &target)?;
    }
    Ok(())
}

fn free(home: &Home, what: &str) -> Result<PathBuf, OpError> {
    let folder = home.free_backup(what)?;
    create_private_dir(&folder)?;
    Ok(folder)
}

fn failed(what: &str, error: &io::Error) -> OpError {
    OpError::new(
        ErrorKind::State,
        format!("the user's files cannot be {what}: {error}"),
        "nothing was accepted; free some space or check the folder's permissions, then call again",
    )
}
