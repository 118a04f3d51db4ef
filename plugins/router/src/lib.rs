//! The default router: sends a job to the candidate that is worth most for it.
//!
//! A candidate is worth its score for the role, less what its price counts in such a role, corrected by its
//! record and, for a worker that may change files, by how steady it is. Attributes it reads, all optional:
//!
//! | key | value |
//! |---|---|
//! | `price.input`, `price.output` | USD per million tokens |
//! | `cost_multiplier` | the profile's factor on the prices; 1 when absent |
//! | `health` | `ok` or `failing`: a failing profile is taken only when every other fails, too |
//! | `history.runs`, `history.successes` | finished runs of this model on this profile |
//! | `history.<role>.runs`, `.successes` | the same, of one role's runs, which then count instead |
//! | `ability.stability`, `ability.tool_use` | the scorer's abilities, 0 to 10 |
//! | `ability.speed` | the same, for those who want speed |
//! | `unusable_reason` | why no worker can be started on it |
//!
//! Of the request: `failures` (attempts at this very job that failed their verification), and of each, the oldest
//! being 1, `failure.N.profile_id` and `failure.N.model`.
//!
//! Settings, each in points of score: `price_weight` (1: factor on what a price counts; 0 ignores prices),
//! `history_weight` (2: what a record of nothing but failures could cost), `write_weight` (0.15: what each point
//! of steadiness is worth to a worker that writes), `speed_weight` (0: what each point of speed is worth),
//! `tie_margin` (0.3: candidates that close count as equal). Besides: `prefer_current` (true: among equals, the profile
//! that is switched on), `escalate_after` (2: failed verifications of one candidate after which the next stronger one
//! gets the job; 0: never), `avoid` (models, profile ids or names, separated by commas: taken when nothing else is left).
#![forbid(unsafe_code)]

mod escalate;
mod price;
mod reason;
mod settings;
mod weigh;

use cc_policy_sdk::{
    router::{Candidate, Choice, Failure, Guest, Request, Verdict, config},
    text,
};

use settings::Settings;
use weigh::Weighed;

/// The plugin.
pub struct Router;

impl Guest for Router {
    fn route(
        request: Request,
        candidates: Vec<Candidate>,
        proposal: Option<Choice>,
    ) -> Result<Verdict, Failure> {
        // Somebody below has chosen already; the default has nothing to add to that.
        if proposal.is_some() {
            return Ok(Verdict::Keep);
        }
        choose(&request, &candidates, &Settings::read(config)).map(Verdict::Choose)
    }
}

cc_policy_sdk::export_router!(Router);

fn choose(request: &Request, candidates: &[Candidate], settings: &Settings) -> Result<Choice, Failure> {
    let usable: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.usable).collect();
    let weighed = weigh::all(request, &usable, settings);
    if let Some(next) = escalate::next(request, &weighed, settings) {
        return Ok(choice(next.weighed, next.reason));
    }
    let chosen = pick(&weighed, settings).ok_or_else(|| nothing_usable(candidates))?;
    Ok(choice(chosen, reason::of(chosen, &weighed, &request.role)))
}

fn choice(chosen: &Weighed<'_>, reason: String) -> Choice {
    Choice { profile_id: chosen.candidate.profile_id.clone(), model: chosen.candidate.model.clone(), reason }
}

/// The one worth most, or the current profile when it is as good. `weighed` has the best first.
fn pick<'w>(weighed: &'w [Weighed<'_>], settings: &Settings) -> Option<&'w Weighed<'w>> {
    let best = weighed.first()?;
    let equal = |other: &&Weighed<'_>| {
        (other.avoided, other.healthy) == (best.avoided, best.healthy)
            && best.worth() - other.worth() <= settings.tie_margin
    };
    let current = weighed.iter().filter(equal).find(|other| other.candidate.current);
    Some(current.filter(|_| settings.prefer_current).unwrap_or(best))
}

/// At most so many reasons fit into a hint that is read at a glance.
const REASONS: usize = 5;

fn nothing_usable(candidates: &[Candidate]) -> Failure {
    let mut reasons: Vec<String> = Vec::new();
    for candidate in candidates {
        let why =
            text(&candidate.attributes, "unusable_reason").unwrap_or("not usable, and no reason is given");
        let line = format!("{}: {why}", candidate.profile_name);
        // One profile may stand here with several models.
        if !reasons.contains(&line) {
            reasons.push(line);
        }
    }
    let more = reasons.len().saturating_sub(REASONS);
    reasons.truncate(REASONS);
    let mut hint = reasons.join("; ");
    if more > 0 {
        hint.push_str(&format!("; and {more} more"));
    }
    if hint.is_empty() {
        hint = "add a profile for Claude Code in CC Switch".to_owned();
    }
    Failure { message: "no profile can start a worker".to_owned(), hint: Some(hint) }
}

#[cfg(test)]
mod tests;
