//! From a route to a running worker: prompt, settings, record, supervisor.

mod failover;
mod prompt;
mod request;
mod tell;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use cc_domain::{
    Budget, CostGuard, ModelPrice, OnLimit, Payer, PluginRef, Prevention, ProjectWork, Route, RouteDrift,
    RouteRequest, RunId, RunRecord, RunStatus, WriteScope,
};
use cc_policy::{Overrides, Shadowed};
use cc_profiles::WorkerSettings;
use cc_repo::Project;
use cc_store::{Decision, RunDir, Terms};
use cc_workers::{
    Alternative, Isolated, LaunchSpec, Patience, PrivateFile, PrivatePaths, ProjectWatch, Sandbox, Tell,
    WorkerRequest,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Context, OpError, WorkerKind,
    routing::{self, Routed},
    rules::{self, Redaction},
    scope,
};

pub(crate) use failover::prices;
pub(crate) use prompt::system_prompt;
pub(crate) use request::{Scratch, Start, check, check_timeout, mode, permission_mode, timeout_of};

/// How long a permission question waits before it is denied, when the user's overrides do not say.
const ANSWER_WITHIN_SECONDS: u32 = 600;

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
    let Overrides { runs: usual, cost_guard: guard, prices: own_prices, notify, .. } = policy.overrides()?;
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
        system_prompt: system_prompt(&policy, &project, &start)?,
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
        tell: tell::tell(&notify, start.mode),
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
    /// Who is told of it.
    tell: Option<Tell>,
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
            tell: self.tell.clone(),
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
        let (write, records) = (self.start.job.write, self.records());
        let asked = timeout_of(&route.role, self.start.timeout_seconds);
        RunRecord {
            mode: self.start.mode,
            cwd: self.cwd(),
            artifact_root: RunDir::artifact_root(records),
            permission_mode: permission_mode(write).as_str().to_owned(),
            allow_write: write,
            timeout_seconds: self.guard.timeout(asked, route.model.as_deref()),
            prompt_sha256: cc_workers::sha256_hex(self.prompt.as_bytes()),
            command,
            asking: self.start.asking,
            on_limit: self.on_limit,
            budget: self.start.budget.clone(),
            session_id: Some(self.session_id.clone()),
            parent_run_id: self.start.parent.clone(),
            team_id: self.start.team.clone(),
            route_drift: self.drift(),
            work: self.work(),
            warnings: self.warnings.clone(),
            ..RunRecord::starting(self.run_id.clone(), Timestamp::now().to_string(), route, records)
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
