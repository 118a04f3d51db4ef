//! `cc_send_instruction`.

use std::time::Duration;

use cc_domain::{Role, RouteDrift, RunId, RunMode, RunRecord, TaskType};
use cc_workers::{ControlReply, ControlRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stop_run;
use crate::{
    Context, Effect, ErrorKind, OpError, Operation, Output, arguments, failed,
    launch::{self, Start},
    routing::{Failed, Job},
    wait,
};

/// How long an ending run is waited for before its session goes on elsewhere.
const ENDING: Duration = Duration::from_secs(10);

/// Steer, correct or follow up a worker: into the running turn; one that has ended is resumed in the same session.
/// Also answers a permission request: answer allow or deny.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendInstruction {
    run_id: RunId,
    /// Up to 12000 characters; with deny: why.
    #[serde(default)]
    instruction: Option<String>,
    /// allow or deny a permission question.
    #[arg(long, value_parser = ["allow", "deny"])]
    answer: Option<String>,
    /// Which question; default: the only one.
    #[arg(long)]
    request_id: Option<String>,
    /// With allow: the tool's changed input, a JSON object.
    #[arg(long, value_parser = arguments::json_object)]
    updated_input: Option<serde_json::Map<String, serde_json::Value>>,
    /// Stop the turn and resume with it.
    #[arg(long)]
    #[serde(default)]
    force: bool,
    #[arg(long)]
    role: Option<Role>,
    #[arg(long)]
    task_type: Option<TaskType>,
    /// 10-1800.
    #[arg(long)]
    timeout_seconds: Option<u32>,
    /// Default true; but after failed verifications the router decides.
    #[arg(long)]
    preserve_route: Option<bool>,
    /// Route anew.
    #[arg(long)]
    #[serde(default)]
    reroute: bool,
    #[arg(long)]
    route_profile: Option<String>,
    #[arg(long)]
    route_model: Option<String>,
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sent {
    /// `delivered`, `answered` or `resumed`.
    how: &'static str,
    /// The run that goes on: a new one when it was resumed.
    run_id: String,
    #[schemars(skip)]
    old_run_id: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    instruction_id: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    route_drift: Option<RouteDrift>,
    #[schemars(skip)]
    next_step: String,
}

impl Operation for SendInstruction {
    const NAME: &'static str = "cc_send_instruction";
    const TITLE: &'static str = "Send an instruction to a worker, or answer its permission question";
    const EFFECT: Effect = Effect { read_only: false, destructive: true, open_world: true };
    type Output = Sent;

    async fn run(self, cx: Context) -> Result<Sent, OpError> {
        if self.answer.is_some() {
            return self.answer(cx).await;
        }
        let text = self.instruction.clone().unwrap_or_default();
        arguments::text_within("instruction", &text, 12_000)?;
        launch::check_timeout(self.timeout_seconds)?;
        if !self.force
            && !self.changes_route()
            && let Some(sent) = self.deliver(&cx, text).await?
        {
            return Ok(sent);
        }
        self.resume(cx).await
    }
}

impl SendInstruction {
    fn changes_route(&self) -> bool {
        self.reroute
            || self.route_profile.is_some()
            || self.role.is_some()
            || self.preserve_route == Some(false)
    }

    async fn answer(self, cx: Context) -> Result<Sent, OpError> {
        let request = ControlRequest::Answer {
            request_id: self.request_id,
            allow: self.answer.as_deref() == Some("allow"),
            message: self.instruction,
            updated_input: self.updated_input.map(serde_json::Value::Object),
        };
        match ask(&cx, &self.run_id, request).await? {
            Some(ControlReply::Done { .. }) => Ok(Sent::of("answered", &self.run_id, &self.run_id)),
            Some(ControlReply::Refused { reason }) => {
                Err(OpError::invalid(reason, "cc_poll_run shows the open questions of a run"))
            }
            None => Err(nobody(&self.run_id)),
        }
    }

    /// Into the running worker; none when there is none to take it.
    async fn deliver(&self, cx: &Context, text: String) -> Result<Option<Sent>, OpError> {
        let id = cc_workers::new_session_id();
        match ask(cx, &self.run_id, ControlRequest::Instruct { id: id.clone(), text }).await? {
            Some(ControlReply::Done { .. }) => {
                let mut sent = Sent::of("delivered", &self.run_id, &self.run_id);
                sent.instruction_id = Some(id);
                Ok(Some(sent))
            }
            Some(ControlReply::Refused { .. }) | None => Ok(None),
        }
    }

    /// The same session in a new run; a run that is under way is ended first, and one that will not end is an error.
    async fn resume(self, cx: Context) -> Result<Sent, OpError> {
        let old = self.ended(&cx).await?;
        cx.blocking(move |cx| {
            let mut start = self.start_after(&old, failed::chain(cx, &old)?);
            let context: Vec<String> = start.context.into_iter().chain(failed::report(cx, &old)?).collect();
            start.context = (!context.is_empty()).then(|| context.join("\n\n"));
            let preserved = start.resume.is_some();
            let run_id = launch::start(cx, start)?;
            let mut sent = Sent::of("resumed", &run_id, &old.run_id);
            sent.route_drift = cx.store()?.run(&run_id)?.route_drift;
            if !preserved {
                sent.how = "restarted";
            }
            Ok(sent)
        })
        .await
    }

    async fn ended(&self, cx: &Context) -> Result<RunRecord, OpError> {
        let id = self.run_id.clone();
        let record = cx.blocking(move |cx| wait::read(&*cx.store()?, &id)).await?;
        if record.mode == RunMode::Benchmark {
            let what = format!("run {} belongs to a benchmark, and its folder is thrown away", record.run_id);
            return Err(OpError::new(ErrorKind::Denied, what, "start a run of your own"));
        }
        if !record.status.is_active() {
            return Ok(record);
        }
        if self.force || self.changes_route() {
            stop_run::end(cx, &self.run_id, false, ENDING).await?;
        }
        let record = wait::for_end(cx, &self.run_id, ENDING).await?;
        if record.status.is_active() {
            let what =
                format!("run {} is {}, and takes no instruction now", record.run_id, record.status.as_str());
            return Err(OpError::new(
                ErrorKind::Unavailable,
                what,
                "call again with force, or when it goes on",
            ));
        }
        Ok(record)
    }

    /// A worker that never got to a session is started anew, with its task.
    fn start_after(&self, old: &RunRecord, failures: Vec<Failed>) -> Start {
        let text = self.instruction.clone().unwrap_or_default();
        let session = old.result.as_ref().and_then(|result| result.session_id.clone());
        let began = old.child_pid.is_some();
        let resume = session.or_else(|| old.session_id.clone().filter(|_| began));
        // Who keeps failing does not go on for ever: unless the caller insists, the router may move on.
        let retry = !failures.is_empty() && self.preserve_route.is_none();
        let keep = !self.reroute && !retry && self.preserve_route.unwrap_or(true);
        let profile = self.route_profile.clone().or_else(|| keep.then(|| old.route.profile_id.clone()));
        let same_profile = keep && self.route_profile.is_none();
        let job = Job {
            role: self.role.clone().unwrap_or_else(|| old.role.clone()),
            task_type: self.task_type.clone().or_else(|| Some(old.task_type.clone())),
            profile,
            write: old.allow_write,
            failures,
            // A copy of a project is a folder of its own, and is that project's all the same.
            sees: vec![old.workspace_root.clone()],
        };
        let mode = if old.mode == RunMode::Demo { RunMode::Demo } else { RunMode::Streaming };
        let context = resume.is_none().then(|| recovered(old)).flatten();
        Start {
            context,
            timeout_seconds: Some(self.timeout_seconds.unwrap_or(old.timeout_seconds)),
            cwd: Some(old.cwd.display().to_string()),
            budget: old.budget.clone(),
            budget_settled: true,
            asking: old.asking,
            on_limit: Some(old.on_limit),
            partial: true,
            resume,
            parent: Some(old.run_id.clone()),
            drift_reason: Some(match (self.changes_route(), retry) {
                (true, _) => "explicit_reroute",
                (false, true) => "failed_verification",
                (false, false) => "preserve_route",
            }),
            previous: Some((old.route.profile_name.clone(), old.route.model.clone())),
            model: self.route_model.clone().or_else(|| old.route.model.clone().filter(|_| same_profile)),
            ..Start::new(mode, job, text)
        }
    }
}

/// What is known of a run without a session: its prompt as it was kept, redacted.
fn recovered(old: &RunRecord) -> Option<String> {
    let dir = cc_store::RunDir::of(&old.workspace_root, &old.run_id);
    let prompt = cc_store::read_bounded(&dir.prompt(), 256 << 10).ok()?;
    let prompt = String::from_utf8_lossy(&prompt);
    Some(format!("The task you were given before:\n{}", prompt.chars().take(12_000).collect::<String>()))
}

async fn ask(cx: &Context, run: &RunId, request: ControlRequest) -> Result<Option<ControlReply>, OpError> {
    let run = run.clone();
    cx.blocking(move |cx| {
        let store = cx.store()?;
        wait::read(&store, &run)?;
        Ok(cc_workers::control(&store, &run, &request)?)
    })
    .await
}

fn nobody(run: &RunId) -> OpError {
    OpError::new(
        ErrorKind::Unavailable,
        format!("run {run} has no worker that waits for an answer"),
        "cc_run_status shows how it stands",
    )
}

impl Sent {
    fn of(how: &'static str, run: &RunId, old: &RunId) -> Self {
        Self {
            how,
            run_id: run.to_string(),
            old_run_id: old.to_string(),
            instruction_id: None,
            route_drift: None,
            next_step: format!("cc_run_status with run_id {run} and wait_seconds"),
        }
    }
}

impl Output for Sent {
    fn text(&self) -> String {
        let drift = self.route_drift.as_ref().filter(|drift| drift.route_changed);
        let drift = drift.map(|d| format!("\nroute: {} -> {}", d.previous_profile, d.current_profile));
        format!("{}: run {}{}\nnext: {}", self.how, self.run_id, drift.unwrap_or_default(), self.next_step)
    }
}
