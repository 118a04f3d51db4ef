//! Runs that have been: rows of `state.db` as the product writes them, without the workers.

use rusqlite::{Connection, params};

use crate::Sandbox;

/// What became of one run.
#[derive(Clone, Copy, Debug)]
pub struct PastRun<'a> {
    /// CC Switch's id.
    pub profile: &'a str,
    /// The routed model.
    pub model: &'a str,
    /// The model that answered.
    pub answered: &'a str,
    /// The worker's role.
    pub role: &'a str,
    /// The worker ended well.
    pub succeeded: bool,
    /// Somebody graded it: 0 to 100.
    pub grade: Option<u32>,
}

impl<'a> PastRun<'a> {
    /// A run that ended well and that nobody graded.
    #[must_use]
    pub fn new(profile: &'a str, model: &'a str, role: &'a str) -> Self {
        Self { profile, model, answered: model, role, succeeded: true, grade: None }
    }
}

/// The runs of a sandbox.
pub struct Past {
    db: Connection,
    count: u32,
}

impl Past {
    /// Of a sandbox, whose database it has the product make.
    ///
    /// # Panics
    /// When that does not work.
    #[must_use]
    pub fn of(sandbox: &Sandbox) -> Self {
        let made = sandbox.run(&["run-status", "--json"]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let db = Connection::open(sandbox.home().join("state.db")).expect("the product's database");
        // These rows need not outlive the power.
        db.pragma_update(None, "synchronous", false).expect("a setting");
        Self { db, count: 0 }
    }

    /// Adds a run, newer than all before it.
    ///
    /// # Panics
    /// When the database does not take it.
    pub fn add(&mut self, run: &PastRun<'_>) {
        self.count += 1;
        let id = format!("20260101T000000Z-{:08x}", self.count);
        let status = if run.succeeded { "succeeded" } else { "failed" };
        self.db
            .execute(
                "INSERT INTO runs (run_id, status, active, mode, role, task_type, profile_id, profile_name, model,
                     actual_model, cwd, workspace_root, run_dir, started_at, started_ms, input_tokens, output_tokens,
                     cache_read_tokens, cache_write_tokens, cost_is_estimate, allow_write)
                 VALUES (?1, ?2, 0, 'streaming', ?3, 'normal', ?4, ?4, ?5, ?6, '', '', '', '', ?7, 0, 0, 0, 0, 0, 0)",
                params![id, status, run.role, run.profile, run.model, run.answered, self.count],
            )
            .expect("a run");
        if let Some(score) = run.grade {
            let passed = score >= 50;
            self.db
                .execute(
                    "INSERT INTO grades (run_id, at, at_ms, current, source, score, passed, verified, mode, role,
                         profile_id, model, detail)
                     VALUES (?1, '', ?2, 1, 'verify_run', ?3, ?4, ?5, 'streaming', ?6, ?7, ?8, '{}')",
                    params![
                        id,
                        self.count,
                        score,
                        passed,
                        if passed { "verified" } else { "blocked_verification" },
                        run.role,
                        run.profile,
                        run.answered
                    ],
                )
                .expect("a grade");
        }
    }
}
