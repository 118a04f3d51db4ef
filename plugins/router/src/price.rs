//! What a candidate's price counts in a role.

use cc_policy_sdk::{
    number,
    router::{Candidate, Request},
};

/// Points of score that a tenfold price is worth, by the kind of job.
const WHERE_CHEAP_WILL_DO: f64 = 2.0;
const USUALLY: f64 = 1.0;
const WHERE_QUALITY_COUNTS: f64 = 0.3;
/// Cheaper than this, USD per million tokens, is as good as free.
const FREE: f64 = 0.02;

/// The leaning of a request. A task type beats the role, as it does everywhere.
pub(crate) fn points_per_tenfold(request: &Request) -> f64 {
    let named = request.task_type.as_deref().and_then(leaning);
    named.or_else(|| leaning(&request.role)).unwrap_or(USUALLY)
}

fn leaning(job: &str) -> Option<f64> {
    match job {
        "testing" | "simple" | "documentation" | "requirements" => Some(WHERE_CHEAP_WILL_DO),
        "security" | "security_review" | "architecture" | "supervisor" | "review" => {
            Some(WHERE_QUALITY_COUNTS)
        }
        "complex_code"
        | "implementation"
        | "development"
        | "automation"
        | "ops"
        | "multimodal"
        | "performance"
        | "performance_review"
        | "compatibility"
        | "compatibility_review" => Some(USUALLY),
        // `normal` says nothing of its own, and a team's role may be anything.
        _ => None,
    }
}

/// What the profile pays: USD per million tokens of input and of output, times its factor.
pub(crate) fn paid(candidate: &Candidate) -> Option<(f64, f64)> {
    let price = |key: &str| number(&candidate.attributes, key).filter(|price| *price >= 0.0);
    let factor = price("cost_multiplier").unwrap_or(1.0);
    Some((price("price.input")? * factor, price("price.output")? * factor))
}

/// How many tenfolds each candidate costs above the cheapest. One without a price counts as the middle one.
pub(crate) fn tenfolds(candidates: &[&Candidate]) -> Vec<f64> {
    // Three tokens go in for each that comes out, roughly.
    let blended = |(input, output): (f64, f64)| (0.75 * input + 0.25 * output).max(FREE).log10();
    let priced: Vec<Option<f64>> = candidates.iter().map(|candidate| paid(candidate).map(blended)).collect();
    let mut known: Vec<f64> = priced.iter().flatten().copied().collect();
    known.sort_by(f64::total_cmp);
    let cheapest = known.first().copied().unwrap_or(0.0);
    let middle = known.get(known.len() / 2).copied().unwrap_or(0.0);
    priced.into_iter().map(|price| price.unwrap_or(middle) - cheapest).collect()
}
