//! Why a candidate was chosen, in one sentence.

use crate::{price, weigh::Weighed};

/// Such as `deepseek-v4-pro scores 8.1 for review (best of 14), 1.32/3.96 USD per Mtok`.
pub(crate) fn of(chosen: &Weighed<'_>, all: &[Weighed<'_>], role: &str) -> String {
    let better = all.iter().filter(|other| other.score > chosen.score).count();
    let mut sentence = format!(
        "{} scores {:.1} for {role} ({} of {})",
        name(chosen),
        chosen.score,
        place(better + 1),
        all.len()
    );
    if let Some((input, output)) = price::paid(chosen.candidate) {
        sentence.push_str(&format!(", {}/{} USD per Mtok", short(input), short(output)));
    }
    if let Some(why) = why(chosen, all) {
        sentence.push_str("; ");
        sentence.push_str(&why);
    }
    sentence
}

/// What decided besides the score, when something did.
fn why(chosen: &Weighed<'_>, all: &[Weighed<'_>]) -> Option<String> {
    if chosen.avoided {
        return Some("to be avoided, and there is nothing else".to_owned());
    }
    if !chosen.healthy {
        return Some("its last health check failed, as did that of every other".to_owned());
    }
    let better = |other: &Weighed<'_>| other.healthy && !other.avoided && other.worth() > chosen.worth();
    let worth_more = all.iter().any(better);
    if chosen.candidate.current && worth_more {
        return Some("as good as the best, and switched on in CC Switch now".to_owned());
    }
    let top = all.iter().max_by(|a, b| a.score.total_cmp(&b.score)).filter(|top| top.score > chosen.score)?;
    if top.avoided {
        return Some(format!("{} is to be avoided", name(top)));
    }
    if !top.healthy {
        return Some(format!("the last health check of {} failed", name(top)));
    }
    let gains = [
        (chosen.price - top.price, "cheaper"),
        (chosen.record - top.record, "with a better record"),
        (chosen.steadiness - top.steadiness, "steadier at changing files"),
        (chosen.speed - top.speed, "faster"),
    ];
    let (_, gain) = gains.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(format!("{gain} than {}", name(top)))
}

pub(crate) fn name(weighed: &Weighed<'_>) -> String {
    match weighed.candidate.model.as_str() {
        "" => format!("the default model of {}", weighed.candidate.profile_name),
        model => model.to_owned(),
    }
}

fn place(rank: usize) -> String {
    let ending = match (rank % 10, rank % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    if rank == 1 { "best".to_owned() } else { format!("{rank}{ending}") }
}

/// A price without the digits that a factor leaves behind.
fn short(price: f64) -> f64 {
    (price * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_people_write_them() {
        let written: Vec<_> = [1, 2, 3, 4, 11, 12, 21, 112].into_iter().map(place).collect();
        assert_eq!(written, ["best", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th"]);
    }
}
