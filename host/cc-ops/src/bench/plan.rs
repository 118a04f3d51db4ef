//! From a request to a plan, or back to the plan of a benchmark that was begun before.

use cc_bench::{Suite, free_task};
use cc_domain::{BenchmarkId, Profile, Role};
use cc_profiles::ProfileStore;
use cc_store::Benchmark;
use jiff::Timestamp;

use super::{Bench, Plan, Request, Skipped, Source, Target, suites};
use crate::{Context, ErrorKind, OpError, arguments, launch};

const USUAL_REPEAT: u32 = 3;
const MOST_REPEAT: u32 = 20;
const MOST_PARALLEL: u32 = 8;
const MOST_PROFILES: usize = 20;

/// The plan of a request; everything that can be refused is.
pub(super) fn settle(cx: &Context, request: &Request) -> Result<Bench, OpError> {
    match &request.benchmark_id {
        Some(id) => recall(cx, id),
        None => plan(cx, request),
    }
}

fn plan(cx: &Context, request: &Request) -> Result<Bench, OpError> {
    launch::check_timeout(request.timeout_seconds)?;
    let repeat = arguments::number_within("repeat", request.repeat.unwrap_or(USUAL_REPEAT), 1, MOST_REPEAT)?;
    let parallel = arguments::number_within("parallel", request.parallel.unwrap_or(1), 1, MOST_PARALLEL)?;
    let source = source(request)?;
    let suite = load(cx, &source)?;
    let role = request.role.as_ref().filter(|_| matches!(source, Source::Suite(_)));
    let (tasks, skipped) = choose(&suite, role)?;
    let targets = targets(cx, request)?;
    let timeout_seconds = request.timeout_seconds;
    let plan = Plan { source, targets, tasks, skipped, repeat, parallel, timeout_seconds };
    Ok(Bench { id: None, suite, plan })
}

fn source(request: &Request) -> Result<Source, OpError> {
    let Some(task) = &request.task else {
        if request.expect.is_some() {
            return Err(OpError::invalid(
                "'expect' is for a 'task' of your own",
                "give 'task', or leave 'expect' out",
            ));
        }
        return Ok(Source::Suite(request.suite.clone().unwrap_or_else(|| suites::CORE.into())));
    };
    arguments::text_within("task", task, 20_000)?;
    let role = request.role.clone().unwrap_or_default();
    Ok(Source::Task { role, task: task.clone(), expect: request.expect.clone() })
}

fn load(cx: &Context, source: &Source) -> Result<Suite, OpError> {
    match source {
        Source::Suite(name) => suites::find(cx, name),
        Source::Task { role, task, expect } => free_task(role, task, expect.as_deref()).map_err(|error| {
            OpError::invalid(error.to_string(), "'expect' is a regular expression that the answer must match")
        }),
    }
}

/// The tasks of a role, or all, and those that cannot be judged on this machine.
fn choose(suite: &Suite, role: Option<&Role>) -> Result<(Vec<String>, Vec<Skipped>), OpError> {
    let environment = cc_workers::environment();
    let (mut tasks, mut skipped) = (Vec::new(), Vec::new());
    for task in suite.tasks.iter().filter(|task| role.is_none_or(|role| task.role == *role)) {
        let lacks = |program: &&String| cc_workers::find_program(program, &environment).is_none();
        match task.requires.iter().find(lacks) {
            Some(program) => {
                let reason = format!("its checks need {program}, which is not in PATH");
                skipped.push(Skipped { task: task.id.to_string(), reason });
            }
            None => tasks.push(task.id.to_string()),
        }
    }
    if !tasks.is_empty() {
        return Ok((tasks, skipped));
    }
    let mut roles: Vec<&str> = suite.tasks.iter().map(|task| task.role.as_str()).collect();
    roles.dedup();
    let why =
        skipped.first().map_or_else(String::new, |skipped| format!(" that can run: {}", skipped.reason));
    let wanted = role.map_or_else(String::new, |role| format!(" for role {role}"));
    Err(OpError::new(
        ErrorKind::NotFound,
        format!("the suite {} has no task{wanted}{why}", suite.name),
        format!("its tasks are for the roles {}", roles.join(", ")),
    ))
}

fn targets(cx: &Context, request: &Request) -> Result<Vec<Target>, OpError> {
    let profiles = cc_profiles::load(&cx.setup().locations)?;
    let chosen = chosen(&profiles, request)?;
    if chosen.len() > MOST_PROFILES {
        let message = format!("{} profiles are too many for one benchmark", chosen.len());
        return Err(OpError::invalid(message, format!("name at most {MOST_PROFILES} in 'profiles'")));
    }
    let mut targets: Vec<Target> = Vec::new();
    for profile in chosen {
        if let Some(reason) = profile.usability.reason() {
            return Err(OpError::new(
                ErrorKind::Unavailable,
                format!("no worker can be started on {}: {reason}", profile.name),
                "cc_list_profiles shows which profiles can be used",
            ));
        }
        let model = request.model.clone().or_else(|| profile.default_model().map(str::to_owned));
        if !targets.iter().any(|target| target.profile_id == profile.id) {
            targets.push(Target {
                profile_id: profile.id.clone(),
                profile_name: profile.name.clone(),
                model,
            });
        }
    }
    Ok(targets)
}

fn chosen<'a>(profiles: &'a ProfileStore, request: &Request) -> Result<Vec<&'a Profile>, OpError> {
    let usable = |profile: &&Profile| profile.usability.is_usable();
    if request.all_profiles {
        let all: Vec<&Profile> = profiles.profiles.iter().filter(usable).collect();
        return if all.is_empty() { Err(nobody()) } else { Ok(all) };
    }
    if request.profiles.is_empty() {
        return profiles
            .current()
            .or_else(|| profiles.profiles.iter().find(usable))
            .map(|p| vec![p])
            .ok_or_else(nobody);
    }
    request.profiles.iter().map(|query| Ok(profiles.find(query)?)).collect()
}

fn nobody() -> OpError {
    OpError::new(
        ErrorKind::Unavailable,
        "no profile can be used",
        "cc_list_profiles says why each cannot be used",
    )
}

/// Keeps the benchmark, before its first run.
pub(super) fn begin(cx: &Context, mut bench: Bench) -> Result<Bench, OpError> {
    let id = BenchmarkId::new(Timestamp::now());
    cx.store()?.create_benchmark(&Benchmark {
        id: id.clone(),
        suite: bench.suite.name.to_string(),
        suite_digest: bench.suite.digest.clone(),
        ranks: matches!(bench.plan.source, Source::Suite(_)),
        plan: serde_json::to_value(&bench.plan).unwrap_or_default(),
    })?;
    bench.id = Some(id);
    Ok(bench)
}

fn recall(cx: &Context, id: &BenchmarkId) -> Result<Bench, OpError> {
    let hint = "leave 'benchmark_id' out to start one";
    let kept = cx.store()?.benchmark(id)?;
    let kept = kept
        .ok_or_else(|| OpError::new(ErrorKind::NotFound, format!("no benchmark {id} is known here"), hint))?;
    let plan: Plan = serde_json::from_value(kept.plan).map_err(|error| {
        OpError::new(ErrorKind::State, format!("the plan of {id} cannot be read: {error}"), hint)
    })?;
    let suite = load(cx, &plan.source)?;
    if suite.digest != kept.suite_digest {
        let message =
            format!("the suite {} was changed since {id} began; its results would not compare", suite.name);
        return Err(OpError::new(ErrorKind::Denied, message, "leave 'benchmark_id' out to start a new one"));
    }
    Ok(Bench { id: Some(id.clone()), suite, plan })
}
