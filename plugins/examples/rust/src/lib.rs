//! A team's router. Writing jobs stay off aggregators; simple jobs go to the cheapest model that is good enough.
#![forbid(unsafe_code)]

use cc_policy_sdk::{
    number,
    router::{Candidate, Choice, Failure, Guest, Request, Verdict, config},
    text,
};

/// The plugin.
pub struct TeamRouter;

const SIMPLE: [&str; 2] = ["testing", "documentation"];

impl Guest for TeamRouter {
    fn route(
        request: Request,
        candidates: Vec<Candidate>,
        proposal: Option<Choice>,
    ) -> Result<Verdict, Failure> {
        let allowed: Vec<&Candidate> =
            candidates.iter().filter(|candidate| candidate.usable && may(candidate, &request)).collect();
        if allowed.is_empty() && candidates.iter().any(|candidate| candidate.usable) {
            return Ok(Verdict::Deny("only aggregators are left, and the job may change files".into()));
        }
        if SIMPLE.contains(&request.role.as_str())
            && let Some(best) = cheapest(&allowed, floor())
        {
            return Ok(choose(best, "the cheapest that is good enough for a simple job"));
        }
        Ok(replaced(&allowed, proposal))
    }
}

cc_policy_sdk::export_router!(TeamRouter);

fn may(candidate: &Candidate, request: &Request) -> bool {
    !request.write || text(&candidate.attributes, "category") != Some("aggregator")
}

fn floor() -> f64 {
    config("floor").and_then(|floor| floor.parse().ok()).unwrap_or(5.0)
}

fn cheapest<'c>(allowed: &[&'c Candidate], floor: f64) -> Option<&'c Candidate> {
    let price = |c: &Candidate| number(&c.attributes, "price.output").unwrap_or(f64::INFINITY);
    let good = allowed.iter().copied().filter(|candidate| candidate.score >= floor);
    good.min_by(|a, b| price(a).total_cmp(&price(b)))
}

/// The proposal stands, unless it is one that may not get the job: then the best of the others.
fn replaced(allowed: &[&Candidate], proposal: Option<Choice>) -> Verdict {
    let stands = |choice: &Choice| {
        allowed.iter().any(|c| c.profile_id == choice.profile_id && c.model == choice.model)
    };
    let best =
        allowed.iter().copied().reduce(|best, other| if other.score > best.score { other } else { best });
    match best {
        Some(best) if !proposal.as_ref().is_none_or(stands) => {
            choose(best, "no aggregator for a job that writes")
        }
        _ => Verdict::Keep,
    }
}

fn choose(candidate: &Candidate, reason: &str) -> Verdict {
    Verdict::Choose(Choice {
        profile_id: candidate.profile_id.clone(),
        model: candidate.model.clone(),
        reason: reason.into(),
    })
}
