//! Tells others of a run: the desktop, a webhook, an OpenTelemetry collector.
//!
//! All of it happens in a process of its own that a supervisor starts and forgets (decisions 0027 and 0028): no run
//! waits for it, and none is hurt when it fails. What cannot be told is in the log.
#![forbid(unsafe_code)]

mod desktop;
mod http;
mod message;
mod os;
mod telemetry;
mod webhook;

use cc_domain::{Moment, Notify, RunRecord};
use cc_policy::Overrides;
use cc_store::{AttemptOfRun, Home, RunDir, Store};
use cc_workers::Telling;

use self::message::Message;

/// Why somebody was not told.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The user's overrides cannot be read.
    #[error(transparent)]
    Overrides(#[from] cc_policy::PolicyError),
    /// The run cannot be read.
    #[error(transparent)]
    Store(#[from] cc_store::StoreError),
    /// The desktop shows no notifications.
    #[error("the desktop shows no notification: {0}")]
    Desktop(String),
    /// The other side was not reached, or said no.
    #[error("{to} was not told: {reason}")]
    NotTold {
        /// Scheme and host.
        to: String,
        /// What happened.
        reason: String,
    },
}

/// Tells everybody, whatever becomes of the others; gives what went wrong.
#[must_use]
pub fn tell(telling: &Telling) -> Vec<NotifyError> {
    match look(telling) {
        Ok(Told { notify, record, dir, attempt }) => {
            let user = telling.moment.map(|moment| user(&notify, &record, telling, moment));
            let collector = telling.telemetry.then(|| telemetry::send(&record, attempt.as_ref(), &dir));
            user.into_iter().chain(collector).flatten().collect()
        }
        Err(error) => vec![error],
    }
}

/// What is told, and to whom.
struct Told {
    notify: Notify,
    record: RunRecord,
    dir: RunDir,
    /// Looked up for the collector alone.
    attempt: Option<AttemptOfRun>,
}

fn look(telling: &Telling) -> Result<Told, NotifyError> {
    // Read now: the user may have changed their mind while the run went on.
    let notify = Overrides::read(&telling.home)?.notify;
    let (store, run) = (Store::open(&Home::at(&telling.home))?, &telling.run_id);
    Ok(Told {
        notify,
        record: store.run(run)?,
        dir: store.run_dir(run)?,
        attempt: if telling.telemetry { store.attempt_of_run(run)? } else { None },
    })
}

fn user(notify: &Notify, record: &RunRecord, telling: &Telling, moment: Moment) -> Vec<NotifyError> {
    if !notify.moments().contains(&moment) {
        return Vec::new();
    }
    let message = Message::of(record, moment, telling.question.as_ref());
    let webhook = notify.webhook.as_ref().map(|hook| webhook::post(hook, &message));
    let desktop = notify.desktop.then(|| desktop::show(&message));
    webhook.into_iter().chain(desktop).filter_map(Result::err).collect()
}
