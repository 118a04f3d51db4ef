//! A run whose provider says no for a while: parked, and gone on with in the same session.

use std::time::Duration;

use cc_domain::{EventBody, ModelPrice, OnLimit, Route, RunStatus, StopReason};
use cc_store::Store;
use jiff::Timestamp;
use tokio::time::sleep;

use super::{
    desk::{Desk, Wish},
    ladder::Cause,
    outcome::{Outcome, SHUT_DOWN},
    recorder::Recorder,
    session::{self, Ended},
    spend::Seller,
};
use crate::{
    Alternative, ControlReply, ControlRequest, LaunchSpec, WorkerError, private, protocol::user_message,
};

/// How often a run is parked before it fails.
const MAX_ATTEMPTS: u32 = 12;
/// The first wait for a limit that does not say when it resets; doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest such wait.
const MOST_WAIT: Duration = Duration::from_secs(30 * 60);
/// After a reset, providers need a moment.
const MARGIN: Duration = Duration::from_secs(2);
/// A session that is gone on with has at least so much of the time limit left.
const LEAST_TIME: Duration = Duration::from_secs(10);
/// What a resumed session is told.
const GO_ON: &str = "The usage limit that interrupted you is over. Go on with the task where you left off.";

/// The run from its first process to its end, within reach of others.
pub(super) async fn run(
    spec: &LaunchSpec,
    store: &Store,
    recorder: &mut Recorder,
) -> Result<Outcome, WorkerError> {
    let seller = seller(&recorder.writer().record().route, spec.prices.clone());
    recorder.sold_by(seller);
    let mut desk = Desk::open(store, &spec.run_id);
    let outcome = attempts(spec.clone(), store, recorder, &mut desk).await;
    desk.close().await;
    outcome
}

/// Runs the worker, and runs it again after a limit, until there is an end.
async fn attempts(
    mut spec: LaunchSpec,
    store: &Store,
    recorder: &mut Recorder,
    desk: &mut Desk<'_>,
) -> Result<Outcome, WorkerError> {
    let mut left = Duration::from_secs(spec.timeout_seconds.into());
    let mut attempt = 0;
    loop {
        let ended = session::run(&spec, store, recorder, desk, left).await?;
        left = left.saturating_sub(ended.took).max(LEAST_TIME);
        let Some((reason, until)) = limit(&ended, attempt) else { return Ok(ended.outcome) };
        attempt += 1;
        let next = match spec.on_limit {
            OnLimit::Fail => return Ok(ended.outcome),
            OnLimit::Failover if !spec.alternatives.is_empty() => Some(spec.alternatives.remove(0)),
            _ if attempt > MAX_ATTEMPTS => return Ok(ended.outcome),
            _ => None,
        };
        match next {
            Some(next) => switch(&mut spec, store, recorder, next, attempt)?,
            None => {
                if let Some(cause) = park(store, recorder, desk, &reason, until, attempt).await? {
                    return Ok(ended_while_parked(ended.outcome, cause));
                }
                recorder.event(EventBody::Resumed { attempt, profile: None, model: None })?;
            }
        }
        recorder.expect_guard();
        resume(&mut spec);
    }
}

/// Whether a limit ended the worker, which one, and until when to wait.
fn limit(ended: &Ended, attempt: u32) -> Option<(String, Timestamp)> {
    let result = ended.outcome.result.as_ref();
    let refused = result.is_some_and(|result| result.is_error && result.api_error_status == Some(429));
    if ended.cause.is_some()
        || ended.outcome.status != RunStatus::Failed
        || !(refused || ended.limit.is_some())
    {
        return None;
    }
    let (resets, kind) = ended.limit.clone().unwrap_or((None, "status 429".into()));
    let now = Timestamp::now();
    let known = resets.filter(|until| *until > now).and_then(|until| until.checked_add(MARGIN).ok());
    let guess = (FIRST_WAIT * 2_u32.saturating_pow(attempt.min(10))).min(MOST_WAIT);
    Some((kind, known.or_else(|| now.checked_add(guess).ok())?))
}

/// Waits for the reset; gives why the run is to end meanwhile, if it is.
async fn park(
    store: &Store,
    recorder: &mut Recorder,
    desk: &mut Desk<'_>,
    reason: &str,
    until: Timestamp,
    attempt: u32,
) -> Result<Option<Cause>, WorkerError> {
    recorder.event(EventBody::Parked { reason: reason.to_owned(), until: until.to_string(), attempt })?;
    mark(store, recorder, RunStatus::Parked, Some(until))?;
    loop {
        // Looked at in steps: a machine that slept wakes up late, not later still.
        let step =
            Duration::try_from(until - Timestamp::now()).unwrap_or_default().min(Duration::from_secs(30));
        if step.is_zero() {
            mark(store, recorder, RunStatus::Running, None)?;
            return Ok(None);
        }
        tokio::select! {
            wish = desk.next() => if let Some(cause) = wants_end(wish, recorder, until)? { return Ok(Some(cause)) },
            () = sleep(step) => {}
        }
    }
}

fn mark(
    store: &Store,
    recorder: &mut Recorder,
    status: RunStatus,
    until: Option<Timestamp>,
) -> Result<(), WorkerError> {
    Ok(recorder.writer().update(store, |record| {
        record.status = status;
        record.parked_until = until.map(|until| until.to_string());
    })?)
}

fn wants_end(wish: Wish, recorder: &mut Recorder, until: Timestamp) -> Result<Option<Cause>, WorkerError> {
    let Wish::Visit(request, reply) = wish else { return Ok(Some(Cause::ShutDown)) };
    let ControlRequest::Stop { force, .. } = request else {
        let reason = format!("the run is parked until {until}, and there is no worker to tell");
        let _ = reply.send(ControlReply::Refused { reason });
        return Ok(None);
    };
    recorder.event(EventBody::StopRequested { force })?;
    let _ = reply.send(ControlReply::Done { what: "the run is ended".into() });
    Ok(Some(Cause::Stopped))
}

fn ended_while_parked(outcome: Outcome, cause: Cause) -> Outcome {
    if cause == Cause::ShutDown {
        return Outcome { error: Some(SHUT_DOWN.into()), ..outcome };
    }
    Outcome {
        status: RunStatus::Stopped,
        stop_reason: Some(StopReason::UserRequested),
        error: Some("a stop was asked for while the run was parked".into()),
        ..outcome
    }
}

/// Another profile takes the session over.
fn switch(
    spec: &mut LaunchSpec,
    store: &Store,
    recorder: &mut Recorder,
    next: Alternative,
    attempt: u32,
) -> Result<(), WorkerError> {
    if let Some(file) = spec.private_files.first_mut() {
        file.content = next.settings;
        private::remove([file.path.as_path()]);
        private::write(file)?;
    }
    recorder.sold_by(seller(&next.route, next.prices));
    set_flag(&mut spec.command.args, "--model", next.route.model.as_deref());
    let (profile, model) = (Some(next.route.profile_name.clone()), next.route.model.clone());
    recorder.writer().update(store, |record| record.route = next.route)?;
    recorder.event(EventBody::Resumed { attempt, profile, model })
}

fn seller(route: &Route, prices: Vec<ModelPrice>) -> Seller {
    Seller {
        profile_id: route.profile_id.clone(),
        profile_name: route.profile_name.clone(),
        declared_model: route.model.clone(),
        prices,
    }
}

/// From now on the command goes on with the session instead of beginning it.
fn resume(spec: &mut LaunchSpec) {
    if let Some(flag) = spec.command.args.iter_mut().find(|arg| *arg == "--session-id") {
        *flag = "--resume".into();
    }
    spec.command.first_message = user_message(GO_ON);
}

fn set_flag(args: &mut Vec<String>, flag: &str, value: Option<&str>) {
    if let Some(at) = args.iter().position(|arg| arg == flag) {
        args.drain(at..(at + 2).min(args.len()));
    }
    if let Some(value) = value {
        args.extend([flag.to_owned(), value.to_owned()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_flag_is_replaced_removed_or_added() {
        let mut changed = args("-p --model a --verbose");
        set_flag(&mut changed, "--model", Some("b"));
        assert_eq!(changed, args("-p --verbose --model b"));
        set_flag(&mut changed, "--model", None);
        assert_eq!(changed, args("-p --verbose"));
    }
}
