//! What makes deadlines come true: a thread that advances the engines' epochs while calls run.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use wasmtime::EngineWeak;

/// Length of one epoch.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The clock of one [`super::Engine`]. Its thread sleeps while no call runs, and ends with the clock.
pub(super) struct Clock {
    hand: Arc<Hand>,
    thread: Thread,
}

/// What the thread shares with the clock. It keeps no engine alive.
#[derive(Default)]
struct Hand {
    running: AtomicUsize,
    stopped: AtomicBool,
    engines: Mutex<Vec<EngineWeak>>,
}

/// While it lives, the clock ticks.
pub(super) struct Running<'a>(&'a Hand);

impl Clock {
    pub(super) fn start() -> io::Result<Self> {
        let hand = Arc::new(Hand::default());
        let shared = Arc::clone(&hand);
        let thread = thread::Builder::new().name("plugin-clock".into()).spawn(move || shared.tick())?;
        Ok(Self { hand, thread: thread.thread().clone() })
    }

    /// From now on the clock advances this engine's epoch too.
    pub(super) fn drive(&self, engine: &wasmtime::Engine) {
        self.hand.engines.lock().unwrap_or_else(PoisonError::into_inner).push(engine.weak());
    }

    /// Ticks at least until the guard is dropped.
    pub(super) fn run(&self) -> Running<'_> {
        if self.hand.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.thread.unpark();
        }
        Running(&self.hand)
    }

    /// Epochs after which that much time has certainly passed: the first may end at once.
    pub(super) fn ticks(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX - 1) + 1
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.hand.stopped.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Hand {
    fn tick(&self) {
        while !self.stopped.load(Ordering::SeqCst) {
            if self.running.load(Ordering::SeqCst) == 0 {
                // A call that started since the look has left its token, and parking returns at once.
                thread::park();
            } else {
                let engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
                engines.iter().filter_map(EngineWeak::upgrade).for_each(|engine| engine.increment_epoch());
                drop(engines);
                thread::sleep(TICK);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_never_gets_less_than_its_deadline() {
        assert_eq!(Clock::ticks(Duration::from_millis(20)), 3);
        assert_eq!(Clock::ticks(Duration::from_millis(21)), 4);
        assert_eq!(Clock::ticks(Duration::ZERO), 1);
    }
}
