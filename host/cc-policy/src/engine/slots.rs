//! How many calls may run at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A number of slots; who finds none free waits. Every call has a deadline, so the wait ends.
pub(super) struct Slots {
    free: Mutex<u32>,
    given_back: Condvar,
}

/// One taken slot.
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    pub(super) fn new(number: u32) -> Self {
        Self { free: Mutex::new(number), given_back: Condvar::new() }
    }

    pub(super) fn take(&self) -> Slot<'_> {
        let free = self.given_back.wait_while(self.free(), |free| *free == 0);
        *free.unwrap_or_else(PoisonError::into_inner) -= 1;
        Slot(self)
    }

    fn free(&self) -> MutexGuard<'_, u32> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free() += 1;
        self.0.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn never_more_than_the_slots_run_and_all_get_their_turn() {
        let (slots, now, done) = (Slots::new(2), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _slot = slots.take();
                    assert!(now.fetch_add(1, Ordering::SeqCst) < 2);
                    thread::yield_now();
                    now.fetch_sub(1, Ordering::SeqCst);
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(done.into_inner(), 8);
    }
}
