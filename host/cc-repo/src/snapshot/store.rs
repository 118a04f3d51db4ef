//! Stores a snapshot: one commit, written in one go.

use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    Snapshot,
    import::{self, Import, MODE_EXECUTABLE, MODE_FILE, MODE_LINK},
    index_blob::IndexBlob,
    listing::{Entry, Fate, Kind, Listing},
    manifest::Manifest,
    repo_state::{Places, Read, empty_tree},
};
use crate::{Result, os, path::RelPath, place::Place};

/// What is to be stored.
pub(crate) struct Content {
    pub(crate) repos: BTreeMap<RelPath, (Places, Read)>,
    pub(crate) outside: Vec<(RelPath, Vec<u8>)>,
    pub(crate) changed: Vec<Entry>,
    pub(crate) deleted: Vec<RelPath>,
    pub(crate) base: Option<String>,
    pub(crate) manifest: Manifest,
    pub(crate) unkept: Vec<Entry>,
    pub(crate) index: Option<IndexBlob>,
    /// What turns out not to be readable.
    pub(crate) unreadable: Vec<RelPath>,
}

impl Content {
    /// Writes the commit. Gives it, and what could not be read after all; files larger than `limit` are that.
    pub(crate) fn store(
        mut self,
        place: &Arc<Place>,
        title: &str,
        limit: u64,
    ) -> Result<(Snapshot, Vec<RelPath>)> {
        let scratch = place.scratch_ref();
        let args = ["fast-import", "--quiet", "--force", "--done", "--depth=0"];
        let this = &mut self;
        let said = place.store.feed(&args, |to| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let own = this.repos.get(&RelPath::default()).filter(|_| place.is_own);
            let tips = own.map(|(_, read)| read.tips.as_slice()).unwrap_or_default();
            let import = Import::begin(to, &scratch, title, now, tips)?;
            this.write(import, place, limit)
        });
        let _ = fs::remove_file(place.store.dir().join(&scratch));
        Ok(self.stored(place, &String::from_utf8_lossy(&said?)))
    }

    /// From what git said: the files' tree, the index, the commit.
    fn stored(self, place: &Arc<Place>, said: &str) -> (Snapshot, Vec<RelPath>) {
        let mut lines = said.lines();
        let mut id = |kind: &str| lines.next().and_then(|line| line.strip_prefix(kind)?.split('\t').next());
        let tree = id("040000 tree ").unwrap_or_else(|| empty_tree(&place.object_format)).to_owned();
        if let (Some(id), Some(index)) = (id("100644 blob "), &self.index) {
            index.remember(id);
        }
        let commit = id("").unwrap_or_default().to_owned();
        let (manifest, unkept) = (Arc::new(self.manifest), Arc::new(Listing(self.unkept)));
        (Snapshot { place: place.clone(), commit, tree, manifest, unkept }, self.unreadable)
    }

    fn write(&mut self, mut import: Import<'_>, place: &Place, limit: u64) -> io::Result<()> {
        self.write_files(&mut import, &place.root, limit)?;
        let known = self.index.as_ref().and_then(|index| index.known.as_deref());
        for (path, (places, read)) in &self.repos {
            write_index(&mut import, path, places, known.filter(|_| path.is_root()))?;
            write_guarded(&mut import, path, places, read)?;
            if place.is_own && path.is_root() {
                write_staged(&mut import, path, read)?;
            }
        }
        for (link, bytes) in &self.outside {
            import.bytes(&Snapshot::outside_file(link), MODE_FILE, bytes)?;
        }
        self.unkept.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        import.bytes(&"unkept".into(), MODE_FILE, &Listing(self.unkept.clone()).encode())?;
        import.bytes(&"manifest".into(), MODE_FILE, &serde_json::to_vec(&self.manifest)?)?;
        import.end(&["tree", "repos/r/index"])
    }

    fn write_files(&mut self, import: &mut Import<'_>, root: &Path, limit: u64) -> io::Result<()> {
        let tree = RelPath::from("tree");
        if let Some(base) = &self.base {
            import.object(&tree, "040000", base)?;
        }
        for path in &self.deleted {
            import.delete(&tree.child(path.bytes()))?;
        }
        for entry in &self.changed {
            if !import.entry(root, &tree.child(entry.path.bytes()), entry, limit)? {
                self.unreadable.push(entry.path.clone());
                self.unkept.push(Entry { fate: Fate::Unreadable, ..entry.clone() });
            }
        }
        Ok(())
    }
}

fn write_index(
    import: &mut Import<'_>,
    repo: &RelPath,
    places: &Places,
    known: Option<&str>,
) -> io::Result<()> {
    let to = Snapshot::repo_folder(repo).child(b"index");
    if let Some(id) = known {
        return import.object(&to, MODE_FILE, id);
    }
    match fs::read(places.own.join("index")) {
        Ok(index) => import.bytes(&to, MODE_FILE, &index),
        Err(_) => Ok(()),
    }
}

fn write_guarded(import: &mut Import<'_>, repo: &RelPath, places: &Places, read: &Read) -> io::Result<()> {
    let folder = Snapshot::repo_folder(repo).child(b"guarded");
    for name in &read.state.guarded {
        let at = places.guarded(name);
        let Ok(meta) = fs::symlink_metadata(&at) else { continue };
        let kind = if meta.is_symlink() { Kind::Link } else { Kind::File };
        let Some(bytes) = import::content(&at, kind, meta.len()) else { continue };
        let mode = match (kind, os::stat(&meta).mode & 0o100) {
            (Kind::Link, _) => MODE_LINK,
            (_, 0) => MODE_FILE,
            _ => MODE_EXECUTABLE,
        };
        import.bytes(&folder.child(name.bytes()), mode, &bytes)?;
    }
    Ok(())
}

/// Only the index names these; our commit keeps git's housekeeping from them.
fn write_staged(import: &mut Import<'_>, repo: &RelPath, read: &Read) -> io::Result<()> {
    let folder = Snapshot::repo_folder(repo).child(b"staged");
    read.staged.iter().try_for_each(|blob| import.object(&folder.child(blob.as_bytes()), MODE_FILE, blob))
}
