//! World `router`.

use cc_domain::{Candidate, Choice, RouteRequest, Verdict};

use super::{Binding, broken, sentence, v1};
use crate::engine::{Plugin, PluginError, tidy};

impl Plugin {
    /// Asks a router. `proposal` is what the routers before it came to.
    ///
    /// # Errors
    /// When the plugin fails, or names no candidate. Whether its choice can run is the caller's to check.
    pub fn route(
        &self,
        request: &RouteRequest,
        candidates: &[Candidate],
        proposal: Option<&Choice>,
    ) -> Result<Verdict, PluginError> {
        let verdict = match self.binding() {
            Binding::V1(functions) => v1::router::route(self, functions, request, candidates, proposal)?,
            #[cfg(test)]
            Binding::Next(functions) => super::next::route(self, functions, request, candidates)?,
        };
        checked(verdict, candidates).map_err(|error| self.blame(error))
    }
}

fn checked(verdict: Verdict, candidates: &[Candidate]) -> Result<Verdict, PluginError> {
    match verdict {
        Verdict::Keep => Ok(Verdict::Keep),
        Verdict::Deny(reason) => Ok(Verdict::Deny(sentence(&reason))),
        Verdict::Choose(choice) if is_candidate(&choice, candidates) => {
            Ok(Verdict::Choose(Choice { reason: sentence(&choice.reason), ..choice }))
        }
        Verdict::Choose(Choice { profile_id, model, .. }) => {
            let (profile_id, model) = (tidy(&profile_id, 80), tidy(&model, 80));
            Err(broken(format!(
                "it chose profile '{profile_id}' with model '{model}', which is no candidate"
            )))
        }
    }
}

fn is_candidate(choice: &Choice, candidates: &[Candidate]) -> bool {
    candidates.iter().any(|c| c.profile_id == choice.profile_id && c.model == choice.model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate() -> Candidate {
        Candidate {
            profile_id: "p1".into(),
            profile_name: "One".into(),
            model: "m1".into(),
            current: true,
            usable: true,
            score: 5.0,
            attributes: vec![],
        }
    }

    fn choose(profile: &str, model: &str, reason: &str) -> Verdict {
        Verdict::Choose(Choice { profile_id: profile.into(), model: model.into(), reason: reason.into() })
    }

    #[test]
    fn a_choice_names_a_candidate_with_one_of_its_models() {
        let judge = |verdict| checked(verdict, &[candidate()]);
        assert_eq!(judge(choose("p1", "m1", "it\nis good")), Ok(choose("p1", "m1", "it is good")));
        assert!(judge(choose("p1", "m2", "")).is_err_and(|error| error.what.contains("'m2'")));
        assert!(judge(choose("p2", "m1", "")).is_err());
        assert_eq!(judge(Verdict::Deny("no\x1b".into())), Ok(Verdict::Deny("no".into())));
    }
}
