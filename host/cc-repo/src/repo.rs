//! A project and its snapshots.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cc_domain::RunId;

use crate::{REFS, Result, Snapshot, path::RelPath, place::Place, restore::Aside, snapshot::Taking};

/// What a folder that is no repository may hold.
const MOST_PLAIN_FILES: usize = 100_000;
const MOST_PLAIN_BYTES: u64 = 2 << 30;

/// Which of a run's snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the worker began.
    Before,
    /// After it ended.
    After,
    /// Before the run was rolled back.
    RolledBack,
}

impl Moment {
    /// The last part of its ref.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::RolledBack => "rolled-back",
        }
    }
}

/// What a snapshot holds, and how much.
#[derive(Clone, Debug)]
pub struct Options {
    /// Ignored files that are kept all the same; patterns as in `.gitignore`. In a folder that is ignored as a
    /// whole only patterns with a `/` inside hold.
    pub keep_ignored: Vec<String>,
    /// The largest of them that is kept, bytes.
    pub max_ignored_bytes: u64,
    /// How many other ignored files are watched (by name, size and time); if there are more, none is.
    pub max_ignored_files: usize,
    /// The largest file that is kept, bytes; larger ones are only watched.
    pub max_file_bytes: u64,
    /// How many files a project may have, beside ignored ones; a larger one is refused.
    pub max_files: usize,
    /// How much may have to be read at once, bytes; more is refused.
    pub max_new_bytes: u64,
    /// How many new files are kept that only rules of the run's own making ignore.
    pub max_hidden_files: usize,
}

impl Default for Options {
    fn default() -> Self {
        let kept = [".env*", "*.pem", "*.key", ".npmrc", ".netrc", "*.local.json", "*.local.toml"];
        Self {
            keep_ignored: kept.map(str::to_owned).into(),
            max_ignored_bytes: 1 << 20,
            max_ignored_files: 100_000,
            max_file_bytes: 100 << 20,
            max_files: 2_000_000,
            max_new_bytes: 32 << 30,
            max_hidden_files: 2_000,
        }
    }
}

/// A project whose moments are kept.
#[derive(Clone, Debug)]
pub struct Repo {
    root: PathBuf,
    state: PathBuf,
    place: Arc<Place>,
    options: Options,
}

impl Repo {
    /// The project at `root`. `state` is a folder of ours for this project alone, outside of it: it remembers
    /// what the last snapshot saw, holds the history of a project that is no repository, and what a rollback
    /// moved aside.
    ///
    /// # Errors
    /// When git is missing or too old, or the project's repository is broken.
    pub fn open(root: &Path, state: &Path) -> Result<Self> {
        Self::with(root, state, Options::default())
    }

    /// The same, with other limits.
    ///
    /// # Errors
    /// As [`Repo::open`].
    pub fn with(root: &Path, state: &Path, mut options: Options) -> Result<Self> {
        let is_repository = root.join(".git").exists();
        let place = if is_repository { Place::repository(root, state) } else { Place::shadow(root, state) }?;
        if !is_repository {
            // All of it has to be copied: what is no project (somebody's home) is not.
            options.max_files = options.max_files.min(MOST_PLAIN_FILES);
            options.max_new_bytes = options.max_new_bytes.min(MOST_PLAIN_BYTES);
        }
        Ok(Self { root: root.to_owned(), state: state.to_owned(), place: Arc::new(place), options })
    }

    /// The project's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// Another folder's, with the same limits.
    pub(crate) fn elsewhere(&self, root: &Path, state: &Path, place: Place) -> Self {
        let (root, state) = (root.to_owned(), state.to_owned());
        Self { root, state, place: Arc::new(place), options: self.options.clone() }
    }

    /// Keeps how the project is before a run.
    ///
    /// # Errors
    /// When the project cannot be read or the snapshot not be stored.
    pub fn before(&self, run: &RunId) -> Result<Snapshot> {
        self.take(&self.place, Some((run, Moment::Before)), None)
    }

    /// Keeps how the project is after the run, seen with the ignore rules that held before.
    ///
    /// # Errors
    /// As [`Repo::before`].
    pub fn after(&self, run: &RunId, before: &Snapshot) -> Result<Snapshot> {
        self.take(&before.place, Some((run, Moment::After)), Some(before))
    }

    /// How the project is now, seen as `since` was. No ref keeps it.
    ///
    /// # Errors
    /// As [`Repo::before`].
    pub fn now(&self, since: &Snapshot) -> Result<Snapshot> {
        self.take(&since.place, None, Some(since))
    }

    pub(crate) fn take(
        &self,
        place: &Arc<Place>,
        name: Option<(&RunId, Moment)>,
        seen_as: Option<&Snapshot>,
    ) -> Result<Snapshot> {
        let title = name.map_or("now".to_owned(), |(run, moment)| format!("{run} {}", moment.as_str()));
        let taking = Taking { place, options: &self.options, seen_as, title: &title };
        let snapshot = taking.run()?;
        if let Some((run, moment)) = name {
            let kept = place.refs.run(&["update-ref", &ref_name(run, moment), snapshot.id()]);
            if kept.is_err() && place.repo_at(&RelPath::default()).is_ok() {
                return kept.map(|_| snapshot);
            }
        }
        Ok(snapshot)
    }

    /// A snapshot that was kept under a run's name.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn find(&self, run: &RunId, moment: Moment) -> Result<Snapshot> {
        self.load(&ref_name(run, moment))
    }

    /// A snapshot by its id, which a worker cannot move as it could a ref.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn load(&self, id: &str) -> Result<Snapshot> {
        match Snapshot::load(&self.place, id) {
            // A folder that became a repository meanwhile has its earlier moments in the repository of ours.
            Err(error) if self.state.join("shadow").exists() => {
                let shadow = Arc::new(Place::shadow(&self.root, &self.state)?);
                Snapshot::load(&shadow, id).map_err(|_| error)
            }
            loaded => loaded,
        }
    }

    /// Lets go of a run's snapshots, which git's own housekeeping removes later, and of what its rollback set
    /// aside.
    ///
    /// # Errors
    /// When git or the system refuses.
    pub fn forget(&self, run: &RunId) -> Result<()> {
        for moment in [Moment::Before, Moment::After, Moment::RolledBack] {
            self.drop_ref(&self.place, run, moment)?;
        }
        Aside::of(&self.root, run).empty()
    }

    pub(crate) fn drop_ref(&self, place: &Place, run: &RunId, moment: Moment) -> Result<()> {
        place.refs.run(&["update-ref", "-d", &ref_name(run, moment)]).map(drop)
    }
}

fn ref_name(run: &RunId, moment: Moment) -> String {
    format!("{REFS}runs/{run}/{}", moment.as_str())
}
