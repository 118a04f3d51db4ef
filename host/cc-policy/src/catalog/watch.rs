//! Noticing that the files a catalog was read from have changed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{keys, lock, project, trust};
use crate::{engine::digest, files};

/// Files and what they looked like.
#[derive(Debug)]
pub(crate) struct Watch(Vec<(PathBuf, Seen)>);

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// A small file, by its content: two changes can fall into one tick of the file system's clock.
    Text(Option<String>),
    /// A larger file or a folder, by time and length. Bytes of components are checked again when they load.
    Stat(Option<(SystemTime, u64)>),
}

impl Watch {
    /// Starts before the files are read, so that no change falls between.
    pub(super) fn start(home: &Path, project: Option<&Path>) -> Self {
        let mut paths = vec![lock::path(home), keys::path(home)];
        if let Some(project) = project {
            paths.push(trust::path(home));
            // Both, since the inner folder's making is a change of the outer one.
            let plugins = project::folder(project);
            paths.extend(plugins.parent().map(Path::to_path_buf));
            paths.push(plugins);
        }
        Self(paths.into_iter().map(seen).collect())
    }

    pub(super) fn add(&mut self, path: PathBuf) {
        self.0.push(seen(path));
    }

    pub(super) fn is_unchanged(&self) -> bool {
        self.0.iter().all(|(path, before)| look(path) == *before)
    }
}

fn seen(path: PathBuf) -> (PathBuf, Seen) {
    let now = look(&path);
    (path, now)
}

fn look(path: &Path) -> Seen {
    let is_text = path.extension().is_some_and(|end| end == "toml" || end == "lock");
    if is_text {
        return Seen::Text(files::read(path, files::MAX_TEXT).ok().flatten().map(|bytes| digest(&bytes)));
    }
    let stat = fs::metadata(path).ok();
    Seen::Stat(stat.and_then(|stat| Some((stat.modified().ok()?, stat.len()))))
}
