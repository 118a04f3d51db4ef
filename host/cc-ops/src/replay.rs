//! Recorded routes, decided again: what another policy would have done.

use std::path::Path;

use cc_domain::{Candidate, RouteRequest};
use cc_policy::{Policy, PolicyConfig, PolicyError};
use cc_store::Decision;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Context, OpError};

/// Most differences that a replay keeps; the rest are counted.
const MOST_SHOWN: usize = 100;

/// What the new decisions are compared with.
#[derive(Clone, Copy, Debug)]
pub enum Before<'a> {
    /// What came out then.
    Recorded,
    /// What this policy says now.
    Policy(&'a Policy),
}

/// What a replay came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// Routes that were decided again.
    pub routes: usize,
    /// Those that come out otherwise.
    pub differ: usize,
    /// Records of another kind or form, which were left out.
    pub left_out: usize,
    /// The first of those that differ, in the order of the records.
    pub differences: Vec<Difference>,
}

/// A route that comes out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The run it was decided for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// When. RFC 3339, UTC.
    pub at: String,
    /// The worker's role.
    pub role: String,
    /// As it came out.
    pub before: Outcome,
    /// As it would come out.
    pub now: Outcome,
}

/// How a route came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Outcome {
    /// A profile and model.
    Chosen {
        /// CC Switch's id.
        profile_id: String,
        /// Empty: the provider's default, or one that the caller named.
        model: String,
    },
    /// Nobody, and why.
    Refused {
        /// In a sentence.
        refused: String,
    },
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Chosen { profile_id, model } if model.is_empty() => f.write_str(profile_id),
            Self::Chosen { profile_id, model } => write!(f, "{model} on {profile_id}"),
            Self::Refused { refused } => write!(f, "refused: {refused}"),
        }
    }
}

/// One recorded route, as much of it as deciding again needs.
struct Recorded {
    request: RouteRequest,
    candidates: Vec<Candidate>,
    outcome: Outcome,
    /// The profile that the caller insisted on.
    explicit: Option<String>,
    /// The caller named the model, so the router's is not compared.
    named_model: bool,
}

#[derive(Deserialize)]
struct Kept {
    profile_id: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    trace: Vec<cc_domain::TraceStep>,
}

/// Decides recorded routes again with the same jobs and candidates, and says which come out otherwise.
///
/// # Errors
/// A policy cannot decide at all: the overrides or the lock cannot be read.
pub fn replay(decisions: &[Decision], before: Before<'_>, now: &Policy) -> Result<Replay, PolicyError> {
    let mut replay = Replay::default();
    for decision in decisions {
        let Some(recorded) = Recorded::read(decision) else {
            replay.left_out += 1;
            continue;
        };
        let was = match before {
            Before::Recorded => recorded.comparable(recorded.outcome.clone()),
            Before::Policy(policy) => recorded.decided_by(policy)?,
        };
        let is = recorded.decided_by(now)?;
        replay.routes += 1;
        if was == is {
            continue;
        }
        replay.differ += 1;
        if replay.differences.len() < MOST_SHOWN {
            replay.differences.push(Difference {
                run_id: decision.run_id.as_ref().map(ToString::to_string),
                at: decision.at.clone(),
                role: recorded.request.role.to_string(),
                before: was,
                now: is,
            });
        }
    }
    Ok(replay)
}

impl Recorded {
    fn read(decision: &Decision) -> Option<Self> {
        if decision.kind != "route" {
            return None;
        }
        let kept: Kept = serde_json::from_value(decision.outcome.clone()).ok()?;
        let insisted = kept.trace.iter().any(|step| step.who == "request");
        Some(Self {
            request: serde_json::from_value(decision.request.clone()).ok()?,
            candidates: serde_json::from_value(decision.candidates.clone()).ok()?,
            explicit: insisted.then(|| kept.profile_id.clone()),
            outcome: Outcome::Chosen { profile_id: kept.profile_id, model: kept.model.unwrap_or_default() },
            named_model: decision.request.get("named_model").and_then(Value::as_bool).unwrap_or_default(),
        })
    }

    fn decided_by(&self, policy: &Policy) -> Result<Outcome, PolicyError> {
        match policy.route(&self.request, &self.candidates, self.explicit.as_deref()) {
            Ok(decision) => {
                let (profile_id, model) = (decision.choice.profile_id, decision.choice.model);
                Ok(self.comparable(Outcome::Chosen { profile_id, model }))
            }
            Err(
                error @ (PolicyError::Denied { .. }
                | PolicyError::Boundary { .. }
                | PolicyError::NoCandidate(_)
                | PolicyError::Profile { .. }),
            ) => Ok(Outcome::Refused { refused: error.to_string() }),
            Err(error) => Err(error),
        }
    }

    fn comparable(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Chosen { profile_id, .. } if self.named_model => {
                Outcome::Chosen { profile_id, model: String::new() }
            }
            other => other,
        }
    }
}

impl Replay {
    /// In words: "14 of 230 routes differ", and which.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = match (self.routes, self.differ) {
            (0, _) => "no route was recorded yet: run some workers first".to_owned(),
            (routes, 0) => format!("all {routes} routes come out the same"),
            (routes, differ) => format!("{differ} of {routes} routes differ:"),
        };
        for one in &self.differences {
            let run = one.run_id.as_deref().unwrap_or(&one.at);
            text.push_str(&format!("\n- {run} ({}): {} -> {}", one.role, one.before, one.now));
        }
        if self.differ > self.differences.len() {
            text.push_str(&format!("\n- and {} more", self.differ - self.differences.len()));
        }
        text
    }
}

/// The newest recorded routes of this home, through its policy as it is, or as it would be with a plugin added.
///
/// # Errors
/// The records, the overrides or the lock cannot be read, or `candidate` is no plugin.
pub fn replay_recorded(cx: &Context, candidate: Option<&Path>, most: u32) -> Result<Replay, OpError> {
    let project = cx.project(None)?.root;
    let config = PolicyConfig { home: cx.setup().home.root().to_owned(), project: Some(project) };
    let now = match candidate {
        Some(package) => Policy::trying(config, package)?,
        None => Policy::rehearsal(config),
    };
    Ok(replay(&recorded(cx, most)?, Before::Recorded, &now)?)
}

/// The newest decisions first. Where nothing ever ran there is no database, and asking makes none.
pub(crate) fn recorded(cx: &Context, most: u32) -> Result<Vec<Decision>, OpError> {
    if !cx.setup().home.state_db().is_file() {
        return Ok(Vec::new());
    }
    Ok(cx.store()?.decisions(None, most)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decision(role: &str, profile: &str, model: &str, named_model: bool) -> Decision {
        let candidate = |id: &str, model: &str, score: f64| {
            json!({ "profile_id": id, "profile_name": id, "model": model, "current": false, "usable": true,
                    "score": score, "attributes": [] })
        };
        Decision {
            run_id: None,
            at: "2026-11-25T00:00:00Z".into(),
            kind: "route".into(),
            request: json!({ "role": role, "task_type": null, "write": false, "attributes": [],
                             "named_model": named_model }),
            candidates: json!([candidate("p1", "a", 9.0), candidate("p2", "b", 1.0)]),
            outcome: json!({ "profile_id": profile, "model": model, "trace": [] }),
            plugins: Vec::new(),
        }
    }

    #[test]
    fn what_comes_out_otherwise_is_counted_and_named() {
        let home = tempfile::tempdir().expect("a home");
        let now = Policy::new(PolicyConfig { home: home.path().into(), project: None });
        let other_kind = Decision { kind: "score".into(), ..decision("review", "p1", "a", false) };
        let decisions = [
            decision("review", "p1", "a", false),
            decision("review", "p2", "b", false),
            decision("review", "p1", "the caller's own", true),
            other_kind,
        ];
        let found = replay(&decisions, Before::Recorded, &now).expect("replayed");
        assert_eq!((found.routes, found.differ, found.left_out), (3, 1, 1));
        assert!(found.text().starts_with("1 of 3 routes differ:\n- "), "{}", found.text());
        assert!(found.text().contains("(review): b on p2 -> a on p1"), "{}", found.text());

        let other = tempfile::tempdir().expect("a home");
        std::fs::write(other.path().join("overrides.toml"), "[preferred_profiles]\nreview = \"p2\"\n")
            .expect("written");
        let other = Policy::new(PolicyConfig { home: other.path().into(), project: None });
        let found = replay(&decisions, Before::Policy(&now), &other).expect("replayed");
        assert_eq!((found.routes, found.differ), (3, 3));
    }
}
