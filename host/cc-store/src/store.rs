//! The store: folders and rows together.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use cc_domain::{CostGuard, Event, EventBody, RunId, RunRecord, RunStatus, TeamId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;

use crate::{
    Claim, CreatedRun, FileLock, Home, Result, RunDir, RunFilter, RunSummary, StoreError, db,
    events::event_line,
    ledger::payer,
    liveness::{as_lost, is_attended},
    queue, runs, write_atomic,
};

/// On what terms a run may start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    /// The limits it is to stay within.
    pub guard: Option<&'a CostGuard>,
    /// The claim on the queued job that it is an attempt of.
    pub claim: Option<&'a Claim>,
}

/// The user's state. Cheap to open; safe to share between threads and processes.
#[derive(Debug)]
pub struct Store {
    home: Home,
    db: Mutex<Connection>,
}

impl Store {
    /// Opens the home's database, creating or upgrading it first.
    ///
    /// # Errors
    /// When it cannot be created, or was made by a newer version.
    pub fn open(home: &Home) -> Result<Self> {
        Ok(Self { home: home.clone(), db: Mutex::new(db::open(home)?) })
    }

    /// From now on takes little memory, for a process that lives long and asks little.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn keep_small(&self) -> Result<()> {
        self.sql("open", |db| db.pragma_update(None, "cache_size", -256))
    }

    /// The home it was opened in.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Writes the run's folder and then its row; nothing may be spawned for it before.
    ///
    /// `prompt` is kept as given, so it must be redacted. The run counts as starting for as long as the
    /// returned value lives.
    ///
    /// # Errors
    /// When the folder or the row cannot be written; no half of it is left then.
    pub fn create_run(&self, record: &RunRecord, prompt: &str) -> Result<CreatedRun> {
        self.create_run_on(record, prompt, &Terms::default())
    }

    /// The same on terms. However many processes start runs at once, they never start more than the cost guard allows,
    /// and a claimed job never has two.
    ///
    /// # Errors
    /// [`StoreError::OverLimit`], when the claim was lost or its profile is full, and those of [`Store::create_run`];
    /// nothing of the run is left then.
    pub fn create_run_on(&self, record: &RunRecord, prompt: &str, terms: &Terms<'_>) -> Result<CreatedRun> {
        if let Some(guard) = terms.guard {
            // A start that is bound to be refused does not even touch the project.
            self.admit(payer(record), guard, 1)?;
        }
        let dir = RunDir::of(&record.workspace_root, &record.run_id);
        dir.create(&record.workspace_root)?;
        self.fill(&dir, record, prompt, terms).inspect_err(|_| {
            // Best effort: the error that matters is the one being returned.
            let _ = std::fs::remove_dir_all(dir.path());
        })
    }

    fn fill(&self, dir: &RunDir, record: &RunRecord, prompt: &str, terms: &Terms<'_>) -> Result<CreatedRun> {
        let launching = FileLock::acquire(&dir.launch_lock())?;
        write_atomic(&dir.prompt(), prompt.as_bytes())?;
        dir.write_record(record)?;
        write_atomic(&dir.events(), &event_line(&run_started(record))?)?;
        self.enter(dir, record, terms)?;
        if let Some(runs) = dir.path().parent() {
            // The index knows the newest run, too.
            let _ = write_atomic(&runs.join("latest.txt"), format!("{}\n", record.run_id).as_bytes());
        }
        Ok(CreatedRun { dir: dir.clone(), _launching: launching })
    }

    /// Brings folder and row up to the record. Only the launcher (while its run is starting) and the
    /// supervisor may call this.
    ///
    /// # Errors
    /// When the folder or the row cannot be written.
    pub fn update_run(&self, record: &RunRecord) -> Result<()> {
        let dir = RunDir::of(&record.workspace_root, &record.run_id);
        dir.write_record(record)?;
        self.put_row(&dir, record)
    }

    /// Lists a run whose folder is there already, such as one of the predecessor's. Gives whether it was not listed yet;
    /// one that is keeps its row.
    ///
    /// # Errors
    /// When the folder holds no record, or one that still goes on.
    pub fn adopt_run(&self, folder: &Path) -> Result<bool> {
        let dir = RunDir::at(folder);
        let record = dir.read_record()?;
        if record.status.is_active() {
            let reason = "the run still goes on".to_owned();
            return Err(StoreError::Corrupt {
                path: dir.metadata(),
                what: "the record of an ended run",
                reason,
            });
        }
        if self.row(&record.run_id).is_ok() {
            return Ok(false);
        }
        self.put_row(&dir, &record)?;
        Ok(true)
    }

    /// The run's record. A run that nobody answers for any more is recorded as lost, once, and listed by
    /// [`Store::runs_with_leftovers`] until its processes have been ended.
    ///
    /// # Errors
    /// When the run is unknown, or its record is missing or of a newer format.
    pub fn run(&self, id: &RunId) -> Result<RunRecord> {
        let row = self.row(id)?;
        let dir = RunDir::at(&row.run_dir);
        let record = dir.read_record()?;
        if record.run_id != *id {
            let reason = format!("it is the record of {}", record.run_id);
            return Err(StoreError::Corrupt { path: dir.metadata(), what: "this run's record", reason });
        }
        if (record.status.is_active() || row.status.is_active()) && !is_attended(&dir)? {
            return self.settle(&dir, record);
        }
        self.with_spent(record)
    }

    /// Whether the index has a run's end, with all that hangs on it, such as the job it is an attempt of. The folder is
    /// written first, so the record says so a moment earlier.
    ///
    /// # Errors
    /// When the run is unknown.
    pub fn has_settled(&self, id: &RunId) -> Result<bool> {
        Ok(!self.row(id)?.status.is_active())
    }

    /// The run's folder.
    ///
    /// # Errors
    /// When the run is unknown.
    pub fn run_dir(&self, id: &RunId) -> Result<RunDir> {
        Ok(RunDir::at(self.row(id)?.run_dir))
    }

    /// The runs that pass the filter, active ones first, then the newest; from the index alone. Active ones
    /// are checked as [`Store::run`] does.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn list_runs(&self, filter: &RunFilter) -> Result<Vec<RunSummary>> {
        let mut rows = self.sql("list runs", |db| runs::list(db, filter))?;
        let mut settled = false;
        for row in rows.iter().filter(|row| row.status.is_active()) {
            settled |= self.settle_row(row)?;
        }
        if settled {
            rows = self.sql("list runs", |db| runs::list(db, filter))?;
        }
        Ok(rows)
    }

    /// The run that was started last: in that project, or anywhere. A benchmark's runs are nobody's last.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn latest_run(&self, workspace_root: Option<&Path>) -> Result<Option<RunId>> {
        let of_project = if workspace_root.is_some() { "workspace_root = ?1" } else { "?1 IS NULL" };
        let select = format!(
            "SELECT run_id FROM runs WHERE {of_project} AND mode <> 'benchmark'
             ORDER BY started_ms DESC, run_id DESC LIMIT 1"
        );
        let root = workspace_root.map(|root| root.to_string_lossy());
        let found = self.sql("find the latest run", |db| {
            db.prepare(&select)?.query_row([root], |row| row.get::<_, String>(0)).optional()
        })?;
        Ok(found.and_then(|id| id.parse().ok()))
    }

    /// Lost runs whose processes and private files may still be there.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn runs_with_leftovers(&self) -> Result<Vec<RunId>> {
        let ids: Vec<String> = self.sql("list lost runs", |db| {
            db.prepare("SELECT run_id FROM runs WHERE leftovers = 1")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// A lost run's processes and private files are gone.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn leftovers_ended(&self, id: &RunId) -> Result<()> {
        self.sql("update a run", |db| {
            db.execute("UPDATE runs SET leftovers = 0 WHERE run_id = ?1", [id.as_str()])
        })
        .map(drop)
    }

    /// Where the run's supervisor listens; none before it does and after it has ended.
    ///
    /// # Errors
    /// When the run is unknown.
    pub fn control(&self, id: &RunId) -> Result<Option<String>> {
        let select = "SELECT control FROM runs WHERE run_id = ?1";
        self.sql("find a run", |db| db.query_row(select, [id.as_str()], |row| row.get(0)).optional())?
            .ok_or_else(|| StoreError::UnknownRun(id.clone()))
    }

    /// Says where the run's supervisor listens. Only it may call this.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn set_control(&self, id: &RunId, address: Option<&str>) -> Result<()> {
        let update = "UPDATE runs SET control = ?2 WHERE run_id = ?1";
        self.sql("update a run", |db| db.execute(update, (id.as_str(), address))).map(drop)
    }

    /// Keeps a team's manifest.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn put_team(&self, id: &TeamId, manifest: &Value) -> Result<()> {
        let put = "INSERT INTO teams (team_id, created_ms, manifest) VALUES (?1, ?2, ?3)
                   ON CONFLICT (team_id) DO UPDATE SET manifest = excluded.manifest";
        let values = (id.as_str(), Timestamp::now().as_millisecond(), manifest.to_string());
        self.sql("write a team", |db| db.execute(put, values)).map(drop)
    }

    /// A team's manifest, if there is such a team.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn team(&self, id: &TeamId) -> Result<Option<Value>> {
        let select = "SELECT manifest FROM teams WHERE team_id = ?1";
        let found: Option<String> =
            self.sql("find a team", |db| db.query_row(select, [id.as_str()], |row| row.get(0)).optional())?;
        Ok(found.and_then(|text| serde_json::from_str(&text).ok()))
    }

    pub(crate) fn put_row(&self, dir: &RunDir, record: &RunRecord) -> Result<()> {
        self.change("write a run", |tx| {
            runs::put(tx, dir, record)?;
            let error = record.error.as_deref();
            Ok(queue::run_ended(tx, &record.run_id, record.status, record.stop_reason, error)?)
        })
    }

    /// Runs one action on the database.
    pub(crate) fn sql<T>(
        &self,
        action: &'static str,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        // A panic elsewhere cannot leave the connection half-way: every action is one statement or transaction.
        let db = self.db.lock().unwrap_or_else(PoisonError::into_inner);
        run(&db).map_err(|source| StoreError::Sql { action, path: self.home.state_db(), source })
    }

    fn row(&self, id: &RunId) -> Result<RunSummary> {
        self.sql("find a run", |db| runs::get(db, id).optional())?
            .ok_or_else(|| StoreError::UnknownRun(id.clone()))
    }

    /// Settles an active row if its run is over; says whether it did.
    fn settle_row(&self, row: &RunSummary) -> Result<bool> {
        let dir = RunDir::at(&row.run_dir);
        if is_attended(&dir)? {
            return Ok(false);
        }
        match dir.read_record() {
            Ok(record) => self.settle(&dir, record).map(|record| !record.status.is_active()),
            // A folder that was deleted or damaged leaves only the row to correct.
            Err(_) => self.lose_row(&row.run_id).map(|()| true),
        }
    }

    /// Records how an unattended run stands: lost, unless its supervisor got to write the end after all.
    fn settle(&self, dir: &RunDir, stale: RunRecord) -> Result<RunRecord> {
        // With the supervisor's lock in hand nobody else can be writing.
        let Some(_writing) = FileLock::try_acquire(&dir.supervisor_lock())? else { return Ok(stale) };
        let record = dir.read_record()?;
        if !record.status.is_active() {
            self.put_row(dir, &record)?;
            return Ok(record);
        }
        let lost = as_lost(self.with_spent(record)?, &Timestamp::now().to_string());
        // The row is marked first: a crash in between must not hide the processes that are left.
        self.lose_row(&lost.run_id)?;
        dir.write_record(&lost)?;
        self.put_row(dir, &lost)?;
        Ok(lost)
    }

    /// What a run that goes on has used so far is in the ledger alone.
    fn with_spent(&self, mut record: RunRecord) -> Result<RunRecord> {
        if record.status.is_active() {
            record.output_budget.spent = self.spent(&record.run_id)?;
        }
        Ok(record)
    }

    fn lose_row(&self, id: &RunId) -> Result<()> {
        self.change("record a lost run", |tx| {
            let lost = "UPDATE runs SET status = 'lost', active = 0, leftovers = 1 WHERE run_id = ?1";
            tx.execute(lost, [id.as_str()])?;
            Ok(queue::run_ended(tx, id, RunStatus::Lost, None, None)?)
        })
    }
}

fn run_started(record: &RunRecord) -> Event {
    Event {
        seq: 1,
        ts: Timestamp::now().to_string(),
        run_id: record.run_id.clone(),
        body: EventBody::RunStarted {
            role: record.role.as_str().into(),
            task_type: record.task_type.as_str().into(),
            model: record.route.model.clone(),
        },
    }
}
