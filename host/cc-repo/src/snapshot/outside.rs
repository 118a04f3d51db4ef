//! Symbolic links that lead out of the project, and what is there.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{os, path::RelPath};

const MAX_BYTES: u64 = 1 << 20;
const MAX_LISTED: usize = 1_000;

/// Where a link leads that leaves the project, and what it leads to: the bytes of a small file, the names,
/// sizes and times of a folder's entries.
pub(crate) fn look(root: &Path, link: &RelPath) -> Option<(String, Vec<u8>)> {
    let at = link.under(root);
    let target = fs::canonicalize(&at).unwrap_or_else(|_| by_name(&at));
    let plain_root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    (!target.starts_with(plain_root)).then(|| (target.to_string_lossy().into_owned(), describe(&target)))
}

/// A link to nothing: where its text points.
fn by_name(link: &Path) -> PathBuf {
    let text = fs::read_link(link).unwrap_or_default();
    let mut path = link.parent().and_then(|folder| fs::canonicalize(folder).ok()).unwrap_or_default();
    for part in text.components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

fn describe(target: &Path) -> Vec<u8> {
    match fs::metadata(target) {
        Ok(meta) if meta.is_file() && meta.len() <= MAX_BYTES => {
            fs::read(target).unwrap_or_else(|e| e.to_string().into_bytes())
        }
        Ok(meta) if meta.is_dir() => list(target).into_bytes(),
        Ok(meta) => format!("{:?}", os::stat(&meta)).into_bytes(),
        Err(_) => b"nothing".to_vec(),
    }
}

fn list(folder: &Path) -> String {
    let children = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut lines: Vec<String> = children
        .filter_map(|child| Some((child.file_name(), os::stat(&child.metadata().ok()?))))
        .map(|(name, stat)| format!("{name:?} {} {}\n", stat.size, stat.modified))
        .collect();
    lines.sort_unstable();
    lines.truncate(MAX_LISTED);
    lines.concat()
}
