//! What every operation may use.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use cc_policy::{Policy, PolicyConfig};
use cc_profiles::Locations;
use cc_repo::Project;
use cc_store::{Home, Store};

use crate::{ErrorKind, OpError, ProgressSink, watched::Watched};

/// What a process decides once, before its first operation.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where state lives.
    pub home: Home,
    /// Where CC Switch lives.
    pub locations: Locations,
    /// This binary, which also is the supervisor.
    pub exe: PathBuf,
    /// Folder for calls that name none.
    pub workspace: PathBuf,
    /// Who does the work.
    pub worker: WorkerKind,
}

/// Which program the workers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerKind {
    /// Claude Code.
    Claude,
    /// The one inside this binary.
    Demo,
}

/// Handed to every operation. Cheap to clone; nothing is opened or started before it is needed.
#[derive(Clone)]
pub struct Context {
    shared: Arc<Shared>,
    progress: Option<ProgressSink>,
    serves: bool,
}

struct Shared {
    setup: Setup,
    /// One policy host a project, each with its own compiled plugins.
    policies: Mutex<BTreeMap<PathBuf, Arc<Policy>>>,
    store: OnceLock<Arc<Store>>,
    watched: Watched,
    /// The home held nothing when this process began.
    home_was_new: bool,
}

impl Context {
    /// The context of one process.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let holds_something = std::fs::read_dir(setup.home.root()).is_ok_and(|mut all| all.next().is_some());
        let shared = Shared {
            setup,
            policies: Mutex::default(),
            store: OnceLock::new(),
            watched: Watched::default(),
            home_was_new: !holds_something,
        };
        Self { shared: Arc::new(shared), progress: None, serves: false }
    }

    /// The same, with somebody who watches.
    #[must_use]
    pub fn with_progress(mut self, sink: ProgressSink) -> Self {
        self.progress = Some(sink);
        self
    }

    /// The same in a process that outlives each call: what a call leaves under way goes on there.
    #[must_use]
    pub fn serving(mut self) -> Self {
        self.serves = true;
        self
    }

    pub(crate) fn serves(&self) -> bool {
        self.serves
    }

    /// What the process decided.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.shared.setup
    }

    pub(crate) fn home_was_new(&self) -> bool {
        self.shared.home_was_new
    }

    pub(crate) fn progress(&self) -> Option<&ProgressSink> {
        self.progress.as_ref()
    }

    /// What runs add up to, as far as this process has read them.
    pub(crate) fn watched(&self) -> &Watched {
        &self.shared.watched
    }

    pub(crate) fn store(&self) -> Result<Arc<Store>, OpError> {
        if let Some(store) = self.shared.store.get() {
            return Ok(store.clone());
        }
        // Two calls may open it at once; one of the two is kept.
        let opened = Arc::new(Store::open(&self.setup().home)?);
        Ok(self.shared.store.get_or_init(|| opened).clone())
    }

    /// The project of a call: its own `cwd`, else the server's folder.
    pub(crate) fn project(&self, cwd: Option<&str>) -> Result<Project, OpError> {
        let workspace = &self.setup().workspace;
        let folder = cwd.map_or_else(|| workspace.clone(), |cwd| workspace.join(cwd));
        Project::at(&folder).map_err(|error| {
            OpError::new(
                ErrorKind::NotFound,
                error.to_string(),
                "pass 'cwd' as the path of an existing folder",
            )
        })
    }

    /// The policy of a project. Opening one does no I/O and starts no engine.
    pub(crate) fn policy(&self, project: &Path) -> Arc<Policy> {
        let mut policies = self.shared.policies.lock().unwrap_or_else(PoisonError::into_inner);
        policies
            .entry(project.to_owned())
            .or_insert_with(|| {
                let home = self.setup().home.root().to_owned();
                Arc::new(Policy::new(PolicyConfig { home, project: Some(project.to_owned()) }))
            })
            .clone()
    }

    /// Runs what blocks where it holds up no other call.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, OpError> + Send + 'static,
    ) -> Result<T, OpError> {
        let cx = self.clone();
        tokio::task::spawn_blocking(move || work(&cx)).await.unwrap_or_else(|error| {
            Err(OpError::new(
                ErrorKind::State,
                format!("the operation broke off: {error}"),
                "try again; if it stays so, report it with the log file's last lines",
            ))
        })
    }
}
