//! Something an operation is asked again and again, aside: a slow reply holds up no key.

use std::{
    sync::mpsc::{Receiver, TryRecvError},
    time::{Duration, Instant},
};

use cc_ops::OpError;

use super::host::{Caller, Host};

/// A reply that took long is not asked for again before this many times as long has passed.
const REST: u32 = 4;

/// One question at a time.
pub(crate) struct Asked<T> {
    every: Duration,
    due: Instant,
    /// What the last question was about.
    about: String,
    waiting: Option<(Instant, Receiver<Result<T, OpError>>)>,
}

impl<T: Send + 'static> Asked<T> {
    /// Asked at once, and then so often.
    pub(crate) fn every(milliseconds: u64) -> Self {
        Self {
            every: Duration::from_millis(milliseconds),
            due: Instant::now(),
            about: String::new(),
            waiting: None,
        }
    }

    /// The next reply is wanted now.
    pub(crate) fn again(&mut self) {
        self.due = Instant::now();
    }

    /// The same about one thing; about another one it is asked at once.
    pub(crate) fn look_at(
        &mut self,
        about: &str,
        host: &Host,
        ask: impl FnOnce(&Caller) -> Result<T, OpError> + Send + 'static,
    ) -> Option<Result<T, OpError>> {
        if self.about != about {
            about.clone_into(&mut self.about);
            self.again();
        }
        self.look(host, ask)
    }

    /// The reply that has come meanwhile; asks when it is time to.
    pub(crate) fn look(
        &mut self,
        host: &Host,
        ask: impl FnOnce(&Caller) -> Result<T, OpError> + Send + 'static,
    ) -> Option<Result<T, OpError>> {
        let now = Instant::now();
        let Some((begun, reply)) = &self.waiting else {
            if now >= self.due {
                self.waiting = Some((now, host.aside(ask)));
            }
            return None;
        };
        let reply = reply.try_recv();
        if matches!(reply, Err(TryRecvError::Empty)) {
            return None;
        }
        // Wanted anew while it was under way: asked again at once.
        if self.due <= *begun {
            self.due = now + self.every.max(begun.elapsed() * REST);
        }
        self.waiting = None;
        reply.ok()
    }
}
