//! What each candidate is worth for a request.

use cc_policy_sdk::{
    number,
    router::{Candidate, Request},
    text,
};

use crate::{price, settings::Settings};

/// A record without runs counts as this many runs, of which so large a part went well.
const ASSUMED_RUNS: f64 = 5.0;
const ASSUMED_SUCCESS: f64 = 0.8;

/// A candidate and what it is worth, in points of score.
#[derive(Debug)]
pub(crate) struct Weighed<'c> {
    pub(crate) candidate: &'c Candidate,
    pub(crate) healthy: bool,
    /// The user would rather not.
    pub(crate) avoided: bool,
    /// The scorer's, 0 to 10.
    pub(crate) score: f64,
    /// At most 0.
    pub(crate) price: f64,
    /// Above 0 for a record that is better than assumed.
    pub(crate) record: f64,
    /// 0 but for a worker that may change files.
    pub(crate) steadiness: f64,
    /// 0 unless the user wants speed.
    pub(crate) speed: f64,
}

impl Weighed<'_> {
    pub(crate) fn worth(&self) -> f64 {
        self.score + self.price + self.record + self.steadiness + self.speed
    }
}

/// All candidates, best first: the wanted before the avoided, the healthy before the failing, then by worth, then by profile and model.
pub(crate) fn all<'c>(
    request: &Request,
    candidates: &[&'c Candidate],
    settings: &Settings,
) -> Vec<Weighed<'c>> {
    let points = price::points_per_tenfold(request) * settings.price_weight;
    let mut weighed: Vec<Weighed<'c>> = candidates
        .iter()
        .zip(price::tenfolds(candidates))
        .map(|(candidate, tenfolds)| Weighed {
            candidate,
            avoided: avoided(candidate, settings),
            healthy: text(&candidate.attributes, "health") != Some("failing"),
            score: if candidate.score.is_finite() { candidate.score.clamp(0.0, 10.0) } else { 0.0 },
            price: -points * tenfolds,
            record: settings.history_weight * record(candidate, &request.role),
            steadiness: if request.write { settings.write_weight * steadiness(candidate) } else { 0.0 },
            speed: settings.speed_weight * above_middle(candidate, "ability.speed"),
        })
        .collect();
    weighed.sort_by(|a, b| {
        let id = |w: &Weighed<'c>| (&w.candidate.profile_id, &w.candidate.model);
        (a.avoided.cmp(&b.avoided))
            .then(b.healthy.cmp(&a.healthy))
            .then(b.worth().total_cmp(&a.worth()))
            .then(id(a).cmp(&id(b)))
    });
    weighed
}

/// How much better than assumed the runs went, as a share: -0.8 to 0.2, near 0 after few runs.
fn record(candidate: &Candidate, role: &str) -> f64 {
    let counted = |prefix: &str| {
        let runs = number(&candidate.attributes, &format!("{prefix}.runs")).filter(|runs| *runs >= 1.0)?;
        let successes = number(&candidate.attributes, &format!("{prefix}.successes"))?;
        Some((runs, successes.clamp(0.0, runs)))
    };
    let Some((runs, successes)) = counted(&format!("history.{role}")).or_else(|| counted("history")) else {
        return 0.0;
    };
    (successes + ASSUMED_SUCCESS * ASSUMED_RUNS) / (runs + ASSUMED_RUNS) - ASSUMED_SUCCESS
}

/// How far stability and use of tools are above the middle of their scale, on average.
fn steadiness(candidate: &Candidate) -> f64 {
    (above_middle(candidate, "ability.stability") + above_middle(candidate, "ability.tool_use")) / 2.0
}

fn above_middle(candidate: &Candidate, key: &str) -> f64 {
    number(&candidate.attributes, key).map_or(0.0, |ability| ability.clamp(0.0, 10.0) - 5.0)
}

fn avoided(candidate: &Candidate, settings: &Settings) -> bool {
    let names = [&candidate.model, &candidate.profile_id, &candidate.profile_name];
    settings.avoid.iter().any(|avoided| names.contains(&avoided))
}
