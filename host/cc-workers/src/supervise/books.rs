//! A run's part of the ledger, and the limits that it is kept to while it goes on.

use std::time::Duration;

use cc_domain::{Measure, Payer, RunRecord, Spent};
use cc_store::{LedgerLine, Store, today};
use serde_json::Value;
use tokio::time::Instant;

use super::{
    limits::Limits,
    spend::{Seller, Spend},
};

/// Writing more often than this tells nobody anything: no model answers as fast.
const LEAST: Duration = Duration::from_millis(100);
/// How often a supervisor whose worker is quiet looks what others have spent.
const LOOK: Duration = Duration::from_secs(5);
/// Longest model name that is kept, characters.
const MAX_NAME: usize = 200;

/// The count of a run, and its way into the ledger.
#[derive(Debug)]
pub(super) struct Books {
    spend: Spend,
    limits: Limits,
    /// The same as the ledger has it.
    pages: Vec<Page>,
    /// Something is not in the ledger yet.
    dirty: bool,
    settled_at: Option<Instant>,
}

/// One profile's model, by day.
#[derive(Debug)]
struct Page {
    profile_id: String,
    profile_name: String,
    declared_model: Option<String>,
    model: String,
    days: Vec<(String, Spent)>,
}

impl Books {
    pub(super) fn new(record: &RunRecord, limits: Limits) -> Self {
        Self {
            spend: Spend::new(record.parent_run_id.is_some()),
            limits,
            pages: Vec::new(),
            dirty: false,
            settled_at: None,
        }
    }

    /// From now on another answers.
    pub(super) fn sold_by(&mut self, seller: Seller) {
        self.spend.sold_by(seller);
    }

    /// Takes in a line; what was spent so far, when it is new.
    pub(super) fn observe(&mut self, line: &Value) -> Option<Spent> {
        self.spend.observe(line);
        if !self.spend.take_changed() {
            return None;
        }
        self.dirty = true;
        Some(self.spend.total())
    }

    /// What was spent so far.
    pub(super) fn spend(&self) -> &Spend {
        &self.spend
    }

    /// When [`Books::settle`] is to be called next.
    pub(super) fn due(&self) -> Instant {
        let wait = if self.dirty { LEAST } else { LOOK };
        self.settled_at.map_or_else(Instant::now, |at| at + wait)
    }

    /// Brings the ledger up to the count, and gives the limit that is reached.
    pub(super) fn settle(
        &mut self,
        store: &Store,
        record: &RunRecord,
        clean: impl Fn(&str) -> String,
    ) -> cc_store::Result<Option<Measure>> {
        // Also a failure is not tried again at once.
        self.settled_at = Some(Instant::now());
        let standing = if self.dirty {
            let lines = self.lines(&today(), clean);
            store.write_ledger(record, &lines, Some(self.limits.now()))?
        } else {
            store.spending_of(record, self.limits.now())?
        };
        self.dirty = false;
        let payer = Payer {
            profile_id: &record.route.profile_id,
            profile_name: &record.route.profile_name,
            project: &record.workspace_root,
        };
        Ok(standing.and_then(|standing| self.limits.now().stops(payer, &standing)))
    }

    fn lines(&mut self, today: &str, clean: impl Fn(&str) -> String) -> Vec<LedgerLine> {
        let mut totals = self.spend.lines();
        for page in &mut self.pages {
            let is_its = |(seller, model, _): &(&Seller, String, Spent)| {
                seller.profile_id == page.profile_id && *model == page.model
            };
            // What was reckoned under one name may be told under another.
            let total = totals.iter().position(is_its).map(|at| totals.swap_remove(at).2);
            spread(&mut page.days, today, total.unwrap_or_default());
        }
        for (seller, model, total) in totals {
            self.pages.push(Page {
                profile_id: seller.profile_id.clone(),
                profile_name: seller.profile_name.clone(),
                declared_model: seller.declared_model.clone(),
                model,
                days: vec![(today.to_owned(), total)],
            });
        }
        self.pages.iter().flat_map(|page| page.lines(&clean)).collect()
    }
}

impl Page {
    /// The provider's word for a model is no more to be trusted than the rest of what it says.
    fn lines(&self, clean: impl Fn(&str) -> String) -> Vec<LedgerLine> {
        let model: String = clean(&self.model).chars().take(MAX_NAME).collect();
        let line = |(day, spent): &(String, Spent)| LedgerLine {
            day: day.clone(),
            profile_id: self.profile_id.clone(),
            profile_name: self.profile_name.clone(),
            declared_model: self.declared_model.clone(),
            model: model.clone(),
            spent: *spent,
        };
        self.days.iter().map(line).collect()
    }
}

/// Earlier days keep what they had, as far as the new total goes; the rest is today's.
fn spread(days: &mut Vec<(String, Spent)>, today: &str, total: Spent) {
    if days.last().is_none_or(|(day, _)| day != today) {
        days.push((today.to_owned(), Spent::default()));
    }
    let Some((last, earlier)) = days.split_last_mut() else { return };
    let mut left = total;
    for (_, spent) in earlier {
        *spent = Spent { accuracy: total.accuracy, ..spent.within(&left) };
        left = left.less(spent);
    }
    last.1 = left;
}

#[cfg(test)]
mod tests;
