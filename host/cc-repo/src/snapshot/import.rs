//! Writes a snapshot into the object store: the language of `git fast-import`.
//!
//! Fast-import stores bytes as they come, through no filter and no conversion, packs many objects into one
//! file, and rewrites only the folders on the way to what changed. It needs no index and no working tree.

use std::{
    fs::File,
    io::{self, Read as _, Write},
    path::Path,
};

use crate::{
    os,
    path::RelPath,
    snapshot::listing::{Entry, Kind},
};

pub(crate) const MODE_FILE: &str = "100644";
pub(crate) const MODE_EXECUTABLE: &str = "100755";
pub(crate) const MODE_LINK: &str = "120000";

/// A commit on its way into the store.
pub(crate) struct Import<'a> {
    to: &'a mut dyn Write,
}

impl<'a> Import<'a> {
    /// Begins a commit on a ref that is only used for this.
    pub(crate) fn begin(
        to: &'a mut dyn Write,
        scratch: &str,
        title: &str,
        now: u64,
        parents: &[String],
    ) -> io::Result<Self> {
        writeln!(to, "commit {scratch}\nmark :1")?;
        writeln!(to, "committer cc-orchestrator <> {now} +0000\ndata {}\n{title}", title.len())?;
        for parent in parents {
            writeln!(to, "merge {parent}")?;
        }
        Ok(Self { to })
    }

    pub(crate) fn delete(&mut self, path: &RelPath) -> io::Result<()> {
        writeln!(self.to, "D {}", path.quoted())
    }

    /// A blob or tree that the store already has.
    pub(crate) fn object(&mut self, path: &RelPath, mode: &str, id: &str) -> io::Result<()> {
        writeln!(self.to, "M {mode} {id} {}", path.quoted())
    }

    pub(crate) fn bytes(&mut self, path: &RelPath, mode: &str, bytes: &[u8]) -> io::Result<()> {
        writeln!(self.to, "M {mode} inline {}\ndata {}", path.quoted(), bytes.len())?;
        self.to.write_all(bytes)?;
        self.to.write_all(b"\n")
    }

    /// A file of the project. Says no when it cannot be read; what an earlier snapshot had is gone then.
    pub(crate) fn entry(&mut self, root: &Path, to: &RelPath, entry: &Entry, limit: u64) -> io::Result<bool> {
        match content(&entry.path.under(root), entry.kind, limit) {
            Some(bytes) => self.bytes(to, mode(entry), &bytes).map(|()| true),
            None => self.delete(to).map(|()| false),
        }
    }

    /// Ends the commit and asks for its id and for those of these folders.
    pub(crate) fn end(self, folders: &[&str]) -> io::Result<()> {
        writeln!(self.to)?;
        for folder in folders {
            writeln!(self.to, "ls :1 \"{folder}\"")?;
        }
        writeln!(self.to, "get-mark :1\ndone")
    }
}

pub(crate) fn mode(entry: &Entry) -> &'static str {
    match (entry.kind, entry.is_executable()) {
        (Kind::Link, _) => MODE_LINK,
        (_, true) => MODE_EXECUTABLE,
        (_, false) => MODE_FILE,
    }
}

/// What a file or link holds, unless it is gone, unreadable or larger than the limit.
pub(crate) fn content(at: &Path, kind: Kind, limit: u64) -> Option<Vec<u8>> {
    if kind == Kind::Link {
        return os::link_target(at).ok();
    }
    let mut bytes = Vec::new();
    File::open(at).ok()?.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}
