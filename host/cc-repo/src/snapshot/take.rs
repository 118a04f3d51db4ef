//! Takes a snapshot: look, read what changed since the last look, store.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    io::{self, Write},
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Snapshot,
    import::{self, Import, MODE_EXECUTABLE, MODE_FILE, MODE_LINK},
    index_blob::IndexBlob,
    listing::{Entry, Fate, Kind, Listing},
    manifest::{Manifest, Modes},
    outside,
    repo_state::{self, Places, Read, empty_tree},
    rules::Rules,
    walk::{Found, Walk, read_rules, stopped},
};
use crate::{Options, Result, git::Git, path::RelPath, place::Place};

/// Where clocks are coarse, a file changed this soon after it was read may look as if it were the same.
const UNSETTLED: Duration = Duration::from_secs(2);

/// What is to be taken, and how.
pub(crate) struct Taking<'a> {
    pub(crate) place: &'a Arc<Place>,
    pub(crate) options: &'a Options,
    /// The rules and repositories of this one hold.
    pub(crate) seen_as: Option<&'a Snapshot>,
    /// Paths whose content is wanted, whatever the rules say.
    pub(crate) also: &'a [RelPath],
    pub(crate) title: &'a str,
}

/// What is to be stored.
struct Content {
    repos: BTreeMap<RelPath, (Places, Read)>,
    outside: Vec<(RelPath, Vec<u8>)>,
    changed: Vec<Entry>,
    deleted: Vec<RelPath>,
    base: Option<String>,
    manifest: Manifest,
    unkept: Vec<Entry>,
    index: Option<IndexBlob>,
}

impl Taking<'_> {
    pub(crate) fn run(&self) -> Result<Snapshot> {
        let started = SystemTime::now();
        let root = RelPath::default();
        let own = if self.root().join(".git").exists() { Some(self.place.repo_at(&root)) } else { None };
        let (own, broken) = match own.transpose() {
            // Files that a worker changed can be taken back also where it broke the repository.
            Err(error) if self.seen_as.is_some() => (None, Some(error)),
            own => (own?, None),
        };
        let rules = self.rules(own.as_ref())?;
        let pinned = self.seen_as.map(|s| &s.manifest.rules);
        let walk = Walk::new(self.root(), self.options, rules, pinned);
        let (found, read) = thread::scope(|scope| {
            let read = own.as_ref().map(|places| scope.spawn(|| repo_state::read(places)));
            let found = walk.run();
            (found, read.map(|read| read.join().map_err(|_| stopped())).transpose())
        });
        let mut found = found?;
        found.incomplete.extend(broken.map(|error| format!("the project's repository: {error}")));
        let repos = self.repos(own.zip(read?.transpose()?), &mut found);
        let hidden = self.decide(&mut found, &repos)?;
        let (kept, unkept) = self.split(std::mem::take(&mut found.entries));
        let (base, last) = self.last_look();
        let (changed, deleted) = compare(&last, &kept);
        let (manifest, outside) = self.manifest(found, hidden, &repos, &kept);
        let index = repos.get(&root).map(|(_, read)| IndexBlob::look(self.place, &read.state));
        let content = Content { repos, outside, changed, deleted, base, manifest, unkept, index };
        let (snapshot, unreadable) = self.store(content)?;
        self.remember(&snapshot, kept, &unreadable, started);
        Ok(snapshot)
    }

    fn root(&self) -> &std::path::Path {
        &self.place.root
    }

    /// The rules outside the tree.
    fn rules(&self, own: Option<&Places>) -> Result<Rules> {
        let user = match self.seen_as {
            Some(snapshot) => snapshot.manifest.rules.user.clone(),
            None => user_rules(own)?,
        };
        let exclude = own.and_then(|places| read_rules(&places.common.join("info/exclude")));
        let repos = exclude.map(|text| (RelPath::default(), text)).into_iter().collect();
        Ok(Rules { user, repos, ..Rules::default() })
    }

    /// The state of every repository. One inside the project may be broken.
    fn repos(&self, own: Option<(Places, Read)>, found: &mut Found) -> BTreeMap<RelPath, (Places, Read)> {
        let mut repos: BTreeMap<_, _> = own.into_iter().map(|own| (RelPath::default(), own)).collect();
        for path in &found.repos {
            let state = self.place.repo_at(path).and_then(|places| Ok((repo_state::read(&places)?, places)));
            match state {
                Ok((read, places)) => drop(repos.insert(path.clone(), (places, read))),
                Err(error) => found.incomplete.push(format!("the repository {path}: {error}")),
            }
        }
        repos
    }

    /// Which files are kept though a rule ignores them: what git tracks, what is asked for, and up to a limit
    /// what only the run's own rules hide. Gives the last.
    fn decide(&self, found: &mut Found, repos: &BTreeMap<RelPath, (Places, Read)>) -> Result<Vec<RelPath>> {
        let wanted = self.wanted(&found.entries)?;
        let (mut hidden, mut room) = (Vec::new(), self.options.max_hidden_files);
        for entry in found.entries.iter_mut().filter(|entry| entry.fate != Fate::Kept) {
            let is_wanted = wanted.contains(&entry.path);
            if is_wanted || is_tracked(&entry.path, repos) && !self.is_as_before(entry) {
                entry.fate = Fate::Kept;
                found.chosen.push(entry.path.clone());
            } else if entry.fate == Fate::Hidden && room > 0 {
                room -= 1;
                entry.fate = Fate::Kept;
                hidden.push(entry.path.clone());
            }
        }
        if found.is_cut {
            self.add_tracked(found, repos);
        }
        Ok(hidden)
    }

    /// Tracked files in ignored folders that were not gone through.
    fn add_tracked(&self, found: &mut Found, repos: &BTreeMap<RelPath, (Places, Read)>) {
        let seen: HashSet<RelPath> = found.entries.iter().map(|entry| entry.path.clone()).collect();
        for (repo, (_, read)) in repos {
            let paths = read.tracked.iter().map(|path| repo.child(path.bytes()));
            for path in paths.filter(|path| !seen.contains(path)) {
                let Ok(meta) = fs::symlink_metadata(path.under(self.root())) else { continue };
                let kind = if meta.is_symlink() { Kind::Link } else { Kind::File };
                if meta.is_symlink() || meta.is_file() {
                    let stat = crate::os::stat(&meta);
                    found.entries.push(Entry { path, kind, fate: Fate::Kept, stat });
                }
            }
        }
    }

    /// Whether the earlier snapshot only looked at the file, and it is as it was.
    fn is_as_before(&self, entry: &Entry) -> bool {
        let before = self.seen_as.and_then(|before| before.unkept.find(&entry.path));
        before.is_some_and(|before| before.stat == entry.stat)
    }

    /// What is kept whatever the rules say: what is asked for, and what the earlier snapshot kept. For what
    /// only the run's rules hide, that needs the whole list.
    fn wanted(&self, entries: &[Entry]) -> Result<HashSet<RelPath>> {
        let mut wanted: HashSet<RelPath> = self.also.iter().cloned().collect();
        let Some(before) = self.seen_as else { return Ok(wanted) };
        wanted.extend(before.manifest.ignored.iter().chain(&before.manifest.hidden).cloned());
        if entries.iter().any(|entry| entry.fate == Fate::Hidden) {
            wanted.extend(before.paths()?);
        }
        Ok(wanted)
    }

    /// What is kept, in order, and what is only looked at.
    fn split(&self, entries: Vec<Entry>) -> (Listing, Vec<Entry>) {
        let limit = self.options.max_file_bytes;
        let (mut kept, mut unkept) = (Vec::new(), Vec::new());
        for mut entry in entries {
            entry.fate = match (entry.fate, entry.kind) {
                (Fate::Kept, Kind::Special) => Fate::Unreadable,
                (Fate::Kept, Kind::File) if entry.stat.size > limit => Fate::TooLarge,
                (fate, _) => fate,
            };
            if entry.fate == Fate::Kept { kept.push(entry) } else { unkept.push(entry) }
        }
        (Listing::sorted(kept), unkept)
    }

    fn manifest(
        &self,
        found: Found,
        hidden: Vec<RelPath>,
        repos: &BTreeMap<RelPath, (Places, Read)>,
        kept: &Listing,
    ) -> (Manifest, Vec<(RelPath, Vec<u8>)>) {
        let links = kept.0.iter().filter(|entry| entry.kind == Kind::Link);
        let leaving =
            links.filter_map(|e| outside::look(self.root(), &e.path).map(|found| (e.path.clone(), found)));
        let (mut targets, mut contents) = (BTreeMap::new(), Vec::new());
        for (link, (target, bytes)) in leaving {
            targets.insert(link.clone(), target);
            contents.push((link, bytes));
        }
        let unread = repos.values().flat_map(|(_, read)| read.incomplete.iter().cloned());
        let manifest = Manifest {
            format: Manifest::FORMAT,
            repos: repos.iter().map(|(path, (_, read))| (path.clone(), read.state.clone())).collect(),
            modes: Modes::of(&kept.0, &found.folders, self.seen_as.map(|s| &s.manifest.modes)),
            rules: found.rules,
            empty: found.empty,
            ignored: found.chosen,
            hidden,
            is_cut: found.is_cut,
            outside: targets,
            incomplete: found.incomplete.into_iter().chain(unread).collect(),
        };
        (manifest, contents)
    }

    /// Writes the commit. Gives it, and what could not be read after all.
    fn store(&self, mut content: Content) -> Result<(Snapshot, Vec<RelPath>)> {
        let scratch = self.place.scratch_ref();
        let args = ["fast-import", "--quiet", "--force", "--done", "--depth=0"];
        let (mut unreadable, content_ref) = (Vec::new(), &mut content);
        let said = self.place.store.feed(&args, |to| {
            unreadable = self.write(to, &scratch, content_ref)?;
            Ok(())
        });
        let _ = fs::remove_file(self.place.store.dir().join(&scratch));
        let said = String::from_utf8_lossy(&said?).into_owned();
        let mut lines = said.lines();
        let tree = lines.next().and_then(|line| line.strip_prefix("040000 tree ")?.split('\t').next());
        let tree = tree.unwrap_or_else(|| empty_tree(&self.place.object_format)).to_owned();
        let index = lines.next().and_then(|line| line.strip_prefix("100644 blob ")?.split('\t').next());
        if let (Some(id), Some(index)) = (index, &content.index) {
            index.remember(id);
        }
        let commit = lines.next().unwrap_or_default().to_owned();
        let (manifest, unkept) = (Arc::new(content.manifest), Arc::new(Listing(content.unkept)));
        let snapshot = Snapshot { place: self.place.clone(), commit, tree, manifest, unkept };
        Ok((snapshot, unreadable))
    }

    fn write(&self, to: &mut dyn Write, scratch: &str, content: &mut Content) -> io::Result<Vec<RelPath>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let own = content.repos.get(&RelPath::default()).filter(|_| self.place.is_own);
        let tips = own.map(|(_, read)| read.tips.as_slice());
        let mut import = Import::begin(to, scratch, self.title, now, tips.unwrap_or_default())?;
        let unreadable = self.write_files(&mut import, content)?;
        for (path, (places, read)) in &content.repos {
            let index =
                content.index.as_ref().filter(|_| path.is_root()).and_then(|index| index.known.as_deref());
            write_repo(&mut import, path, (places, read), self.place.is_own, index)?;
        }
        for (link, bytes) in &content.outside {
            import.bytes(&Snapshot::outside_file(link), MODE_FILE, bytes)?;
        }
        content.unkept.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        import.bytes(&"unkept".into(), MODE_FILE, &Listing(content.unkept.clone()).encode())?;
        import.bytes(&"manifest".into(), MODE_FILE, &serde_json::to_vec(&content.manifest)?)?;
        import.end(&["tree", "repos/r/index"])?;
        Ok(unreadable)
    }

    fn write_files(&self, import: &mut Import<'_>, content: &mut Content) -> io::Result<Vec<RelPath>> {
        let (tree, limit) = (RelPath::from("tree"), self.options.max_file_bytes);
        if let Some(base) = &content.base {
            import.object(&tree, "040000", base)?;
        }
        for path in &content.deleted {
            import.delete(&tree.child(path.bytes()))?;
        }
        let mut unreadable = Vec::new();
        for entry in &content.changed {
            if !import.entry(self.root(), &tree.child(entry.path.bytes()), entry, limit)? {
                unreadable.push(entry.path.clone());
                content.unkept.push(Entry { fate: Fate::Unreadable, ..entry.clone() });
            }
        }
        Ok(unreadable)
    }

    /// The tree that the last snapshot stored and the files it saw, if both are still there.
    fn last_look(&self) -> (Option<String>, Listing) {
        let look = || {
            let bytes = fs::read(self.place.listing()).ok()?;
            let end = bytes.iter().position(|b| *b == b'\n')?;
            let tree = String::from_utf8(bytes[..end].to_vec()).ok()?;
            let listing = Listing::decode(&bytes[end + 1..]).ok()?;
            self.place.store.ask(&["cat-file", "-e", &tree]).ok()??;
            Some((Some(tree), listing))
        };
        look().filter(|(_, listing)| !listing.0.is_empty()).unwrap_or_default()
    }

    /// So that the next snapshot reads only what changed. Without it, it reads everything.
    fn remember(&self, snapshot: &Snapshot, mut kept: Listing, unreadable: &[RelPath], started: SystemTime) {
        let settled = started.checked_sub(UNSETTLED).and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let settled = settled.map_or(0, |t| i64::try_from(t.as_nanos()).unwrap_or(i64::MAX));
        kept.0.retain(|entry| !unreadable.contains(&entry.path));
        for entry in kept.0.iter_mut().filter(|e| e.stat.modified.max(e.stat.changed) >= settled) {
            entry.stat.modified = i64::MIN;
        }
        let mut bytes = format!("{}\n", snapshot.tree).into_bytes();
        bytes.extend(kept.encode());
        let file = self.place.listing();
        let folder = file.parent().unwrap_or(self.root());
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut temp| {
            temp.write_all(&bytes)?;
            Ok(temp.persist(&file)?)
        });
        if written.is_err() {
            let _ = fs::remove_file(&file);
        }
    }
}

fn compare(last: &Listing, kept: &Listing) -> (Vec<Entry>, Vec<RelPath>) {
    let (mut changed, mut deleted) = (Vec::new(), Vec::new());
    for pair in last.differences(kept) {
        match pair {
            (_, Some(entry)) => changed.push(entry.clone()),
            (Some(entry), None) => deleted.push(entry.path.clone()),
            (None, None) => {}
        }
    }
    (changed, deleted)
}

fn is_tracked(path: &RelPath, repos: &BTreeMap<RelPath, (Places, Read)>) -> bool {
    repos.iter().filter(|(repo, _)| path.is_in(repo)).any(|(repo, (_, read))| {
        let skipped = if repo.is_root() { 0 } else { repo.bytes().len() + 1 };
        let inside = path.bytes().get(skipped..).unwrap_or_default();
        read.tracked.binary_search_by(|tracked| tracked.bytes().cmp(inside)).is_ok()
    })
}

fn write_repo(
    import: &mut Import<'_>,
    repo: &RelPath,
    (places, read): (&Places, &Read),
    is_own: bool,
    index: Option<&str>,
) -> io::Result<()> {
    let folder = Snapshot::repo_folder(repo);
    if let Some(id) = index {
        import.object(&folder.child(b"index"), MODE_FILE, id)?;
    } else if let Ok(index) = fs::read(places.own.join("index")) {
        import.bytes(&folder.child(b"index"), MODE_FILE, &index)?;
    }
    for name in &read.state.guarded {
        let at = places.guarded(name);
        let Ok(meta) = fs::symlink_metadata(&at) else { continue };
        let kind = if meta.is_symlink() { Kind::Link } else { Kind::File };
        let Some(bytes) = import::content(&at, kind, meta.len()) else { continue };
        let mode = match (kind, crate::os::stat(&meta).mode & 0o100) {
            (Kind::Link, _) => MODE_LINK,
            (_, 0) => MODE_FILE,
            _ => MODE_EXECUTABLE,
        };
        import.bytes(&folder.child(b"guarded").child(name.bytes()), mode, &bytes)?;
    }
    if is_own && repo.is_root() {
        // Only the index names these; our commit keeps git's housekeeping from them.
        for blob in &read.staged {
            import.object(&folder.child(b"staged").child(blob.as_bytes()), MODE_FILE, blob)?;
        }
    }
    Ok(())
}

/// The user's own ignore file, for all repositories.
fn user_rules(own: Option<&Places>) -> Result<String> {
    let git = own.map_or_else(|| Git::at(crate::os::NULL_DEVICE), |places| places.git.clone());
    let named = git.with_user_config().ask(&["config", "--type=path", "--get", "core.excludesFile"])?;
    let named = named.map(|bytes| std::path::PathBuf::from(String::from_utf8_lossy(&bytes).trim_end()));
    let usual = || {
        let config = std::env::var_os("XDG_CONFIG_HOME").map(std::path::PathBuf::from);
        let home = || std::env::home_dir().map(|home| home.join(".config"));
        config.or_else(home).map(|folder| folder.join("git/ignore"))
    };
    Ok(named.or_else(usual).and_then(|path| read_rules(&path)).unwrap_or_default())
}
