//! What runs used and cost: one ledger for all of them, written while they go on.

use std::path::Path;

use cc_domain::{Accuracy, Amount, CostGuard, Payer, RunId, RunMode, RunRecord, Spent, Standing, Usage};
use jiff::{Timestamp, tz::TimeZone};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, named_params, params};

use crate::{
    Result, RunDir, RunFilter, Store, StoreError, Terms, queue,
    runs::{text, to_sql},
};

/// What one model used in one run, on one profile, in one day.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerLine {
    /// As [`today`] gives it.
    pub day: String,
    /// CC Switch's id.
    pub profile_id: String,
    /// CC Switch's name.
    pub profile_name: String,
    /// The model that was asked for; none for the provider's default.
    pub declared_model: Option<String>,
    /// The one that answered.
    pub model: String,
    /// What it used.
    pub spent: Spent,
}

/// The day of UTC, such as `2026-11-25`.
#[must_use]
pub fn today() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()
}

/// When that day of UTC ends.
#[must_use]
pub fn day_end(day: &str) -> Option<Timestamp> {
    let next = day.parse::<jiff::civil::Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

impl Store {
    /// Replaces a run's lines, and says how things stand for it then: both in one transaction, so that whoever writes
    /// last sees all. Without `guard`, or when nothing it limits is counted, nobody looks. Only the run's supervisor
    /// may call this.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn write_ledger(
        &self,
        run: &RunRecord,
        lines: &[LedgerLine],
        guard: Option<&CostGuard>,
    ) -> Result<Option<Standing>> {
        let guard = guard.filter(|guard| guard.counts_spending());
        self.sql("write the ledger", |db| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            replace(&tx, run, lines)?;
            let standing = guard.map(|_| spending(&tx, &Place::of(run))).transpose()?;
            tx.commit()?;
            Ok(standing)
        })
    }

    /// How things stand for a run that goes on; none when `guard` limits nothing that is counted.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn spending_of(&self, run: &RunRecord, guard: &CostGuard) -> Result<Option<Standing>> {
        if !guard.counts_spending() {
            return Ok(None);
        }
        self.sql("sum up the ledger", |db| spending(db, &Place::of(run))).map(Some)
    }

    /// How things stand for a payer's next run.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn standing(&self, payer: Payer<'_>) -> Result<Standing> {
        self.sql("sum up the ledger", |db| standing(db, &Place::next(payer)))
    }

    /// Whether `more` further runs of a payer may start now.
    ///
    /// # Errors
    /// [`StoreError::OverLimit`] with the limit that keeps them from it, or when the database refuses.
    pub fn admit(&self, payer: Payer<'_>, guard: &CostGuard, more: u32) -> Result<()> {
        let mut over = guard.refuses(payer, &self.standing(payer)?, more);
        if over.as_ref().is_some_and(|over| !over.daily) {
            // Of the runs that seem to go on, some may have lost their supervisors: listing them settles that.
            self.list_runs(&RunFilter { active: Some(true), limit: 10_000, ..RunFilter::default() })?;
            over = guard.refuses(payer, &self.standing(payer)?, more);
        }
        over.map_or(Ok(()), |over| Err(StoreError::OverLimit(Box::new(over))))
    }

    /// Writes a new run's row unless its terms keep it from starting: between the look and the row nobody else starts.
    pub(crate) fn enter(&self, dir: &RunDir, run: &RunRecord, terms: &Terms<'_>) -> Result<()> {
        self.change("write a run", |tx| {
            let payer = payer(run);
            if let Some(guard) = terms.guard
                && let Some(over) = guard.refuses(payer, &standing(tx, &Place::next(payer))?, 1)
            {
                return Err(StoreError::OverLimit(Box::new(over)).into());
            }
            if let Some(claim) = terms.claim {
                queue::bind(tx, claim, &run.route.profile_id)?;
            }
            Ok(crate::runs::put(tx, dir, run)?)
        })
    }

    /// What a run used so far, of all models together; none before the first reply.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn spent(&self, id: &RunId) -> Result<Option<Spent>> {
        let lines: Vec<Spent> = self.sql("read the ledger", |db| {
            let select =
                "SELECT input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, usd, accuracy
                          FROM ledger WHERE run_id = ?1";
            db.prepare(select)?.query_map([id.as_str()], spent_of)?.collect()
        })?;
        Ok((!lines.is_empty()).then(|| lines.into_iter().sum()))
    }
}

/// Who pays for a run.
pub(crate) fn payer(run: &RunRecord) -> Payer<'_> {
    Payer {
        profile_id: &run.route.profile_id,
        profile_name: &run.route.profile_name,
        project: &run.workspace_root,
    }
}

/// Where a run's spending counts.
struct Place<'a> {
    run_id: Option<&'a RunId>,
    profile_id: &'a str,
    project: &'a Path,
}

impl<'a> Place<'a> {
    fn of(run: &'a RunRecord) -> Self {
        Self { run_id: Some(&run.run_id), ..Self::next(payer(run)) }
    }

    fn next(payer: Payer<'a>) -> Self {
        Self { run_id: None, profile_id: payer.profile_id, project: payer.project }
    }
}

fn replace(db: &Connection, run: &RunRecord, lines: &[LedgerLine]) -> rusqlite::Result<()> {
    db.prepare("DELETE FROM ledger WHERE run_id = ?1")?.execute([run.run_id.as_str()])?;
    for line in lines.iter().filter(|line| !line.spent.is_nothing()) {
        insert(db, run, line)?;
    }
    let all: Spent = lines.iter().map(|line| line.spent).sum();
    let update = "UPDATE runs SET input_tokens = ?2, output_tokens = ?3, cache_read_tokens = ?4,
        cache_write_tokens = ?5, cost_usd = ?6, cost_is_estimate = ?7 WHERE run_id = ?1";
    db.prepare(update)?
        .execute(params![
            run.run_id.as_str(),
            to_sql(all.usage.input_tokens),
            to_sql(all.usage.output_tokens),
            to_sql(all.usage.cache_read_tokens),
            to_sql(all.usage.cache_write_tokens),
            all.usd,
            all.accuracy > Accuracy::Priced,
        ])
        .map(drop)
}

fn insert(db: &Connection, run: &RunRecord, line: &LedgerLine) -> rusqlite::Result<()> {
    let usage = line.spent.usage;
    db.prepare(
        "INSERT INTO ledger (run_id, day, profile_id, model, profile_name, declared_model, role, project, mode,
             input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, usd, accuracy)
         VALUES (:run_id, :day, :profile_id, :model, :profile_name, :declared_model, :role, :project, :mode,
             :input, :output, :cache_read, :cache_write, :usd, :accuracy)",
    )?
    .execute(named_params! {
        ":run_id": run.run_id.as_str(),
        ":day": line.day,
        ":profile_id": line.profile_id,
        ":model": line.model,
        ":profile_name": line.profile_name,
        ":declared_model": line.declared_model,
        ":role": run.role.as_str(),
        ":project": text(&run.workspace_root),
        ":mode": run.mode.as_str(),
        ":input": to_sql(usage.input_tokens),
        ":output": to_sql(usage.output_tokens),
        ":cache_read": to_sql(usage.cache_read_tokens),
        ":cache_write": to_sql(usage.cache_write_tokens),
        ":usd": line.spent.usd,
        ":accuracy": line.spent.accuracy.as_str(),
    })
    .map(drop)
}

fn standing(db: &Connection, place: &Place<'_>) -> rusqlite::Result<Standing> {
    let count = "SELECT count(*), count(*) FILTER (WHERE profile_id = ?1),
        count(*) FILTER (WHERE workspace_root = ?2) FROM runs WHERE active = 1";
    let standing = spending(db, place)?;
    db.prepare(count)?.query_row(params![place.profile_id, text(place.project)], |row| {
        Ok(Standing {
            active: row.get(0)?,
            active_on_profile: row.get(1)?,
            active_in_project: row.get(2)?,
            ..standing
        })
    })
}

/// Demo runs cost nothing and count nowhere.
fn spending(db: &Connection, place: &Place<'_>) -> rusqlite::Result<Standing> {
    let demo = RunMode::Demo.as_str();
    let of_day = "SELECT sum(usd), sum(tokens),
            sum(usd) FILTER (WHERE profile_id = ?2), sum(tokens) FILTER (WHERE profile_id = ?2),
            sum(usd) FILTER (WHERE project = ?3), sum(tokens) FILTER (WHERE project = ?3)
        FROM ledger INDEXED BY ledger_of_day WHERE day = ?1 AND mode <> ?4";
    let day = db
        .prepare(of_day)?
        .query_row(params![today(), place.profile_id, text(place.project), demo], |row| {
            Ok([amount(row, 0)?, amount(row, 2)?, amount(row, 4)?])
        })?;
    let of_active = "SELECT sum(ledger.usd), sum(ledger.tokens),
            sum(ledger.usd) FILTER (WHERE runs.run_id = ?1), sum(ledger.tokens) FILTER (WHERE runs.run_id = ?1)
        FROM runs CROSS JOIN ledger ON ledger.run_id = runs.run_id WHERE runs.active = 1 AND ledger.mode <> ?2";
    let [fleet, run] =
        db.prepare(of_active)?.query_row(params![place.run_id.map(RunId::as_str), demo], |row| {
            Ok([amount(row, 0)?, amount(row, 2)?])
        })?;
    let [day, profile, project] = day;
    Ok(Standing { run, day, profile, project, fleet, ..Standing::default() })
}

fn amount(row: &Row<'_>, at: usize) -> rusqlite::Result<Amount> {
    let tokens = row.get::<_, Option<i64>>(at + 1)?.unwrap_or_default();
    Ok(Amount {
        usd: row.get::<_, Option<f64>>(at)?.unwrap_or_default(),
        tokens: u64::try_from(tokens).unwrap_or_default(),
    })
}

fn spent_of(row: &Row<'_>) -> rusqlite::Result<Spent> {
    let count = |at: usize| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or_default());
    let accuracy: String = row.get(5)?;
    Ok(Spent {
        usage: Usage {
            input_tokens: count(0)?,
            output_tokens: count(1)?,
            cache_read_tokens: count(2)?,
            cache_write_tokens: count(3)?,
        },
        usd: row.get(4)?,
        accuracy: Accuracy::parse(&accuracy).unwrap_or(Accuracy::Unknown),
    })
}
