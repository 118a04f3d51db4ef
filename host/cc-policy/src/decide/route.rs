//! Who gets the job: within the boundaries, the request's own profile, the router chain, then the override.

use cc_domain::{Candidate, Choice, PluginRef, RouteRequest, Said, TraceStep, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Shadowed, Silence, own_step, preference, profile, step};
use crate::{PolicyError, boundary::Boundaries, overrides::Overrides};

/// Who gets the job, and every step that led there.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RouteDecision {
    /// One of the candidates.
    pub choice: Choice,
    /// Every step, in order.
    pub trace: Vec<TraceStep>,
    /// What each plugin in shadow would have changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<Shadowed>,
}

/// All that a route depends on but the routers.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) request: &'a RouteRequest,
    pub(crate) candidates: &'a [Candidate],
    pub(crate) explicit: Option<&'a str>,
    pub(crate) overrides: &'a Overrides,
    pub(crate) boundaries: &'a Boundaries,
}

/// What the chain has come to so far.
#[derive(Default)]
struct Chain {
    proposal: Option<Choice>,
    denial: Option<(String, String)>,
    trace: Vec<TraceStep>,
}

/// Routes a job. `seats` are the routers from lowest to highest; `ask` puts the question to one of them.
pub(crate) fn route<E: Into<Silence>>(
    job: &Job<'_>,
    seats: &[PluginRef],
    ask: impl Fn(&PluginRef, &[Candidate], Option<&Choice>) -> Result<Verdict, E>,
) -> Result<RouteDecision, PolicyError> {
    // All are looked at, so that a name means the same profile whatever was left out before.
    let (within, trace) = job.boundaries.keep(job.candidates)?;
    let mut chain = Chain { trace, ..Chain::default() };
    let candidates = limited(job, &within, &mut chain)?;
    for plugin in seats {
        let answer = ask(plugin, &candidates, chain.proposal.as_ref());
        chain.hear(plugin, &candidates, answer.map_err(Into::into));
        if chain.denial.is_some() {
            break;
        }
    }
    chain.fall_back(&candidates);
    chain.apply_override(job, &within);
    chain.finish()
}

/// The candidates that may be chosen: those of the profile asked for, else all that are within the boundaries.
fn limited(job: &Job<'_>, within: &[Candidate], chain: &mut Chain) -> Result<Vec<Candidate>, PolicyError> {
    let candidates: Vec<Candidate> = match job.explicit {
        None => within.to_vec(),
        Some(query) => {
            let id = profile::require(job.candidates, query)?;
            if !within.iter().any(|candidate| candidate.profile_id == id) {
                return Err(outside(query, std::mem::take(&mut chain.trace)));
            }
            chain.trace.push(own_step(
                "request",
                Said::Chose,
                format!("asked for the profile '{query}' ({id})"),
            ));
            within.iter().filter(|candidate| candidate.profile_id == id).cloned().collect()
        }
    };
    if candidates.iter().any(|candidate| candidate.usable) {
        return Ok(candidates);
    }
    let names = profile::choices(&candidates);
    Err(PolicyError::NoCandidate(if names.is_empty() { "there is none".into() } else { names }))
}

/// The error of a profile that may not see the project.
fn outside(query: &str, mut trace: Vec<TraceStep>) -> PolicyError {
    let rules: Vec<&str> = trace.iter().map(|step| step.reason.as_str()).collect();
    let reason = format!("the profile '{query}' may not see this project: {}", rules.join("; "));
    trace.push(own_step("request", Said::Denied, reason.clone()));
    PolicyError::Boundary { reason, trace }
}

impl Chain {
    fn hear(&mut self, plugin: &PluginRef, candidates: &[Candidate], answer: Result<Verdict, Silence>) {
        let step = match answer {
            Err(Silence { said, reason }) => step(plugin, said, reason),
            Ok(Verdict::Keep) => step(plugin, Said::Kept, "left the proposal as it is"),
            Ok(Verdict::Deny(reason)) => {
                self.denial =
                    Some((format!("{} ({} layer)", plugin.id, plugin.layer.as_str()), reason.clone()));
                step(plugin, Said::Denied, reason)
            }
            Ok(Verdict::Choose(choice)) => match impossible(&choice, candidates) {
                Some(reason) => step(plugin, Said::Failed, reason),
                None => {
                    let reason = choice.reason.clone();
                    self.proposal = Some(choice);
                    step(plugin, Said::Chose, reason)
                }
            },
        };
        self.trace.push(step);
    }

    /// When no router chose, the host does what the simplest router would.
    fn fall_back(&mut self, candidates: &[Candidate]) {
        if self.proposal.is_some() || self.denial.is_some() {
            return;
        }
        if let Some(best) = preference::best(candidates.iter().filter(|candidate| candidate.usable)) {
            let reason = "no router chose: the usable candidate with the best score";
            self.trace.push(own_step("host", Said::Chose, reason));
            self.proposal = Some(choice(best, reason.into()));
        }
    }

    fn apply_override(&mut self, job: &Job<'_>, within: &[Candidate]) {
        let Some(preference) = preference::of(job.overrides, job.request) else { return };
        let name = preference.name();
        let (said, reason) = if job.explicit.is_some() {
            (Said::Skipped, format!("{name} does not apply: this call names a profile itself"))
        } else {
            match preference.resolve(within, self.proposal.as_ref()) {
                Err(why) => (Said::Skipped, format!("{name} does not apply, the decision stands: {why}")),
                Ok(candidate) => {
                    self.denial = None;
                    self.proposal = Some(choice(candidate, format!("the user's override {name}")));
                    (Said::Chose, format!("{name} has the last word"))
                }
            }
        };
        self.trace.push(own_step("override", said, reason));
    }

    fn finish(self) -> Result<RouteDecision, PolicyError> {
        let trace = self.trace;
        match (self.denial, self.proposal) {
            (Some((who, reason)), _) => Err(PolicyError::Denied { who, reason, trace }),
            (None, Some(choice)) => Ok(RouteDecision { choice, trace, shadows: Vec::new() }),
            (None, None) => Err(PolicyError::NoCandidate("there is none".into())),
        }
    }
}

/// Why a router's choice cannot be taken.
fn impossible(choice: &Choice, candidates: &[Candidate]) -> Option<String> {
    let named = |c: &&Candidate| c.profile_id == choice.profile_id && c.model == choice.model;
    let what = format!("chose the profile '{}' with the model '{}'", choice.profile_id, choice.model);
    match candidates.iter().find(named) {
        None => Some(format!("{what}, which is none of the candidates")),
        Some(found) if !found.usable => Some(format!("{what}, on which no worker can be started")),
        Some(_) => None,
    }
}

fn choice(candidate: &Candidate, reason: String) -> Choice {
    Choice { profile_id: candidate.profile_id.clone(), model: candidate.model.clone(), reason }
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
