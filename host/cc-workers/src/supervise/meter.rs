//! What a run has used up of its budgets.

use cc_domain::{
    Budget, BudgetEvent, BudgetPolicy, BudgetState, BudgetUse, Budgeted, EventBody, Spent, StopReason,
};

/// Of a budget of USD, what is warned of.
const SOFT_COST: f64 = 0.8;

/// Counts what is kept, and says what is not to be.
#[derive(Debug)]
pub(super) struct Meter {
    budget: Budget,
    used: BudgetUse,
    warned: bool,
    cost_warned: bool,
    stop: Option<StopReason>,
}

impl Meter {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, used: BudgetUse::default(), warned: false, cost_warned: false, stop: None }
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(super) fn used(&self) -> &BudgetUse {
        &self.used
    }

    /// Why the worker is to be ended; told once.
    pub(super) fn take_stop(&mut self) -> Option<StopReason> {
        self.stop.take()
    }

    /// Bytes that the worker wrote.
    pub(super) fn observe(&mut self, bytes: u64) {
        self.used.observed_output_bytes += bytes;
    }

    /// Whether a line may go to a log, and what is to be told of it.
    pub(super) fn log(&mut self, bytes: usize, stderr: bool) -> (bool, Option<EventBody>) {
        let bytes = bytes as u64;
        let before = self.used.stdout_bytes + self.used.stderr_bytes;
        if before + bytes > self.budget.max_output_bytes {
            let told = (self.used.dropped_output_bytes == 0)
                .then(|| self.exceed(Budgeted::Output, before + bytes, self.budget.max_output_bytes));
            self.used.dropped_output_bytes += bytes;
            return (false, told);
        }
        *(if stderr { &mut self.used.stderr_bytes } else { &mut self.used.stdout_bytes }) += bytes;
        (true, self.warn(before + bytes))
    }

    /// A line that is kept in any case.
    pub(super) fn keep(&mut self, bytes: usize) {
        self.used.stdout_bytes += bytes as u64;
    }

    /// Whether an event that only describes may be kept, with the file at so many bytes.
    pub(super) fn event(&mut self, file_bytes: u64) -> (bool, Option<EventBody>) {
        self.used.events_bytes = file_bytes;
        if self.budget.final_only {
            self.used.dropped_event_count += 1;
            return (false, None);
        }
        if file_bytes < self.budget.max_events_bytes {
            return (true, None);
        }
        let told = (self.used.dropped_event_count == 0)
            .then(|| self.exceed(Budgeted::Events, file_bytes, self.budget.max_events_bytes));
        self.used.dropped_event_count += 1;
        (false, told)
    }

    /// The file's final size.
    pub(super) fn events_are(&mut self, bytes: u64) {
        self.used.events_bytes = bytes;
    }

    /// So much was spent so far. Money can't be truncated: beyond its limit the worker is ended.
    pub(super) fn spent(&mut self, spent: Spent) -> Option<EventBody> {
        let over_before = self.over_cost();
        self.used.spent = Some(spent).filter(|spent| !spent.is_nothing());
        let (usd, limit) = spent.usd.zip(self.budget.max_cost_usd)?;
        if self.over_cost() && !over_before {
            self.stop.get_or_insert(StopReason::CostBudgetExceeded);
            self.used.state = BudgetState::Stopped;
            let (budget, used, stops) = (Budgeted::Cost, usd, true);
            return Some(EventBody::BudgetExceeded(BudgetEvent { budget, used, limit, stops }));
        }
        if self.cost_warned || usd < limit * SOFT_COST {
            return None;
        }
        self.cost_warned = true;
        if self.used.state == BudgetState::WithinBudget {
            self.used.state = BudgetState::SoftExceeded;
        }
        let (budget, used, stops) = (Budgeted::Cost, usd, false);
        Some(EventBody::BudgetWarned(BudgetEvent { budget, used, limit, stops }))
    }

    fn over_cost(&self) -> bool {
        let used = self.used.spent.and_then(|spent| spent.usd);
        used.zip(self.budget.max_cost_usd).is_some_and(|(used, limit)| used > limit)
    }

    fn warn(&mut self, bytes: u64) -> Option<EventBody> {
        if self.warned || bytes <= self.budget.soft_output_bytes {
            return None;
        }
        self.warned = true;
        if self.used.state == BudgetState::WithinBudget {
            self.used.state = BudgetState::SoftExceeded;
        }
        let limit = self.budget.soft_output_bytes;
        Some(EventBody::BudgetWarned(word(Budgeted::Output, bytes, limit, false)))
    }

    fn exceed(&mut self, what: Budgeted, used: u64, limit: u64) -> EventBody {
        let stops = self.budget.policy == BudgetPolicy::Stop;
        self.used.state = if stops { BudgetState::Stopped } else { BudgetState::Truncated };
        if stops {
            let output = what == Budgeted::Output;
            let reason =
                if output { StopReason::OutputBudgetExceeded } else { StopReason::EventsBudgetExceeded };
            self.stop.get_or_insert(reason);
        }
        EventBody::BudgetExceeded(word(what, used, limit, stops))
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes of one run")]
fn word(budget: Budgeted, used: u64, limit: u64, stops: bool) -> BudgetEvent {
    BudgetEvent { budget, used: used as f64, limit: limit as f64, stops }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(policy: BudgetPolicy) -> Meter {
        Meter::new(Budget { max_output_bytes: 100, soft_output_bytes: 50, policy, ..Budget::default() })
    }

    #[test]
    fn the_soft_limit_warns_once_and_the_hard_one_stops_once() {
        let mut meter = meter(BudgetPolicy::Stop);
        assert_eq!(meter.log(40, false), (true, None));
        assert!(matches!(meter.log(20, true), (true, Some(EventBody::BudgetWarned(_)))));
        assert_eq!(meter.log(10, false), (true, None));
        assert!(matches!(meter.log(90, false), (false, Some(EventBody::BudgetExceeded(_)))));
        assert_eq!(meter.take_stop(), Some(StopReason::OutputBudgetExceeded));
        assert_eq!(meter.log(90, false), (false, None));
        assert_eq!((meter.take_stop(), meter.used().state), (None, BudgetState::Stopped));
        assert_eq!((meter.used().stdout_bytes, meter.used().stderr_bytes), (50, 20));
    }

    #[test]
    fn truncating_counts_what_is_missing_and_stops_nothing() {
        let mut meter = meter(BudgetPolicy::Truncate);
        meter.log(101, false);
        assert_eq!((meter.take_stop(), meter.used().state), (None, BudgetState::Truncated));
        assert_eq!(meter.used().dropped_output_bytes, 101);
    }

    #[test]
    fn money_is_warned_of_and_then_ends_the_worker_whatever_the_policy() {
        let budget = Budget { max_cost_usd: Some(1.0), policy: BudgetPolicy::Truncate, ..Budget::default() };
        let mut meter = Meter::new(budget);
        let usd = |usd| Spent { usd: Some(usd), ..Spent::default() };
        assert_eq!(meter.spent(usd(0.7)), None);
        assert!(matches!(meter.spent(usd(0.8)), Some(EventBody::BudgetWarned(_))));
        assert_eq!((meter.spent(usd(1.0)), meter.take_stop()), (None, None));
        assert!(matches!(meter.spent(usd(1.1)), Some(EventBody::BudgetExceeded(_))));
        assert_eq!(meter.take_stop(), Some(StopReason::CostBudgetExceeded));
        assert_eq!((meter.spent(usd(1.2)), meter.used().state), (None, BudgetState::Stopped));
    }

    #[test]
    fn events_have_a_budget_of_their_own() {
        let mut meter = Meter::new(Budget { max_events_bytes: 10, ..Budget::default() });
        assert_eq!(meter.event(9), (true, None));
        assert!(matches!(meter.event(10), (false, Some(EventBody::BudgetExceeded(_)))));
        assert_eq!(meter.take_stop(), Some(StopReason::EventsBudgetExceeded));
    }
}
