//! From a route to a running worker: prompt, settings, record, supervisor.

mod failover;
mod prompt;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use cc_domain::{
    Asking, Budget, BudgetUse, CostGuard, ModelPrice, OnLimit, Payer, PluginRef, Prevention, ProjectWork,
    Role, Route, RouteDrift, RouteRequest, RunId, RunMode, RunRecord, RunStatus, TeamId, WriteScope,
};
use cc_policy::{Overrides, Shadowed};
use cc_profiles::WorkerSettings;
use cc_repo::Project;
use cc_store::{Claim, Decision, RunDir, Terms};
use cc_workers::{
    Alternative, Isolated, LaunchSpec, Patience, PermissionMode, PrivateFile, PrivatePaths, ProjectWatch,
    Sandbox, WorkerRequest,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Context, OpError, WorkerKind, arguments,
    routing::{self, Job, Routed},
    rules::{self, Redaction},
    scope,
};

/// How long a permission question waits before it is denied, when the user's overrides do not say.
const ANSWER_WITHIN_SECONDS: u32 = 600;

/// A worker to start.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) mode: RunMode,
    pub(crate) job: Job,
    pub(crate) task: String,
    pub(crate) context: Option<String>,
    pub(crate) timeout_seconds: Option<u32>,
    pub(crate) cwd: Option<String>,
    pub(crate) budget: Budget,
    /// The user's own defaults are in it already.
    pub(crate) budget_settled: bool,
    pub(crate) asking: Asking,
    /// Where it may write, beside what the project's own scope says; patterns from `cwd`.
    pub(crate) scope: WriteScope,
    /// The system is to refuse writes elsewhere, by whatever program; none: as the user's overrides say.
    pub(crate) sandbox: Option<bool>,
    /// In a copy of the project.
    pub(crate) isolate: bool,
    /// None: as the user's overrides say.
    pub(crate) on_limit: Option<OnLimit>,
    /// Include words as they are written; only their number is kept.
    pub(crate) partial: bool,
    /// The session to go on with, and its run.
    pub(crate) resume: Option<String>,
    pub(crate) parent: Option<RunId>,
    pub(crate) team: Option<TeamId>,
    /// The parent's profile, by name, and model; and why the route is as it is.
    pub(crate) previous: Option<(String, Option<String>)>,
    pub(crate) drift_reason: Option<&'static str>,
    /// Instead of the routed one.
    pub(crate) model: Option<String>,
    /// The claim on the queued job that this is an attempt of; it has the run's id.
    pub(crate) claim: Option<Claim>,
    /// In a folder that will be thrown away, instead of `cwd`.
    pub(crate) scratch: Option<Scratch>,
}

/// Where a run works that belongs to no project of the user's. What it changes is not recorded: whoever made the
/// folder knows what was in it.
#[derive(Clone, Debug)]
pub(crate) struct Scratch {
    /// Its folder; a repository of its own.
    pub(crate) folder: PathBuf,
    /// What its record is kept under, as under a project's root: it outlasts the folder.
    pub(crate) records: PathBuf,
}

impl Start {
    /// A worker for a task, with everything else as usual.
    pub(crate) fn new(mode: RunMode, job: Job, task: String) -> Self {
        Self {
            mode,
            job,
            task,
            context: None,
            timeout_seconds: None,
            cwd: None,
            budget: Budget::default(),
            budget_settled: false,
            asking: Asking::default(),
            scope: WriteScope::default(),
            sandbox: None,
            isolate: false,
            on_limit: None,
            partial: false,
            resume: None,
            parent: None,
            team: None,
            previous: None,
            drift_reason: None,
            model: None,
            claim: None,
            scratch: None,
        }
    }
}

/// The arguments of every operation that gives a worker a task, within their limits.
pub(crate) fn check(task: &str, context: Option<&str>, timeout_seconds: Option<u32>) -> Result<(), OpError> {
    arguments::text_within("task", task, 20_000)?;
    if let Some(context) = context {
        arguments::text_within("context", context, 20_000)?;
    }
    check_timeout(timeout_seconds)
}

/// A time limit, if one is given, within its limits.
pub(crate) fn check_timeout(seconds: Option<u32>) -> Result<(), OpError> {
    let within =
        |seconds| arguments::number_within("timeout_seconds", seconds, 10, Role::MAX_TIMEOUT_SECONDS);
    seconds.map_or(Ok(()), |seconds| within(seconds).map(drop))
}

/// How a run is recorded: the demo worker's are kept apart.
pub(crate) fn mode(worker: WorkerKind, usual: RunMode) -> RunMode {
    if worker == WorkerKind::Demo { RunMode::Demo } else { usual }
}

/// The permission mode of a worker that may, or may not, edit.
pub(crate) fn permission_mode(write: bool) -> PermissionMode {
    if write { PermissionMode::AcceptEdits } else { PermissionMode::Plan }
}

/// The time limit of a run in seconds.
pub(crate) fn timeout_of(role: &Role, asked: Option<u32>) -> u32 {
    asked.unwrap_or_else(|| role.default_timeout_seconds()).min(Role::MAX_TIMEOUT_SECONDS)
}

/// What a run may use up when its call says nothing: the user's own defaults over ours.
pub(crate) fn usual_budget(cx: &Context) -> Result<Budget, OpError> {
    Ok(Overrides::read(cx.setup().home.root())?.cost_guard.budget(Budget::default()))
}

/// Whether so many runs may start now. Each start looks again, and then nobody else can come between.
pub(crate) fn admit(cx: &Context, plans: &[Plan]) -> Result<(), OpError> {
    let Some(first) = plans.first() else { return Ok(()) };
    let together = CostGuard { profiles: BTreeMap::new(), projects: BTreeMap::new(), ..first.guard.clone() };
    let more = u32::try_from(plans.len()).unwrap_or(u32::MAX);
    Ok(cx.store()?.admit(first.payer(), &together, more)?)
}

/// Starts a worker and returns its run. The run goes on whatever becomes of the caller.
pub(crate) fn start(cx: &Context, start: Start) -> Result<RunId, OpError> {
    plan(cx, start)?.launch(cx)
}

/// Settles everything that can be refused, and writes nothing.
pub(crate) fn plan(cx: &Context, mut start: Start) -> Result<Plan, OpError> {
    let program = program(cx)?;
    let asked = cx.project(start.cwd.as_deref())?;
    let policy = cx.policy(&asked.root);
    let mut routed = routing::route(cx, &asked, &start.job)?;
    if start.model.is_some() {
        routed.route.model.clone_from(&start.model);
    }
    let model = routed.route.model.as_deref();
    let settings = routed.profiles.worker_settings(&routed.route.profile_id, model)?;
    let Overrides { runs: usual, cost_guard: guard, prices: own_prices, .. } = policy.overrides()?;
    if !start.budget_settled {
        start.budget = guard.budget(start.budget);
    }
    let profile = routed.profile()?;
    let prices = failover::prices(profile, &own_prices);
    let answers = routed.route.model.as_deref().or(profile.default_model());
    let on_limit = start.on_limit.or(usual.on_limit).unwrap_or_default();
    let given = start.claim.as_ref().map(|claim| claim.run_id.clone());
    let run_id = given.unwrap_or_else(|| RunId::new(Timestamp::now()));
    let policy_root = asked.root.clone();
    let project = match &start.scratch {
        Some(scratch) => Project { cwd: scratch.folder.clone(), root: scratch.folder.clone() },
        None => asked,
    };
    Ok(Plan {
        copy: (start.job.write && start.isolate).then(|| cx.setup().home.isolated(&run_id)),
        run_id,
        session_id: start.resume.clone().unwrap_or_else(cc_workers::new_session_id),
        system_prompt: prompt::system_prompt(&policy, &project, &start)?,
        prompt: prompt::prompt(&start),
        alternatives: if on_limit == OnLimit::Failover {
            failover::alternatives(&policy, &routed, &own_prices)?
        } else {
            Vec::new()
        },
        answer_within_seconds: usual.answer_within_seconds.map_or(ANSWER_WITHIN_SECONDS, NonZeroU32::get),
        on_limit,
        sandbox: start.job.write && start.sandbox.or(usual.sandbox).unwrap_or_default(),
        scope: if start.job.write { scope::of_run(&project, start.scope.clone())? } else { None },
        rules: rules::redactor(&policy, &settings)?,
        warnings: failover::warning(&guard, answers, &prices).into_iter().collect(),
        guard,
        prices,
        settings,
        program,
        policy_root,
        project,
        start,
        routed,
    })
}

/// Everything that is decided before anything is written.
pub(crate) struct Plan {
    run_id: RunId,
    session_id: String,
    program: Program,
    /// The project whose policy it follows.
    policy_root: PathBuf,
    project: Project,
    start: Start,
    routed: Routed,
    system_prompt: String,
    prompt: String,
    alternatives: Vec<Alternative>,
    settings: WorkerSettings,
    prices: Vec<ModelPrice>,
    /// The user's limits.
    guard: CostGuard,
    warnings: Vec<String>,
    on_limit: OnLimit,
    answer_within_seconds: u32,
    /// Where it may write; none: nobody said.
    scope: Option<WriteScope>,
    /// The system is to see to it.
    sandbox: bool,
    /// A copy of the project to work in.
    copy: Option<PathBuf>,
    rules: Redaction,
}

impl Plan {
    pub(crate) fn run_id(&self) -> &RunId {
        &self.run_id
    }

    pub(crate) fn route(&self) -> &Route {
        &self.routed.route
    }

    fn payer(&self) -> Payer<'_> {
        let route = &self.routed.route;
        Payer {
            profile_id: &route.profile_id,
            profile_name: &route.profile_name,
            project: &self.project.root,
        }
    }

    pub(crate) fn system_prompt(&self) -> &str {
        &self.system_prompt
    }

    /// A text as it may be kept.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.rules.redactor.redact(text).into()
    }

    /// The worker, started.
    pub(crate) fn launch(self, cx: &Context) -> Result<RunId, OpError> {
        let store = cx.store()?;
        let private = cc_workers::private_paths(&self.run_id);
        let command = cc_workers::build(&self.request(&private));
        let mut record = self.record(command.command_line());
        let prompt = self.rules.redactor.redact(&self.prompt);
        let terms = Terms { guard: Some(&self.guard), claim: self.start.claim.as_ref() };
        let created = store.create_run_on(&record, &prompt, &terms)?;
        store.record_decision(&self.decision(&record))?;
        let spec = LaunchSpec {
            home: cx.setup().home.root().to_owned(),
            run_id: self.run_id.clone(),
            run_dir: created.dir.path().to_owned(),
            command,
            private_files: vec![
                PrivateFile {
                    path: private.settings,
                    content: self.scoped(&cx.setup().exe, self.settings.settings.clone()),
                },
                PrivateFile { path: private.system_prompt, content: self.system_prompt.clone() },
            ],
            secrets: self.settings.secrets.clone(),
            rules_file: self.rules.file.clone(),
            timeout_seconds: record.timeout_seconds,
            budget: record.budget.clone(),
            prices: self.prices.clone(),
            on_limit: record.on_limit,
            answer_within_seconds: self.answer_within_seconds,
            alternatives: self.alternatives(&cx.setup().exe),
            workspace_root: self.policy_root.clone(),
            sandbox: self.sandbox.then(|| self.writable()),
            project: self.changes_a_project().then(|| self.watch(cx)),
            patience: Patience::default(),
        };
        if let Err(error) = cc_workers::launch(&cx.setup().exe, &spec, &created) {
            record.status = RunStatus::Failed;
            record.finished_at = Some(Timestamp::now().to_string());
            record.error = Some(error.to_string());
            store.update_run(&record)?;
            return Err(error.into());
        }
        Ok(self.run_id)
    }

    fn request(&self, private: &PrivatePaths) -> WorkerRequest {
        WorkerRequest {
            run_id: self.run_id.clone(),
            program: self.program.path.clone(),
            leading_args: self.program.leading_args.clone(),
            cwd: self.cwd(),
            prompt: self.prompt.clone(),
            permission_mode: permission_mode(self.start.job.write),
            session_id: self.session_id.clone(),
            resume: self.start.resume.is_some(),
            asking: self.start.asking,
            partial: self.start.partial,
            max_turns: self.start.budget.max_turns,
            max_cost_usd: self.start.budget.max_cost_usd.filter(|_| !self.counts_cost_better()),
            settings_file: private.settings.clone(),
            system_prompt_file: Some(private.system_prompt.clone()),
            model: self.routed.route.model.clone(),
            effort: None,
            environment: cc_workers::environment(),
        }
    }

    /// Claude Code knows the prices of Anthropic's models, and makes up those of all others: a budget that it
    /// kept for these would end a worker far too early or too late. Where their prices are listed, we keep it.
    fn counts_cost_better(&self) -> bool {
        let model = self.routed.route.model.as_deref().unwrap_or_default();
        !model.to_lowercase().contains("claude") && self.prices.iter().any(|price| price.is_of(model))
    }

    fn record(&self, command: Vec<String>) -> RunRecord {
        let route = self.routed.route.clone();
        RunRecord {
            format: RunRecord::FORMAT,
            run_id: self.run_id.clone(),
            mode: self.start.mode,
            status: RunStatus::Starting,
            started_at: Timestamp::now().to_string(),
            finished_at: None,
            duration_ms: None,
            cwd: self.cwd(),
            workspace_root: self.records().to_owned(),
            artifact_root: RunDir::artifact_root(self.records()),
            role: route.role.clone(),
            task_type: route.task_type.clone(),
            permission_mode: permission_mode(self.start.job.write).as_str().to_owned(),
            allow_write: self.start.job.write,
            timeout_seconds: self
                .guard
                .timeout(timeout_of(&route.role, self.start.timeout_seconds), route.model.as_deref()),
            prompt_sha256: cc_workers::sha256_hex(self.prompt.as_bytes()),
            route,
            command,
            asking: self.start.asking,
            on_limit: self.on_limit,
            budget: self.start.budget.clone(),
            output_budget: BudgetUse::default(),
            session_id: Some(self.session_id.clone()),
            parent_run_id: self.start.parent.clone(),
            team_id: self.start.team.clone(),
            route_drift: self.drift(),
            parked_until: None,
            work: self.work(),
            printed_secrets: None,
            supervisor_pid: None,
            child_pid: None,
            exit_code: None,
            stop_reason: None,
            error: None,
            warnings: self.warnings.clone(),
            result: None,
        }
    }

    fn watch(&self, cx: &Context) -> ProjectWatch {
        let home = &cx.setup().home;
        ProjectWatch {
            state: home.project(&self.project.root),
            root: self.project.root.clone(),
            isolated: self
                .copy
                .as_ref()
                .map(|folder| Isolated { state: home.project(folder), folder: folder.clone() }),
        }
    }

    /// Where the worker works: in the project, or in its copy.
    fn root(&self) -> &Path {
        self.copy.as_deref().unwrap_or(&self.project.root)
    }

    fn cwd(&self) -> PathBuf {
        self.root().join(self.project.cwd.strip_prefix(&self.project.root).unwrap_or(Path::new("")))
    }

    fn work(&self) -> Option<ProjectWork> {
        let kept = [Prevention::ToolHook, Prevention::PermissionRules];
        let prevention = self.scope.iter().flat_map(|_| kept).collect();
        let work = ProjectWork {
            scope: self.scope.clone(),
            isolated: self.copy.clone(),
            prevention,
            ..ProjectWork::default()
        };
        self.changes_a_project().then_some(work)
    }

    /// It may change a project whose changes are recorded.
    fn changes_a_project(&self) -> bool {
        self.start.job.write && self.start.scratch.is_none()
    }

    /// The folder that the run's record is kept under.
    fn records(&self) -> &Path {
        self.start.scratch.as_ref().map_or(&self.project.root, |scratch| &scratch.records)
    }

    /// A worker's settings, with a hook that keeps its edits to its scope.
    fn scoped(&self, exe: &Path, mut settings: Value) -> String {
        if let Some(scope) = &self.scope {
            settings["permissions"] =
                serde_json::json!({ "deny": cc_workers::scope_rules(self.root(), scope) });
            settings["hooks"] = cc_workers::scope_hook_settings(exe, self.root(), scope);
        }
        settings.to_string()
    }

    /// Another profile's worker is kept to the same scope.
    fn alternatives(&self, exe: &Path) -> Vec<Alternative> {
        let kept = |next: &Alternative| {
            let settings = serde_json::from_str(&next.settings).unwrap_or_default();
            Alternative { settings: self.scoped(exe, settings), ..next.clone() }
        };
        self.alternatives.iter().map(kept).collect()
    }

    /// Seen in the project; a copy of it is made later, with the same folders.
    fn writable(&self) -> Sandbox {
        let root = &self.project.root;
        let mut sandbox = Sandbox::of(root, self.scope.as_ref(), &cc_workers::environment());
        for path in &mut sandbox.writable {
            if let Ok(inside) = path.strip_prefix(root) {
                *path = self.root().join(inside);
            }
        }
        sandbox
    }

    fn drift(&self) -> Option<RouteDrift> {
        let (profile, model) = self.start.previous.clone()?;
        let route = &self.routed.route;
        Some(RouteDrift {
            route_changed: profile != route.profile_name || model != route.model,
            previous_profile: profile,
            previous_model: model,
            current_profile: route.profile_name.clone(),
            current_model: route.model.clone(),
            route_change_reason: self.start.drift_reason.unwrap_or("preserve_route").to_owned(),
        })
    }

    /// Kept so that it can be replayed against another version of a plugin.
    fn decision(&self, record: &RunRecord) -> Decision {
        let trace = &self.routed.route.trace;
        let plugins: Vec<PluginRef> = trace.iter().filter_map(|step| step.plugin.clone()).collect();
        Decision {
            run_id: Some(self.run_id.clone()),
            at: record.started_at.clone(),
            kind: "route".to_owned(),
            request: json(&Asked { request: &self.routed.request, named_model: self.start.model.is_some() }),
            candidates: json(&self.routed.candidates),
            outcome: json(&Came { route: &self.routed.route, shadows: &self.routed.shadows }),
            plugins,
        }
    }
}

/// What was asked, as a decision keeps it.
#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    request: &'a RouteRequest,
    /// The caller named the model, so the route's is not a router's.
    named_model: bool,
}

/// What came out, as a decision keeps it.
#[derive(Serialize)]
struct Came<'a> {
    #[serde(flatten)]
    route: &'a Route,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    shadows: &'a [Shadowed],
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The worker's program, and what comes before Claude Code's own arguments.
struct Program {
    path: PathBuf,
    leading_args: Vec<String>,
}

fn program(cx: &Context) -> Result<Program, OpError> {
    Ok(match cx.setup().worker {
        WorkerKind::Demo => {
            Program { path: cx.setup().exe.clone(), leading_args: vec!["demo-worker".to_owned()] }
        }
        WorkerKind::Claude => {
            let claude = cc_workers::find_claude(&cc_workers::environment())?;
            Program { path: claude.path, leading_args: Vec::new() }
        }
    })
}
