//! The one door to everything a team decides for itself.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use cc_domain::{
    Candidate, Choice, Classification, Layer, ModelScore, ModelToScore, PluginRef, Review, Role,
    RouteRequest, RunFacts, Said, SecretFinding, SecretRule, Template, TraceStep, Verdict,
};
use cc_store::PluginFailures;
use serde::Serialize;

use crate::{
    Answer, Overrides, PolicyError, RouteDecision, Status,
    boundary::Boundaries,
    catalog::{Catalog, Entry},
    decide::{self, Job, Silence},
    engine::{Limits, Plugin, PluginError, World},
    health::{self, Health},
    rules::{self, RuleSet},
    runtime::{Runtime, Unloaded},
};

/// Where a policy finds its plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyConfig {
    /// The user's home of cc-orchestrator.
    pub home: PathBuf,
    /// The project's folder, for the plugins of a trusted project.
    pub project: Option<PathBuf>,
}

/// A plugin of one layer, and whether it can load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginStatus {
    /// Such as `cc.router`.
    pub id: String,
    /// Its version; empty when it cannot be told.
    pub version: String,
    /// Its world; none when it cannot be told.
    pub world: Option<World>,
    /// Where it comes from.
    pub layer: Layer,
    /// Its place in the layer: greater outranks smaller.
    pub order: i64,
    /// Whether it can load.
    pub status: Status,
    /// Why it cannot, and what to do.
    pub reason: Option<String>,
    /// What it does, in a sentence.
    pub description: Option<String>,
    /// sha256 of the component that may run, lower-case hex; empty when none may.
    pub digest: String,
    /// What it may use.
    pub limits: Limits,
    /// Where it was taken from.
    pub source: String,
    /// Where its files are; none of a default plugin, which is inside the binary.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

/// Asks the plugins of every layer and puts their answers together; the user's overrides come last.
///
/// Calls block; they run at the same time on as many threads as ask. Changes of the lock, the trust, the overrides
/// and the plugins' files count from the next call on.
pub struct Policy {
    config: PolicyConfig,
    runtime: Runtime,
    catalog: Mutex<Option<Arc<Catalog>>>,
    health: Health,
    /// Failures are not counted: nothing is done with the answers.
    rehearsal: bool,
    /// A package that was not added, and is asked as if it was.
    trying: Option<Entry>,
}

/// The default plugins inside this binary, in the order of [`crate::BUNDLED`].
#[must_use]
pub fn bundled_plugins() -> Vec<PluginStatus> {
    Catalog::bundled().iter().map(status).collect()
}

/// What one call works with.
struct Session<'a> {
    runtime: &'a Runtime,
    catalog: Arc<Catalog>,
    overrides: Overrides,
    /// Counts failures; none in a rehearsal.
    health: Option<&'a Health>,
    /// Plugins that failed the last time, as it was when the call began.
    failures: Vec<PluginFailures>,
}

impl Policy {
    /// A policy. Does no I/O and starts nothing.
    #[must_use]
    pub fn new(config: PolicyConfig) -> Self {
        let runtime = Runtime::new(config.home.join("cache"));
        let health = Health::new(&config.home);
        Self { config, runtime, catalog: Mutex::new(None), health, rehearsal: false, trying: None }
    }

    /// The same policy for answers that nobody acts on: what fails in it is not held against the plugin.
    #[must_use]
    pub fn rehearsal(config: PolicyConfig) -> Self {
        Self { rehearsal: true, ..Self::new(config) }
    }

    /// A rehearsal of the policy as it would be once the plugin in a folder was added.
    ///
    /// # Errors
    /// It is no plugin that this host can load.
    pub fn trying(config: PolicyConfig, package: &Path) -> Result<Self, PolicyError> {
        Ok(Self { trying: Some(Entry::of_package(package)?), ..Self::rehearsal(config) })
    }

    /// Whether a call has needed the plugin engine yet.
    #[must_use]
    pub fn engine_started(&self) -> bool {
        self.runtime.is_started()
    }

    /// Every plugin of every layer, from the lowest to the highest. Starts no engine.
    ///
    /// A lock or trust file that cannot be read is a broken entry of its own, named after the file's layer.
    #[must_use]
    pub fn plugins(&self) -> Vec<PluginStatus> {
        match self.catalog() {
            Ok(catalog) => self.statuses(&catalog),
            Err(error) => Catalog::bundled().iter().map(status).chain([unreadable(&error)]).collect(),
        }
    }

    /// The user's overrides.
    ///
    /// # Errors
    /// The file is wrong: the line, and what to do.
    pub fn overrides(&self) -> Result<Overrides, PolicyError> {
        Overrides::read(&self.config.home)
    }

    /// Who gets a job. `explicit` is the profile the caller insists on: an id, or a name that only one has.
    ///
    /// The routers decide from the lowest layer to the highest, then the override. One of `candidates` is chosen.
    ///
    /// Only profiles that may see the project get a job. Pass every candidate, those that are not wanted as not usable:
    /// a boundary's names are looked up among all of them.
    ///
    /// # Errors
    /// A boundary or a router refuses the job, no candidate can run, `explicit` names no profile, or the overrides or
    /// the lock cannot be read.
    pub fn route(
        &self,
        request: &RouteRequest,
        candidates: &[Candidate],
        explicit: Option<&str>,
    ) -> Result<RouteDecision, PolicyError> {
        self.route_within(request, candidates, explicit, &[])
    }

    /// [`Policy::route`], for a job that shows its worker parts of further projects: their boundaries hold as well.
    ///
    /// # Errors
    /// As [`Policy::route`].
    pub fn route_within(
        &self,
        request: &RouteRequest,
        candidates: &[Candidate],
        explicit: Option<&str>,
        further: &[PathBuf],
    ) -> Result<RouteDecision, PolicyError> {
        let session = self.session()?;
        let projects = self.config.project.iter().chain(further).map(PathBuf::as_path);
        let boundaries = Boundaries::of(&session.overrides, projects)?;
        let job =
            Job { request, candidates, explicit, overrides: &session.overrides, boundaries: &boundaries };
        let answers = Answers::default();
        let ask = |who: &PluginRef, candidates: &[Candidate], proposal: Option<&Choice>| {
            answers.once(who, proposal, || {
                session.ask(World::Router, who, |plugin| plugin.route(request, candidates, proposal))
            })
        };
        let mut decision = decide::route(&job, &session.catalog.seats(World::Router), ask)?;
        let shadowed = |(plugin, seats): (PluginRef, Vec<PluginRef>)| {
            decide::shadowed(&job, &plugin, &seats, &decision.choice, ask)
        };
        decision.shadows = session.catalog.shadows().into_iter().map(shadowed).collect();
        Ok(decision)
    }

    /// How good models are at roles: one score for each model, in order. Neutral scores when no scorer answers.
    ///
    /// # Errors
    /// The overrides or the lock cannot be read.
    pub fn score(
        &self,
        roles: &[Role],
        models: &[ModelToScore],
    ) -> Result<Answer<Vec<ModelScore>>, PolicyError> {
        let answer = self.session()?.highest(World::ModelScorer, |plugin| plugin.score(roles, models));
        let said = |mut answer: Answer<Vec<ModelScore>>| {
            if let Some(step) = answer.trace.last_mut() {
                step.reason =
                    format!("scored {} models, {} of them known to it", models.len(), known(&answer.value));
            }
            answer
        };
        Ok(answer.map(said).unwrap_or_else(|mut trace| {
            let reason = "no model-scorer answered: every model has the neutral score";
            trace.push(TraceStep {
                who: "host".into(),
                plugin: None,
                said: Said::Chose,
                reason: reason.into(),
            });
            Answer { value: decide::neutral(roles, models), plugin: None, trace }
        }))
    }

    /// What to think of a run.
    ///
    /// # Errors
    /// No reviewer answers, or the overrides or the lock cannot be read.
    pub fn review(&self, run: &RunFacts) -> Result<Answer<Review>, PolicyError> {
        let answer = self.session()?.highest(World::RunReviewer, |plugin| plugin.review(run));
        answer.map_err(|trace| decide::nobody("run-reviewer", trace))
    }

    /// The rules of all scanners together, kept in a file that is read without the engine.
    ///
    /// # Errors
    /// Any scanner that counts cannot answer: without all its rules nothing may be called free of secrets.
    pub fn secret_rules(&self) -> Result<RuleSet, PolicyError> {
        let session = self.session()?;
        rules::rule_set(&self.config.home, &session.specs(World::SecretScanner)?, || session.rules_by_owner())
    }

    /// What findings are, one classification for each, in order. Each scanner judges the findings of its own rules.
    ///
    /// # Errors
    /// A scanner that counts cannot answer.
    pub fn classify(&self, findings: &[SecretFinding]) -> Result<Vec<Classification>, PolicyError> {
        if findings.is_empty() {
            return Ok(Vec::new());
        }
        let session = self.session()?;
        let seats = session.catalog.seats(World::SecretScanner);
        rules::classify(findings, &seats, &session.rules_by_owner()?, |who, own| {
            let answer = session.ask(World::SecretScanner, who, |plugin| plugin.classify(own));
            answer.map_err(|silence| silence.reason)
        })
    }

    /// Every template that can be rendered; of one name, the highest pack's.
    ///
    /// # Errors
    /// No pack answers, or the overrides or the lock cannot be read.
    pub fn templates(&self) -> Result<Vec<Template>, PolicyError> {
        let session = self.session()?;
        let seats = session.catalog.seats(World::PromptPack);
        decide::templates(&seats, |who| session.ask(World::PromptPack, who, Plugin::templates))
    }

    /// The finished text of a template, from the highest pack that has it and can render it.
    ///
    /// # Errors
    /// No pack has it or renders it (the error has each one's reason), or the overrides or the lock cannot be read.
    pub fn render(&self, name: &str, variables: &[(String, String)]) -> Result<Answer<String>, PolicyError> {
        let session = self.session()?;
        let seats = session.catalog.seats(World::PromptPack);
        let templates = |who: &PluginRef| session.ask(World::PromptPack, who, Plugin::templates);
        let render =
            |who: &PluginRef| session.ask(World::PromptPack, who, |plugin| plugin.render(name, variables));
        decide::render(name, &seats, templates, render)
    }

    fn session(&self) -> Result<Session<'_>, PolicyError> {
        let (catalog, overrides) = (self.catalog()?, self.overrides()?);
        let failures = self.failures(&catalog);
        let health = (!self.rehearsal).then_some(&self.health);
        Ok(Session { runtime: &self.runtime, catalog, overrides, health, failures })
    }

    /// Looked at only where a plugin could be set aside.
    fn failures(&self, catalog: &Catalog) -> Vec<PluginFailures> {
        let watched = |entry: &Entry| entry.world.is_some_and(|world| health::is_watched(entry.layer, world));
        if catalog.entries().iter().any(watched) { self.health.failures() } else { Vec::new() }
    }

    fn statuses(&self, catalog: &Catalog) -> Vec<PluginStatus> {
        let (failures, overrides) = (self.failures(catalog), self.overrides().unwrap_or_default());
        let of = |entry: &Entry| {
            let asked = matches!(entry.status, Status::Ready | Status::Shadow);
            let found = set_aside(&failures, &overrides, entry).filter(|_| asked).map(health::set_aside);
            let mut status = status(entry);
            if found.is_some() {
                (status.status, status.reason) = (Status::SetAside, found);
            }
            status
        };
        catalog.entries().iter().map(of).collect()
    }

    fn catalog(&self) -> Result<Arc<Catalog>, PolicyError> {
        let mut kept = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(catalog) = kept.as_ref().filter(|catalog| catalog.is_fresh()) {
            return Ok(Arc::clone(catalog));
        }
        let read = Catalog::read(&self.config.home, self.config.project.as_deref())?;
        let read = Arc::new(match &self.trying {
            Some(entry) => read.with(entry.clone()),
            None => read,
        });
        *kept = Some(Arc::clone(&read));
        Ok(read)
    }

    /// The user's home of cc-orchestrator.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.config.home
    }
}

impl Session<'_> {
    /// Puts a question to one plugin.
    fn ask<T>(
        &self,
        world: World,
        who: &PluginRef,
        question: impl FnOnce(&Plugin) -> Result<T, PluginError>,
    ) -> Result<T, Silence> {
        let entry = self.catalog.entry(who).ok_or_else(|| format!("plugin '{}' is gone", who.id))?;
        if let Some(failures) = set_aside(&self.failures, &self.overrides, entry) {
            return Err(Silence::skipped(health::set_aside(failures)));
        }
        let plugin = self.runtime.plugin(entry, world, &self.overrides);
        match plugin.and_then(|plugin| question(&plugin).map_err(Unloaded::Failed)) {
            Ok(answer) => {
                let failed_before = self.failures.iter().any(|failures| failures.are_of(who));
                if let Some(health) = self.health.filter(|_| failed_before) {
                    health.answered(who);
                }
                Ok(answer)
            }
            Err(Unloaded::NotReady(reason)) => Err(reason.into()),
            Err(Unloaded::Failed(error)) => Err(self.failed(world, who, &error).into()),
        }
    }

    /// Counts a failure; the sentence for the trace, which says when it was one too many.
    fn failed(&self, world: World, who: &PluginRef, error: &PluginError) -> String {
        let reason = error.to_string();
        if !health::is_watched(who.layer, world) || !health::is_its_fault(error, world) {
            return reason;
        }
        let most = self.overrides.failing_plugins.set_aside_after;
        match self.health.and_then(|health| health.failed(who, &reason)) {
            Some(count) if most > 0 && count >= most => {
                tracing::warn!(plugin = who.id, "set aside after {count} failures in a row: {reason}");
                format!("{reason}. That was failure {count} in a row: from now on it is set aside")
            }
            _ => reason,
        }
    }

    /// Puts a question to the highest plugin that can answer it.
    fn highest<T>(
        &self,
        world: World,
        question: impl Fn(&Plugin) -> Result<T, PluginError>,
    ) -> Result<Answer<T>, Vec<TraceStep>> {
        decide::highest(&self.catalog.seats(world), |who| self.ask(world, who, &question))
    }

    /// Everything the rules depend on: the scanners, their bytes and their settings.
    fn specs(&self, world: World) -> Result<Vec<String>, PolicyError> {
        let spec = |entry: &Entry| match entry.status {
            Status::Ready => Ok(format!("{:?} {:?}", entry.layer, entry.spec(world, &self.overrides))),
            _ => Err(PolicyError::FailClosed(format!(
                "plugin '{}' {} is not loaded: {}",
                entry.id,
                entry.version,
                entry.reason.as_deref().unwrap_or("it cannot load")
            ))),
        };
        self.catalog.of(world).map(spec).collect()
    }

    fn rules_by_owner(&self) -> Result<rules::Owned, PolicyError> {
        let seats = self.catalog.seats(World::SecretScanner);
        decide::union(&seats, |who| self.rules_of(who)).map_err(PolicyError::FailClosed)
    }

    fn rules_of(&self, who: &PluginRef) -> Result<Vec<SecretRule>, String> {
        match self.catalog.entry(who).and_then(Entry::data_rules) {
            Some(rules) => rules,
            None => self.ask(World::SecretScanner, who, Plugin::rules).map_err(|silence| silence.reason),
        }
    }
}

/// What the routers of one call said so far: a plugin in shadow makes those above it be heard again.
#[derive(Default)]
struct Answers(RefCell<Vec<Heard>>);

struct Heard {
    who: PluginRef,
    proposal: Option<Choice>,
    said: Result<Verdict, Silence>,
}

impl Answers {
    fn once(
        &self,
        who: &PluginRef,
        proposal: Option<&Choice>,
        ask: impl FnOnce() -> Result<Verdict, Silence>,
    ) -> Result<Verdict, Silence> {
        let is = |heard: &&Heard| heard.who == *who && heard.proposal.as_ref() == proposal;
        if let Some(heard) = self.0.borrow().iter().find(is) {
            return heard.said.clone();
        }
        let said = ask();
        self.0.borrow_mut().push(Heard { who: who.clone(), proposal: proposal.cloned(), said: said.clone() });
        said
    }
}

/// The failures for which a plugin is not asked.
fn set_aside<'a>(
    failures: &'a [PluginFailures],
    overrides: &Overrides,
    entry: &Entry,
) -> Option<&'a PluginFailures> {
    let most = overrides.failing_plugins.set_aside_after;
    let watched = entry.world.is_some_and(|world| health::is_watched(entry.layer, world));
    let plugin = entry.plugin_ref();
    let found = failures.iter().find(|failures| failures.are_of(&plugin));
    found.filter(|failures| watched && most > 0 && failures.failures >= most)
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("config", &self.config).finish_non_exhaustive()
    }
}

fn known(scores: &[ModelScore]) -> usize {
    scores.iter().filter(|score| score.known).count()
}

fn status(entry: &Entry) -> PluginStatus {
    let entry = entry.clone();
    PluginStatus {
        folder: entry.folder().map(Path::to_path_buf),
        id: entry.id,
        version: entry.version,
        world: entry.world,
        layer: entry.layer,
        order: entry.order,
        status: entry.status,
        reason: entry.reason,
        description: entry.description,
        digest: entry.digest,
        limits: entry.limits,
        source: entry.source,
    }
}

/// Stands for the plugins that cannot be listed.
fn unreadable(error: &PolicyError) -> PluginStatus {
    PluginStatus {
        folder: None,
        id: "(unknown)".into(),
        version: String::new(),
        world: None,
        layer: Layer::User,
        order: 0,
        status: Status::Broken,
        reason: Some(error.to_string()),
        description: None,
        digest: String::new(),
        limits: Limits::default(),
        source: String::new(),
    }
}
