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

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::mpsc, thread};

    use cc_ops::{Context, demo_setup};

    use super::*;

    fn host() -> Host {
        Host::new(Context::new(demo_setup(Path::new("nowhere"), "no-program".into())))
    }

    fn reply<T: Send + 'static>(mut look: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            match look() {
                Some(reply) => return reply,
                None => thread::yield_now(),
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "no reply comes");
        }
    }

    #[test]
    fn a_slow_reply_holds_up_nobody_and_is_asked_for_once() {
        let (host, mut asked) = (host(), Asked::every(u64::from(u32::MAX)));
        let (go, wait) = mpsc::channel::<u32>();
        let slow = move |_: &Caller| Ok(wait.recv().unwrap_or_default());
        assert!(asked.look(&host, slow).is_none());
        for _ in 0..3 {
            let second = |_: &Caller| -> Result<u32, OpError> { unreachable!("one question at a time") };
            assert!(asked.look(&host, second).is_none());
        }
        go.send(7).unwrap();
        let early = |_: &Caller| -> Result<u32, OpError> { unreachable!("it is not due again") };
        assert_eq!(reply(|| asked.look(&host, early)).ok(), Some(7));
        assert!(asked.look(&host, early).is_none());
        assert!(asked.waiting.is_none());
        asked.again();
        assert_eq!(reply(|| asked.look(&host, |_| Ok(8))).ok(), Some(8));
    }

    #[test]
    fn another_thing_is_asked_about_at_once() {
        let (host, mut asked) = (host(), Asked::every(u64::from(u32::MAX)));
        assert_eq!(reply(|| asked.look_at("a", &host, |_| Ok('a'))).ok(), Some('a'));
        assert!(asked.look_at("a", &host, |_| Ok('x')).is_none() && asked.waiting.is_none());
        assert_eq!(reply(|| asked.look_at("b", &host, |_| Ok('b'))).ok(), Some('b'));
    }

    #[test]
    fn a_question_that_panics_is_asked_again() {
        let (host, mut asked) = (host(), Asked::every(0));
        let broken = |_: &Caller| -> Result<u8, OpError> { panic!("the test wants it") };
        assert!(asked.look(&host, broken).is_none());
        assert_eq!(reply(|| asked.look(&host, |_| Ok(1))).ok(), Some(1));
    }
}
