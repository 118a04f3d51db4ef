//! How a worker is brought to its end, step by step. Pure: time is an argument.

use std::time::Duration;

use cc_domain::StopReason;
use tokio::time::Instant;

use crate::Patience;

/// Why a worker is being ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The time limit.
    Timeout,
    /// Somebody asked for it.
    Stopped,
    /// The supervisor itself was told to end, as by a computer that shuts down. Nobody wanted the work to end.
    ShutDown,
    /// A budget is used up.
    Budget(StopReason),
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask Claude Code to end its turn.
    Interrupt,
    /// Ask every process to end.
    Terminate,
    /// End every process.
    Kill,
    /// Nothing helps; the run ends without it.
    GiveUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rung {
    Working,
    Lingering,
    Interrupted,
    Terminated,
    Killed,
}

/// Where the worker stands, and until when it may stay there.
#[derive(Debug)]
pub(super) struct Ladder {
    rung: Rung,
    until: Instant,
    /// The run's own time limit.
    limit: Instant,
    patience: Patience,
    cause: Option<Cause>,
}

impl Ladder {
    pub(super) fn new(now: Instant, limit: Duration, patience: Patience) -> Self {
        Self { rung: Rung::Working, until: now + limit, limit: now + limit, patience, cause: None }
    }

    /// When [`Ladder::time_is_up`] is to be called.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Why the worker was ended from outside, if it was.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// The worker has ended a turn: it may go.
    pub(super) fn result(&mut self, now: Instant) {
        if self.rung == Rung::Working {
            self.to(Rung::Lingering, now, self.patience.linger_ms);
        }
    }

    /// It goes on with another turn after all.
    pub(super) fn goes_on(&mut self) {
        if self.rung == Rung::Lingering {
            (self.rung, self.until) = (Rung::Working, self.limit);
        }
    }

    /// Somebody wants the worker to end. A worker that is ending already is not asked twice.
    pub(super) fn stop(&mut self, now: Instant, cause: Cause) -> Option<Step> {
        if self.rung != Rung::Working {
            return None;
        }
        self.cause = Some(cause);
        self.to(Rung::Interrupted, now, self.patience.interrupt_ms);
        Some(Step::Interrupt)
    }

    /// How long each further step may take.
    pub(super) fn hurry(&mut self, patience: Patience) {
        self.patience = patience;
    }

    /// No more asking.
    pub(super) fn kill(&mut self, now: Instant, cause: Cause) -> Step {
        self.cause.get_or_insert(cause);
        self.to(Rung::Killed, now, self.patience.kill_ms);
        Step::Kill
    }

    /// The worker is doing its task, and nobody has asked it to end.
    pub(super) fn is_working(&self) -> bool {
        self.rung == Rung::Working
    }

    /// The next step, and the time for it.
    pub(super) fn time_is_up(&mut self, now: Instant) -> Step {
        match self.rung {
            Rung::Working => {
                self.cause = Some(Cause::Timeout);
                self.to(Rung::Interrupted, now, self.patience.interrupt_ms);
                Step::Interrupt
            }
            Rung::Lingering | Rung::Interrupted => {
                self.to(Rung::Terminated, now, self.patience.terminate_ms);
                Step::Terminate
            }
            Rung::Terminated => {
                self.to(Rung::Killed, now, self.patience.kill_ms);
                Step::Kill
            }
            Rung::Killed => Step::GiveUp,
        }
    }

    fn to(&mut self, rung: Rung, now: Instant, stay_ms: u64) {
        self.rung = rung;
        self.until = now + Duration::from_millis(stay_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder() -> (Ladder, Instant) {
        let now = Instant::now();
        let patience = Patience { linger_ms: 1, interrupt_ms: 2, terminate_ms: 3, kill_ms: 4 };
        (Ladder::new(now, Duration::from_secs(60), patience), now)
    }

    #[test]
    fn a_worker_over_its_time_is_asked_ever_more_firmly() {
        let (mut ladder, now) = ladder();
        assert_eq!(ladder.until(), now + Duration::from_secs(60));
        let expected = [(Step::Interrupt, 2), (Step::Terminate, 3), (Step::Kill, 4)];
        for (step, stay_ms) in expected {
            assert_eq!(ladder.time_is_up(now), step);
            assert_eq!(ladder.until(), now + Duration::from_millis(stay_ms));
        }
        assert_eq!(ladder.time_is_up(now), Step::GiveUp);
        assert_eq!(ladder.cause(), Some(Cause::Timeout));
    }

    #[test]
    fn a_worker_that_stays_after_its_result_has_done_nothing_wrong() {
        let (mut ladder, now) = ladder();
        ladder.result(now);
        assert_eq!(ladder.until(), now + Duration::from_millis(1));
        assert_eq!(ladder.time_is_up(now), Step::Terminate);
        assert_eq!(ladder.cause(), None);
    }

    #[test]
    fn a_result_after_the_interrupt_does_not_undo_the_time_limit() {
        let (mut ladder, now) = ladder();
        ladder.time_is_up(now);
        ladder.result(now);
        assert_eq!(ladder.cause(), Some(Cause::Timeout));
        assert_eq!(ladder.time_is_up(now), Step::Terminate);
    }

    #[test]
    fn a_worker_that_goes_on_after_a_result_has_its_time_limit_again() {
        let (mut ladder, now) = ladder();
        ladder.result(now);
        ladder.goes_on();
        assert_eq!((ladder.until(), ladder.is_working()), (now + Duration::from_secs(60), true));
        ladder.stop(now, Cause::Stopped);
        ladder.goes_on();
        assert!(!ladder.is_working(), "a stop stays one");
    }

    #[test]
    fn force_skips_all_asking_and_keeps_the_first_cause() {
        let (mut ladder, now) = ladder();
        ladder.stop(now, Cause::Budget(StopReason::CostBudgetExceeded));
        assert_eq!(ladder.kill(now, Cause::Stopped), Step::Kill);
        assert_eq!(ladder.cause(), Some(Cause::Budget(StopReason::CostBudgetExceeded)));
        assert_eq!(ladder.time_is_up(now), Step::GiveUp);
    }

    #[test]
    fn a_worker_is_stopped_once() {
        let (mut ladder, now) = ladder();
        assert_eq!(ladder.stop(now, Cause::Stopped), Some(Step::Interrupt));
        assert_eq!(ladder.stop(now, Cause::Stopped), None);
        assert_eq!(ladder.cause(), Some(Cause::Stopped));
    }
}
