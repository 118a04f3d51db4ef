//! Word of a run for those who asked for it, by a short-lived process: a supervisor opens no connection.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use cc_domain::{Moment, Question, RunId, RunStatus, StopReason};
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use crate::{LaunchSpec, WorkerError, environment::passed, os};

/// What the telling process is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Telling {
    /// The user's home of the product.
    pub home: PathBuf,
    /// The run.
    pub run_id: RunId,
    /// What the user is to hear of.
    pub moment: Option<Moment>,
    /// The question that waits, redacted.
    pub question: Option<Question>,
    /// Its end goes to the collector.
    pub telemetry: bool,
}

/// What an end is to the user. One that was asked for is no news.
pub(super) fn of_end(outcome: &Outcome) -> Option<Moment> {
    match outcome.status {
        RunStatus::Succeeded => Some(Moment::Finished),
        RunStatus::Stopped if outcome.stop_reason == Some(StopReason::UserRequested) => None,
        _ => Some(Moment::Failed),
    }
}

/// Tells of a run's end, once its record is final.
pub(super) fn end(spec: &LaunchSpec, moment: Option<Moment>, took_ms: u64) {
    let Some(tell) = &spec.tell else { return };
    let long_enough = took_ms >= u64::from(tell.min_seconds) * 1_000;
    let moment = moment.filter(|moment| long_enough && tell.moments.contains(moment));
    if moment.is_some() || tell.telemetry {
        let telling = Telling { telemetry: tell.telemetry, ..Telling::new(spec, moment) };
        start(spec, &telling).map(drop).unwrap_or_else(|error| tracing::warn!("nobody was told: {error}"));
    }
}

/// Tells of questions. The processes that do are waited for when the next one is asked.
#[derive(Default)]
pub(super) struct Asking(Vec<Child>);

impl Asking {
    pub(super) fn asked(&mut self, spec: &LaunchSpec, question: &Question) {
        self.0.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let wanted = spec.tell.as_ref().is_some_and(|tell| tell.moments.contains(&Moment::Permission));
        if !wanted {
            return;
        }
        let telling =
            Telling { question: Some(question.clone()), ..Telling::new(spec, Some(Moment::Permission)) };
        match start(spec, &telling) {
            Ok(child) => self.0.push(child),
            Err(error) => tracing::warn!("nobody was told of a question: {error}"),
        }
    }
}

impl Telling {
    fn new(spec: &LaunchSpec, moment: Option<Moment>) -> Self {
        Self {
            home: spec.home.clone(),
            run_id: spec.run_id.clone(),
            moment,
            question: None,
            telemetry: false,
        }
    }
}

fn start(spec: &LaunchSpec, telling: &Telling) -> Result<Child, WorkerError> {
    let program = os::own_program().map_err(WorkerError::io("find", "this program"))?;
    let mut command = Command::new(&program);
    command
        .arg("notify")
        .env_clear()
        .envs(passed(&crate::environment()))
        .envs(spec.tell.iter().flat_map(|tell| &tell.environment))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = os::spawn_in_background(&mut command).map_err(WorkerError::io("start", &program))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read tells nobody, and says so in its log.
        let _ = stdin.write_all(&serde_json::to_vec(telling).unwrap_or_default());
    }
    Ok(child)
}
