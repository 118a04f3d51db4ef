//! Takes a snapshot: look at everything, decide what is kept, store it.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::SystemTime,
};

use super::{
    Snapshot,
    index_blob::IndexBlob,
    last_look::{self, LastLook},
    listing::{Entry, Fate, Kind, Listing},
    manifest::{Manifest, Modes},
    outside,
    repo_state::{self, Places, Read},
    rules::{Rules, user_rules},
    store::Content,
    walk::{Found, Walk, read_rules, stopped},
};
use crate::{Options, RepoError, Result, os, path::RelPath, place::Place};

/// A repository, and what git says about it.
type Own = (Places, Read);

/// What is to be taken, and how.
pub(crate) struct Taking<'a> {
    pub(crate) place: &'a Arc<Place>,
    pub(crate) options: &'a Options,
    /// The rules and repositories of this one hold.
    pub(crate) seen_as: Option<&'a Snapshot>,
    pub(crate) title: &'a str,
}

impl Taking<'_> {
    pub(crate) fn run(&self) -> Result<Snapshot> {
        let started = SystemTime::now();
        let (mut found, own, last) = self.look()?;
        let repos = self.repos(own, &mut found);
        let hidden = self.decide(&mut found, &repos)?;
        let (kept, unkept) = self.split(std::mem::take(&mut found.entries));
        let (changed, deleted) = last.compare(&kept);
        self.bound(&changed)?;
        let (manifest, outside) = self.manifest(found, hidden, &repos, &kept);
        let own = repos.get(&RelPath::default());
        let index = own.map(|(_, read)| IndexBlob::look(self.place, &read.state));
        let (base, unreadable) = (last.tree, Vec::new());
        let content = Content { repos, outside, changed, deleted, base, manifest, unkept, index, unreadable };
        let (snapshot, unreadable) = content.store(self.place, self.title, self.options.max_file_bytes)?;
        last_look::remember(self.place, &snapshot.tree, kept, &unreadable, started);
        Ok(snapshot)
    }

    /// What a limit leaves out anyway does not count.
    fn bound(&self, changed: &[Entry]) -> Result<()> {
        let sizes =
            changed.iter().map(|entry| entry.stat.size).filter(|size| *size <= self.options.max_file_bytes);
        if sizes.sum::<u64>() <= self.options.max_new_bytes {
            return Ok(());
        }
        let most = format!("{} MB of new files", self.options.max_new_bytes >> 20);
        Err(RepoError::TooLarge { root: self.root().to_owned(), most })
    }

    /// What is there, what git says about it, and what the last snapshot saw: none needs another's answer.
    fn look(&self) -> Result<(Found, Option<Own>, LastLook)> {
        let (own, broken) = self.own()?;
        let rules = self.rules(own.as_ref())?;
        let pinned = self.seen_as.map(|s| &s.manifest.rules);
        let walk = Walk::new(self.root(), self.options, rules, pinned);
        let (found, read, last) = thread::scope(|scope| {
            let read = own.as_ref().map(|places| scope.spawn(|| repo_state::read(places)));
            let last = scope.spawn(|| LastLook::read(self.place));
            (walk.run(), read.map(|read| read.join().map_err(|_| stopped())).transpose(), last.join())
        });
        let mut found = found?;
        found.incomplete.extend(broken.map(|error| format!("the project's repository: {error}")));
        Ok((found, own.zip(read?.transpose()?), last.unwrap_or_default()))
    }

    /// The project's own repository. Files that a worker changed can be taken back also where it broke that.
    fn own(&self) -> Result<(Option<Places>, Option<RepoError>)> {
        if !self.root().join(".git").exists() {
            return Ok((None, None));
        }
        match self.place.repo_at(&RelPath::default()) {
            Err(error) if self.seen_as.is_some() => Ok((None, Some(error))),
            places => Ok((Some(places?), None)),
        }
    }

    fn root(&self) -> &Path {
        &self.place.root
    }

    /// The rules outside the tree.
    fn rules(&self, own: Option<&Places>) -> Result<Rules> {
        let user = match self.seen_as {
            Some(snapshot) => snapshot.manifest.rules.user.clone(),
            None => user_rules(own.map(|places| &places.git))?,
        };
        let exclude = own.and_then(|places| read_rules(&places.common.join("info/exclude")));
        let repos = exclude.map(|text| (RelPath::default(), text)).into_iter().collect();
        Ok(Rules { user, repos, ..Rules::default() })
    }

    /// The state of every repository. One inside the project may be broken.
    fn repos(&self, own: Option<Own>, found: &mut Found) -> BTreeMap<RelPath, Own> {
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

    /// Which files are kept though a rule ignores them: what git tracks, what was kept before, and up to a limit
    /// what only the run's own rules hide. Gives the last.
    fn decide(&self, found: &mut Found, repos: &BTreeMap<RelPath, Own>) -> Result<Vec<RelPath>> {
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
    fn add_tracked(&self, found: &mut Found, repos: &BTreeMap<RelPath, Own>) {
        let seen: HashSet<RelPath> = found.entries.iter().map(|entry| entry.path.clone()).collect();
        for (repo, (_, read)) in repos {
            let paths = read.tracked.iter().map(|path| repo.child(path.bytes()));
            for path in paths.filter(|path| !seen.contains(path)) {
                let Ok(meta) = fs::symlink_metadata(path.under(self.root())) else { continue };
                let kind = if meta.is_symlink() { Kind::Link } else { Kind::File };
                if meta.is_symlink() || meta.is_file() {
                    let stat = os::stat(&meta);
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

    /// What is kept whatever the rules say: what the earlier snapshot kept. For what only the run's rules hide,
    /// that needs the whole list.
    fn wanted(&self, entries: &[Entry]) -> Result<HashSet<RelPath>> {
        let Some(before) = self.seen_as else { return Ok(HashSet::new()) };
        let kept = before.manifest.ignored.iter().chain(&before.manifest.hidden);
        let mut wanted: HashSet<RelPath> = kept.cloned().collect();
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
        repos: &BTreeMap<RelPath, Own>,
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
            // Rules that a run made do not hold for what comes after it either.
            rules: self.seen_as.map_or(found.rules, |s| s.manifest.rules.clone()),
            seen_as: self.seen_as.map(|s| s.id().to_owned()),
            empty: found.empty,
            ignored: found.chosen,
            hidden,
            is_cut: found.is_cut,
            outside: targets,
            incomplete: found.incomplete.into_iter().chain(unread).collect(),
        };
        (manifest, contents)
    }
}

fn is_tracked(path: &RelPath, repos: &BTreeMap<RelPath, Own>) -> bool {
    repos.iter().filter(|(repo, _)| path.is_in(repo)).any(|(repo, (_, read))| {
        let skipped = if repo.is_root() { 0 } else { repo.bytes().len() + 1 };
        let inside = path.bytes().get(skipped..).unwrap_or_default();
        read.tracked.binary_search_by(|tracked| tracked.bytes().cmp(inside)).is_ok()
    })
}
