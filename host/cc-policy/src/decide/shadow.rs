//! What a decision would have been with a plugin acting that only watches.

use cc_domain::{Candidate, Choice, PluginRef, Said, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Silence,
    route::{Job, route},
};
use crate::PolicyError;

/// A plugin in shadow, and what it would have changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shadowed {
    /// Who.
    pub plugin: PluginRef,
    /// What it said itself.
    pub said: Said,
    /// Its reason.
    pub reason: String,
    /// What the whole decision would have been; none when nothing could run.
    pub would_choose: Option<Choice>,
    /// That is another profile or model than was chosen.
    pub differs: bool,
}

/// Decides again with one plugin more; `seats` has it at its place among those that act.
pub(crate) fn shadowed<E: Into<Silence>>(
    job: &Job<'_>,
    plugin: &PluginRef,
    seats: &[PluginRef],
    acting: &Choice,
    ask: impl Fn(&PluginRef, &[Candidate], Option<&Choice>) -> Result<Verdict, E>,
) -> Shadowed {
    let (trace, would_choose, failure) = match route(job, seats, ask) {
        Ok(decision) => (decision.trace, Some(decision.choice), None),
        Err(PolicyError::Denied { trace, reason, .. }) => (trace, None, Some(reason)),
        Err(error) => (Vec::new(), None, Some(error.to_string())),
    };
    let own = trace.into_iter().find(|step| step.plugin.as_ref() == Some(plugin));
    let (said, reason) = match own {
        Some(step) => (step.said, step.reason),
        None => (Said::Skipped, failure.unwrap_or_else(|| "a plugin below it refused the job".into())),
    };
    let same = |choice: &Choice| choice.profile_id == acting.profile_id && choice.model == acting.model;
    let differs = !would_choose.as_ref().is_some_and(same);
    Shadowed { plugin: plugin.clone(), said, reason, would_choose, differs }
}

#[cfg(test)]
mod tests {
    use cc_domain::{Layer, RouteRequest};

    use super::*;
    use crate::{
        decide::samples::{candidate, plugin},
        overrides::Overrides,
    };

    fn tried(answer: Result<Verdict, String>, overrides: &str) -> Shadowed {
        let request = RouteRequest {
            role: "review".parse().expect("a role"),
            task_type: None,
            write: false,
            attributes: Vec::new(),
        };
        let candidates = [candidate("p1", "One", "a", 9.0), candidate("p2", "Two", "b", 1.0)];
        let overrides = Overrides::parse("overrides.toml", overrides).expect("overrides");
        let boundaries = crate::boundary::Boundaries::default();
        let (request, overrides) = (&request, &overrides);
        let job =
            Job { request, candidates: &candidates, explicit: None, overrides, boundaries: &boundaries };
        let (low, shadow) = (plugin("low", Layer::Bundled), plugin("shadow", Layer::User));
        let choose = |id: &str, model: &str| Choice {
            profile_id: id.into(),
            model: model.into(),
            reason: "so".into(),
        };
        let ask = |who: &PluginRef, _: &[Candidate], _: Option<&Choice>| match who.id.as_str() {
            "low" => Ok(Verdict::Choose(choose("p1", "a"))),
            _ => answer.clone(),
        };
        let acting = route(&job, std::slice::from_ref(&low), ask).expect("routed").choice;
        shadowed(&job, &shadow, &[low, shadow.clone()], &acting, ask)
    }

    #[test]
    fn what_it_would_have_changed_is_said_and_an_override_still_has_the_last_word() {
        let two = || {
            Ok(Verdict::Choose(Choice { profile_id: "p2".into(), model: "b".into(), reason: "why".into() }))
        };
        let other = tried(two(), "");
        assert_eq!((other.differs, other.said, other.reason.as_str()), (true, Said::Chose, "why"));
        assert_eq!(other.would_choose.expect("a choice").profile_id, "p2");
        let kept = tried(Ok(Verdict::Keep), "");
        assert_eq!((kept.differs, kept.said), (false, Said::Kept));
        assert!(!tried(two(), "[preferred_profiles]\nreview = \"p1\"\n").differs);
        let denied = tried(Ok(Verdict::Deny("no".into())), "");
        assert_eq!((denied.differs, denied.said, denied.would_choose), (true, Said::Denied, None));
        let failed = tried(Err("it trapped".into()), "");
        assert_eq!((failed.differs, failed.said), (false, Said::Failed));
    }
}
