//! A moment of a project.
//!
//! The commit of a snapshot holds `tree/` (the files), `repos/<folder>/` (index and guarded files of each
//! repository), `outside/` (what links out of the project lead to), `unkept` (files that were only looked
//! at) and `manifest` (everything else).

pub(crate) mod import;
mod index_blob;
mod last_look;
pub(crate) mod listing;
pub(crate) mod manifest;
mod outside;
pub(crate) mod repo_state;
mod rules;
mod store;
mod take;
mod walk;

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    sync::Arc,
};

pub(crate) use take::Taking;

use self::{listing::Listing, manifest::Manifest, repo_state::empty_tree};
use crate::{RepoError, Result, objects, os, path::RelPath, place::Place};

/// How a project was at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) place: Arc<Place>,
    pub(crate) commit: String,
    /// The files' tree.
    pub(crate) tree: String,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) unkept: Arc<Listing>,
}

impl Snapshot {
    /// Names it for ever: the id of its commit.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.commit
    }

    /// What was not looked at, in sentences.
    #[must_use]
    pub fn incomplete(&self) -> &[String] {
        &self.manifest.incomplete
    }

    pub(crate) fn load(place: &Arc<Place>, name: &str) -> Result<Self> {
        let missing = || RepoError::NoSnapshot { name: name.to_owned(), root: place.root.clone() };
        let is_id = name.len() >= 40 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let git = if is_id { &place.store } else { &place.refs };
        let commit = git.ask(&["rev-parse", "-q", "--verify", &format!("{name}^{{commit}}")])?;
        let commit = String::from_utf8_lossy(&commit.ok_or_else(missing)?).trim_end().to_owned();
        let manifest = place.object(&format!("{commit}:manifest"))?;
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|e| RepoError::Corrupt { what: "the manifest of a snapshot", reason: e.to_string() })?;
        if manifest.format > Manifest::FORMAT {
            let reason = format!("it has format {}, of a newer version", manifest.format);
            return Err(RepoError::Corrupt { what: "the manifest of a snapshot", reason });
        }
        let tree = place.store.ask(&["rev-parse", "-q", "--verify", &format!("{commit}:tree")])?;
        let tree = tree.map(|id| String::from_utf8_lossy(&id).trim_end().to_owned());
        let tree = tree.unwrap_or_else(|| empty_tree(&place.object_format).to_owned());
        let unkept = Listing::decode(&place.object(&format!("{commit}:unkept"))?)?;
        let (place, manifest, unkept) = (place.clone(), Arc::new(manifest), Arc::new(unkept));
        Ok(Self { place, commit, tree, manifest, unkept })
    }

    /// Every path it holds.
    pub(crate) fn paths(&self) -> Result<Vec<RelPath>> {
        let listed =
            self.place.store.run(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", &self.tree])?;
        Ok(listed.split(|b| *b == 0).filter(|path| !path.is_empty()).map(RelPath::new).collect())
    }

    /// Whether it holds this file.
    pub(crate) fn has(&self, path: &RelPath) -> bool {
        let mut name = OsString::from(format!("{}:", self.tree));
        name.push(os::path_of(path.bytes()).as_os_str());
        let args = [OsStr::new("rev-parse"), OsStr::new("-q"), OsStr::new("--verify"), &name];
        matches!(self.place.store.ask(&args), Ok(Some(_)))
    }

    /// Gives the content of each of these files, as [`cc_domain::FileChange`] names them, to `each`: raw bytes,
    /// also of files that git ignores. Says which it could not give, because they are not there, not kept or
    /// larger than `max_bytes`.
    ///
    /// # Errors
    /// When git cannot read them.
    pub fn contents(
        &self,
        paths: &[String],
        max_bytes: u64,
        mut each: impl FnMut(&str, &[u8]),
    ) -> Result<Vec<String>> {
        let (store, blobs) = (&self.place.store, self.blobs()?);
        let blob = |path: &String| Some((blobs.get(&RelPath::parse(path)?)?.clone(), path.clone()));
        let known: Vec<(String, String)> = paths.iter().filter_map(blob).collect();
        let sizes = objects::sizes(store, known.iter().map(|(id, _)| id.as_str()))?;
        let fitting = known.into_iter().zip(sizes).filter(|(_, size)| *size <= max_bytes);
        let wanted: Vec<(String, String)> = fitting.map(|(file, _)| file).collect();
        objects::for_each(store, &wanted, |path, bytes| {
            each(path, bytes);
            Ok(())
        })?;
        let given: HashSet<&String> = wanted.iter().map(|(_, path)| path).collect();
        Ok(paths.iter().filter(|path| !given.contains(path)).cloned().collect())
    }

    fn blobs(&self) -> Result<HashMap<RelPath, String>> {
        let listed = self.place.store.run(&["ls-tree", "-r", "-z", "--full-tree", &self.tree])?;
        let entry = |line: &[u8]| {
            let tab = line.iter().position(|b| *b == b'\t')?;
            let about = String::from_utf8_lossy(&line[..tab]).into_owned();
            Some((RelPath::new(&line[tab + 1..]), about.split(' ').nth(2)?.to_owned()))
        };
        Ok(listed.split(|b| *b == 0).filter_map(entry).collect())
    }

    /// The name of a repository's folder in a snapshot's commit.
    pub(crate) fn repo_folder(repo: &RelPath) -> RelPath {
        RelPath::from("repos").child(&one_name(repo))
    }

    pub(crate) fn outside_file(link: &RelPath) -> RelPath {
        RelPath::from("outside").child(&one_name(link))
    }
}

/// A path as one name.
fn one_name(path: &RelPath) -> Vec<u8> {
    let mut name = b"r".to_vec();
    for byte in path.bytes() {
        match byte {
            b'/' => name.extend(b"%2f"),
            b'%' => name.extend(b"%25"),
            _ => name.push(*byte),
        }
    }
    name
}
