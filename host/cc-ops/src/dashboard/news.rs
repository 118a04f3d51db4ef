//! Whether anything changed, looked at cheaply: one number of the database, and the sizes of a few files.

use std::collections::{BTreeMap, BTreeSet};

use cc_domain::RunId;
use cc_store::{RunDir, RunFilter};

use super::Dashboard;
use crate::{OpError, watched};

/// Active runs whose events are watched; the newest.
const MOST_WATCHED: u32 = 200;

/// What is new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The index: a run began, ended or was changed, or a team, job or decision was.
    pub index: bool,
    /// Runs with new events.
    pub runs: BTreeSet<RunId>,
}

impl Change {
    /// Nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.index && self.runs.is_empty()
    }

    /// It concerns a page of that run; a page of no run shows them all.
    #[must_use]
    pub fn concerns(&self, run: Option<&RunId>) -> bool {
        self.index || run.is_none_or(|run| self.runs.contains(run))
    }
}

/// One watcher of a home, however many pages look at it.
pub struct News {
    dashboard: Dashboard,
    version: Option<i64>,
    runs: BTreeMap<RunId, (RunDir, u64)>,
}

impl News {
    /// From now on.
    #[must_use]
    pub fn new(dashboard: Dashboard) -> Self {
        Self { dashboard, version: None, runs: BTreeMap::new() }
    }

    /// What is new since the last look. Runs that ended in between are looked at once more.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn look(&mut self) -> Result<Change, OpError> {
        let Some(store) = self.dashboard.store()? else { return Ok(Change::default()) };
        let mut change = Change::default();
        for (id, (dir, seen)) in &mut self.runs {
            let size = watched::size(dir);
            if size != *seen {
                *seen = size;
                change.runs.insert(id.clone());
            }
        }
        // Our own connection's writes do not count, and need not: they follow from what is looked at here.
        let version = store.data_version()?;
        if self.version != Some(version) {
            change.index = self.version.is_some();
            self.version = Some(version);
            self.watch_active()?;
        }
        Ok(change)
    }

    fn watch_active(&mut self) -> Result<(), OpError> {
        let Some(store) = self.dashboard.store()? else { return Ok(()) };
        let active = RunFilter { active: Some(true), limit: MOST_WATCHED, ..RunFilter::default() };
        let rows = store.list_runs(&active)?;
        self.runs.retain(|id, _| rows.iter().any(|row| row.run_id == *id));
        for row in rows {
            let dir = RunDir::at(&row.run_dir);
            self.runs.entry(row.run_id).or_insert_with(|| {
                let size = watched::size(&dir);
                (dir, size)
            });
        }
        Ok(())
    }
}
