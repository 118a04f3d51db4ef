//! The one door to everything a team decides for itself.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use cc_domain::{
    Candidate, Classification, Layer, ModelScore, ModelToScore, PluginRef, Review, Role, RouteRequest,
    RunFacts, Said, SecretFinding, Template, TraceStep,
};
use serde::Serialize;

use crate::{
    Answer, Overrides, PolicyError, RouteDecision, Status,
    boundary::Boundaries,
    catalog::{Catalog, Entry},
    decide::{self, Job},
    engine::{Limits, Plugin, PluginError, World},
    rules::{self, RuleSet},
    runtime::Runtime,
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
}

/// Asks the plugins of every layer and puts their answers together; the user's overrides come last.
///
/// Calls block; they run at the same time on as many threads as ask. Changes of the lock, the trust, the overrides
/// and the plugins' files count from the next call on.
pub struct Policy {
    config: PolicyConfig,
    runtime: Runtime,
    catalog: Mutex<Option<Arc<Catalog>>>,
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
}

impl Policy {
    /// A policy. Does no I/O and starts nothing.
    #[must_use]
    pub fn new(config: PolicyConfig) -> Self {
        let runtime = Runtime::new(config.home.join("cache"));
        Self { config, runtime, catalog: Mutex::new(None) }
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
            Ok(catalog) => catalog.entries().iter().map(status).collect(),
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
        decide::route(&job, &session.catalog.seats(World::Router), |who, candidates, proposal| {
            session.ask(World::Router, who, |plugin| plugin.route(request, candidates, proposal))
        })
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
            session.ask(World::SecretScanner, who, |plugin| plugin.classify(own))
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
        Ok(Session { runtime: &self.runtime, catalog: self.catalog()?, overrides: self.overrides()? })
    }

    fn catalog(&self) -> Result<Arc<Catalog>, PolicyError> {
        let mut kept = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(catalog) = kept.as_ref().filter(|catalog| catalog.is_fresh()) {
            return Ok(Arc::clone(catalog));
        }
        let read = Arc::new(Catalog::read(&self.config.home, self.config.project.as_deref())?);
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
    ) -> Result<T, String> {
        let entry = self.catalog.entry(who).ok_or_else(|| format!("plugin '{}' is gone", who.id))?;
        let plugin = self.runtime.plugin(entry, world, &self.overrides)?;
        question(&plugin).map_err(|error| error.to_string())
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
        decide::union(&seats, |who| self.ask(World::SecretScanner, who, Plugin::rules))
            .map_err(PolicyError::FailClosed)
    }
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
