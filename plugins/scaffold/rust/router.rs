//! A router: sends each job to the cheapest profile that can run it.

use cc_policy_sdk::{
    number,
    router::{Candidate, Choice, Failure, Guest, Request, Verdict},
};

struct Plugin;

impl Guest for Plugin {
    fn route(
        _request: Request,
        candidates: Vec<Candidate>,
        _proposal: Option<Choice>,
    ) -> Result<Verdict, Failure> {
        let price = |c: &Candidate| number(&c.attributes, "price.output").unwrap_or(f64::INFINITY);
        let usable = candidates.iter().filter(|candidate| candidate.usable);
        let cheapest = usable.min_by(|a, b| price(a).total_cmp(&price(b)));
        Ok(cheapest.map_or(Verdict::Keep, |candidate| {
            Verdict::Choose(Choice {
                profile_id: candidate.profile_id.clone(),
                model: candidate.model.clone(),
                reason: "the cheapest that can run".into(),
            })
        }))
    }
}

cc_policy_sdk::export_router!(Plugin);
