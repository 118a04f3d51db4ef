//! Runs that begin together: all of them, or none.

use std::{path::PathBuf, time::Duration};

use cc_domain::{Role, RunId, RunMode, RunStatus, TeamId};
use cc_store::{RunDir, RunFilter, create_private_dir, write_atomic};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Context, OpError, WorkerKind,
    launch::{self, Plan, Start},
    ops::stop_run,
    routing::Job,
};

/// Members of one team.
const MOST_MEMBERS: usize = 12;
/// How long a member that is taken back may take to end.
const TAKING_BACK: Duration = Duration::from_secs(5);

/// What is to be started.
pub(crate) struct Team {
    pub(crate) id: TeamId,
    /// For the manifest.
    pub(crate) task: String,
    pub(crate) members: Vec<Start>,
}

/// A member that runs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Member {
    pub(crate) role: Role,
    pub(crate) run_id: RunId,
    #[schemars(skip)]
    pub(crate) status: RunStatus,
    #[schemars(skip)]
    pub(crate) profile: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
}

/// How a start went.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Launched {
    /// `launched`, `rolled_back_partial_launch` or `rollback_incomplete`.
    pub(crate) status: &'static str,
    pub(crate) team_id: String,
    pub(crate) runs: Vec<Member>,
    #[schemars(skip)]
    pub(crate) manifest_path: String,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rollback: Option<Rollback>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[schemars(skip)]
    pub(crate) next_step: String,
}

/// What became of members that were started before another could not be.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Rollback {
    stopped_count: usize,
    /// Members that could not be stopped, and why.
    failed_stops: Vec<String>,
}

/// The roles of a team: each once.
pub(crate) fn check_roles(name: &str, roles: &[Role]) -> Result<(), OpError> {
    if roles.len() > MOST_MEMBERS {
        let message = format!("'{name}' lists {} roles", roles.len());
        return Err(OpError::invalid(message, format!("list at most {MOST_MEMBERS}")));
    }
    match roles.iter().enumerate().find(|(at, role)| roles[..*at].contains(role)) {
        Some((_, twice)) => {
            Err(OpError::invalid(format!("'{name}' lists '{twice}' twice"), "list each role once"))
        }
        None => Ok(()),
    }
}

/// Known roles by name.
pub(crate) fn roles(names: &[&str]) -> Result<Vec<Role>, OpError> {
    let role =
        |name: &&str| name.parse().map_err(|error| OpError::invalid(format!("{error}"), "name other roles"));
    names.iter().map(role).collect()
}

/// A read-only member.
pub(crate) fn member(worker: WorkerKind, team: &TeamId, role: &Role, prompt: String) -> Start {
    let job = Job { role: role.clone(), ..Job::default() };
    Start { team: Some(team.clone()), ..Start::new(launch::mode(worker, RunMode::Streaming), job, prompt) }
}

/// A template of the prompt pack, filled in.
pub(crate) fn prompt(
    cx: &Context,
    cwd: Option<&str>,
    template: &str,
    variables: &[(&str, &str)],
) -> Result<String, OpError> {
    let project = cx.project(cwd)?;
    let given: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(cx.policy(&project.root).render(template, &given)?.value)
}

/// Starts every member. What can be refused is, before the first one starts; after that, one that cannot be started
/// takes the others with it.
pub(crate) async fn launch(cx: &Context, team: Team) -> Result<Launched, OpError> {
    let (manifest, mut launched) = cx.blocking(move |cx| begin(cx, team)).await?;
    if launched.error.is_some() {
        let rollback = take_back(cx, &launched.runs).await;
        launched.status = rollback.status();
        launched.rollback = Some(rollback);
        "deal with the error and call again".clone_into(&mut launched.next_step);
    }
    cx.blocking(move |cx| {
        manifest.write(cx, &launched)?;
        Ok(launched)
    })
    .await
}

/// What a manifest tells besides how the start went.
struct Manifest {
    id: TeamId,
    task: String,
    created_at: String,
    cwd: PathBuf,
    requested: usize,
    active_before: usize,
    path: PathBuf,
}

fn begin(cx: &Context, team: Team) -> Result<(Manifest, Launched), OpError> {
    let project = cx.project(team.members.first().and_then(|member| member.cwd.as_deref()))?;
    let plans = team.members.into_iter().map(|member| launch::plan(cx, member));
    let plans: Vec<Plan> = plans.collect::<Result<_, _>>()?;
    launch::admit(cx, &plans)?;
    let active = RunFilter { active: Some(true), limit: 10_000, ..RunFilter::default() };
    let folder = RunDir::artifact_root(&project.root).join("runs").join("teams");
    let manifest = Manifest {
        task: plans.first().map(|plan| plan.redacted(&team.task)).unwrap_or_default(),
        created_at: Timestamp::now().to_string(),
        cwd: project.cwd,
        requested: plans.len(),
        active_before: cx.store()?.list_runs(&active)?.len(),
        path: folder.join(format!("{}.json", team.id)),
        id: team.id,
    };
    let mut launched = Launched::of(&manifest, plans.iter().map(Member::of).collect());
    // Before the first start: whoever finds a team cut off by a crash knows its runs.
    manifest.write(cx, &launched)?;
    start_all(cx, plans, &mut launched);
    Ok((manifest, launched))
}

/// Leaves the members that run, and why the next one does not.
fn start_all(cx: &Context, plans: Vec<Plan>, launched: &mut Launched) {
    launched.status = "launched";
    for (started, plan) in plans.into_iter().enumerate() {
        if let Err(error) = plan.launch(cx) {
            launched.error = Some(format!("{}: {error}", launched.runs[started].role));
            launched.runs.truncate(started);
            return;
        }
    }
}

impl Launched {
    fn of(manifest: &Manifest, runs: Vec<Member>) -> Self {
        Self {
            status: "launching",
            team_id: manifest.id.to_string(),
            next_step: format!(
                "cc_run_status with run_ids and wait_seconds, then cc_collect_team_results with team_id {}",
                manifest.id
            ),
            manifest_path: manifest.path.display().to_string(),
            rollback: None,
            error: None,
            runs,
        }
    }
}

async fn take_back(cx: &Context, runs: &[Member]) -> Rollback {
    let ends = runs.iter().map(|member| stop_run::end(cx, &member.run_id, true, TAKING_BACK));
    let mut rollback = Rollback { stopped_count: 0, failed_stops: Vec::new() };
    for (member, end) in runs.iter().zip(ends) {
        match end.await {
            Ok(()) => rollback.stopped_count += 1,
            Err(error) => rollback.failed_stops.push(format!("{}: {error}", member.run_id)),
        }
    }
    rollback
}

impl Rollback {
    fn status(&self) -> &'static str {
        if self.failed_stops.is_empty() { "rolled_back_partial_launch" } else { "rollback_incomplete" }
    }
}

impl Manifest {
    fn write(&self, cx: &Context, launched: &Launched) -> Result<(), OpError> {
        let manifest = self.json(launched);
        cx.store()?.put_team(&self.id, &manifest)?;
        if let Some(folder) = self.path.parent() {
            create_private_dir(folder)?;
        }
        Ok(write_atomic(&self.path, format!("{manifest:#}").as_bytes())?)
    }

    fn json(&self, launched: &Launched) -> Value {
        let roles: Vec<&Role> = launched.runs.iter().map(|member| &member.role).collect();
        json!({
            "team_id": self.id, "created_at": self.created_at, "status": launched.status,
            "task": self.task, "cwd": self.cwd, "roles": roles, "runs": launched.runs,
            "active_before": self.active_before, "requested_count": self.requested,
            "rollback": launched.rollback, "error": launched.error,
        })
    }
}

impl Member {
    fn of(plan: &Plan) -> Self {
        let route = plan.route();
        Self {
            run_id: plan.run_id().clone(),
            role: route.role.clone(),
            status: RunStatus::Starting,
            profile: route.profile_name.clone(),
            model: route.model.clone(),
        }
    }
}

/// `role: run (model, profile)`, one a line.
pub(crate) fn lines(runs: &[Member]) -> String {
    let line = |member: &Member| {
        let model = member.model.as_deref().unwrap_or("default model");
        format!("- {}: {} ({model}, {})\n", member.role, member.run_id, member.profile)
    };
    runs.iter().map(line).collect()
}

/// Some runs that a call names.
pub(crate) fn within(name: &str, ids: &[RunId], most: usize) -> Result<(), OpError> {
    if (1..=most).contains(&ids.len()) {
        return Ok(());
    }
    let message = format!("'{name}' names {} runs", ids.len());
    Err(OpError::invalid(message, format!("name 1 to {most} runs")))
}
