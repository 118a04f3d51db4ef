//! Another try at a job that failed its verification: first with the same candidate, then with a stronger one.

use std::cmp::Ordering;

use cc_policy_sdk::{
    number,
    router::{Candidate, Request},
    text,
};

use crate::{price, reason, settings::Settings, weigh::Weighed};

/// More attempts than this are not looked at.
const MOST: usize = 50;

/// Who tries next, and why.
pub(crate) struct Next<'w> {
    pub(crate) weighed: &'w Weighed<'w>,
    pub(crate) reason: String,
}

/// Profile and model of each failed attempt, the oldest first.
fn failed(request: &Request) -> Vec<(&str, &str)> {
    let count = number(&request.attributes, "failures").unwrap_or(0.0).clamp(0.0, MOST as f64) as usize;
    let part = |n: usize, name: &str| text(&request.attributes, &format!("failure.{n}.{name}"));
    (1..=count).filter_map(|n| Some((part(n, "profile_id")?, part(n, "model").unwrap_or_default()))).collect()
}

/// Who tries next; none when nothing failed, or when what failed cannot be compared with anything here.
pub(crate) fn next<'w>(
    request: &Request,
    weighed: &'w [Weighed<'w>],
    settings: &Settings,
) -> Option<Next<'w>> {
    let failed = failed(request);
    let (last, after) = (*failed.last()?, settings.escalate_after);
    let times = |one: (&str, &str)| failed.iter().filter(|other| **other == one).count();
    let used_up = |one: &Weighed<'_>| after > 0 && times(id(one.candidate)) >= after;
    let strongest = weighed.iter().filter(|one| used_up(one)).max_by(|a, b| a.score.total_cmp(&b.score));
    let Some(strongest) = strongest else {
        let same = weighed.iter().find(|one| id(one.candidate) == last && one.healthy && !one.avoided)?;
        return Some(Next { reason: again(same, times(last), after), weighed: same });
    };
    let stronger = weighed.iter().filter(|one| one.score > strongest.score && one.healthy && !one.avoided);
    let next = stronger.min_by(|a, b| a.score.total_cmp(&b.score).then_with(|| cheaper(a, b)))?;
    let reason = format!(
        "{}, the next stronger one: {} failed {} verifications, and the limit is {after}",
        scored(next),
        reason::name(strongest),
        times(id(strongest.candidate)),
    );
    Some(Next { weighed: next, reason })
}

fn id(candidate: &Candidate) -> (&str, &str) {
    (&candidate.profile_id, &candidate.model)
}

/// The nearer to the front the cheaper; one without a price comes last, and among equals the id decides.
fn cheaper(a: &Weighed<'_>, b: &Weighed<'_>) -> Ordering {
    let price =
        |one: &Weighed<'_>| price::paid(one.candidate).map_or(f64::MAX, |(input, output)| input + output);
    price(a).total_cmp(&price(b)).then_with(|| id(a.candidate).cmp(&id(b.candidate)))
}

fn scored(weighed: &Weighed<'_>) -> String {
    format!("{} scores {:.1}", reason::name(weighed), weighed.score)
}

fn again(same: &Weighed<'_>, times: usize, after: usize) -> String {
    let limit = if after == 0 { "no limit is set".to_owned() } else { format!("it moves on after {after}") };
    format!("{} tries again: {times} failed verification(s), {limit}", scored(same))
}
