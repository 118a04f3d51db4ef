//! What workers found, and where they agree: read from the block that a prompt pack asks each of them for.
//!
//! The block is fenced as `findings`; a line is `problem | path:line | claim` or `fine | …`. Answers are compared by
//! the place they judge, never by the words they use.

use std::{fmt, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Findings that are read of one answer.
const MOST: usize = 20;
/// Characters of a place and of a claim.
const PLACE_CHARS: usize = 160;
const CLAIM_CHARS: usize = 240;
/// Two workers rarely name the very same line of one fault.
const SAME_PLACE_LINES: u32 = 5;
const FENCE: &str = "```";

/// How something was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// Something is wrong there.
    Problem,
    /// It was examined and found sound.
    Fine,
}

/// One judged place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The judgement.
    pub stance: Stance,
    /// A path with `/`, or a name.
    pub place: String,
    /// From 1.
    pub line: Option<u32>,
    /// Why, in one line.
    pub claim: String,
}

/// One worker's word on a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opinion {
    /// Who says it.
    pub by: String,
    /// What.
    pub finding: Finding,
}

/// A place that more than one worker judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedPlace {
    /// As it was named most fully, first of those.
    pub place: String,
    /// At least two workers' words.
    pub opinions: Vec<Opinion>,
}

/// Some workers' findings, compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// Places that all who judged them judge alike.
    pub agreements: Vec<SharedPlace>,
    /// Places that are a problem to one and fine to another.
    pub conflicts: Vec<SharedPlace>,
}

impl Stance {
    /// As it is written in the block.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Fine => "fine",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.stance.as_str(), self.at(), self.claim)
    }
}

impl Finding {
    /// `path:line`, or the name.
    #[must_use]
    pub fn at(&self) -> String {
        self.line.map_or_else(|| self.place.clone(), |line| format!("{}:{line}", self.place))
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.trim().trim_start_matches(['-', '*', ' ']).splitn(3, '|').map(str::trim);
        let stance = match parts.next()?.trim_matches(['`', '*']).to_ascii_lowercase().as_str() {
            "problem" => Stance::Problem,
            "fine" => Stance::Fine,
            _ => return None,
        };
        let (place, line) = place(parts.next()?);
        let claim = crate::one_line(parts.next().unwrap_or_default(), CLAIM_CHARS);
        (!place.is_empty()).then_some(Self { stance, place, line, claim })
    }

    /// Of the same file or thing; one may have named more of the path than the other.
    fn same_place(&self, other: &Self) -> bool {
        let (a, b) = (self.place.to_lowercase(), other.place.to_lowercase());
        a == b || (a.contains('.') && (Path::new(&a).ends_with(&b) || Path::new(&b).ends_with(&a)))
    }

    fn same_lines(&self, other: &Self) -> bool {
        self.line.zip(other.line).is_some_and(|(a, b)| a.abs_diff(b) <= SAME_PLACE_LINES)
    }
}

/// A place and its line: `./src/a.rs:10-20` is line 10 of `src/a.rs`.
fn place(text: &str) -> (String, Option<u32>) {
    let text = text.trim_matches('`').replace('\\', "/");
    let text = text.trim_start_matches("./");
    let cut = |place: &str| crate::one_line(place, PLACE_CHARS);
    let numbered = text.split_once(':').and_then(|(place, rest)| {
        let digits = rest.trim_start_matches('L').split(|c: char| !c.is_ascii_digit()).next()?;
        Some((cut(place), Some(digits.parse().ok()?)))
    });
    numbered.unwrap_or_else(|| (cut(text), None))
}

/// The findings of an answer, and the answer without their block. No block is no finding: free text is not guessed at.
#[must_use]
pub fn findings(answer: &str) -> (Vec<Finding>, String) {
    let opening = format!("{FENCE}findings");
    let Some(begin) = answer.rfind(&opening) else { return (Vec::new(), answer.trim().to_owned()) };
    let block = &answer[begin + opening.len()..];
    let end = block.find(FENCE).unwrap_or(block.len());
    let found = block[..end].lines().filter_map(Finding::parse).take(MOST).collect();
    let after = block.get(end + FENCE.len()..).unwrap_or_default();
    (found, [&answer[..begin], after].concat().trim().to_owned())
}

/// Compares what several workers found; one worker alone neither agrees nor disagrees.
#[must_use]
pub fn compare(opinions: &[Opinion]) -> Comparison {
    let mut comparison = Comparison::default();
    for group in groups(opinions) {
        let first = &group[0];
        if group.iter().all(|opinion| opinion.by == first.by) {
            continue;
        }
        let shared =
            SharedPlace { place: fullest(&group), opinions: group.iter().copied().cloned().collect() };
        if group.iter().all(|opinion| opinion.finding.stance == first.finding.stance) {
            comparison.agreements.push(shared);
        } else if disagree(&group) {
            comparison.conflicts.push(shared);
        }
    }
    comparison
}

/// `src/login.rs:42` says more than `login.rs:44` does.
fn fullest(group: &[&Opinion]) -> String {
    let mut names = group.iter().map(|opinion| opinion.finding.at());
    let first = names.next().unwrap_or_default();
    names.fold(first, |best, name| if name.len() > best.len() { name } else { best })
}

/// One worker may find a problem and a fine thing in the same place; that is no conflict with itself.
fn disagree(group: &[&Opinion]) -> bool {
    group.iter().any(|a| group.iter().any(|b| a.by != b.by && a.finding.stance != b.finding.stance))
}

/// Near lines are one place. A word on a whole file counts for each of its places that somebody named.
fn groups(opinions: &[Opinion]) -> Vec<Vec<&Opinion>> {
    let (lines, wholes): (Vec<_>, Vec<_>) = opinions.iter().partition(|o| o.finding.line.is_some());
    let mut groups: Vec<Vec<&Opinion>> = Vec::new();
    for opinion in lines {
        let same = |group: &&mut Vec<&Opinion>| {
            let first = &group[0].finding;
            first.same_place(&opinion.finding) && first.same_lines(&opinion.finding)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(opinion),
            None => groups.push(vec![opinion]),
        }
    }
    for opinion in wholes {
        let mut joined = false;
        for group in groups.iter_mut().filter(|group| group[0].finding.same_place(&opinion.finding)) {
            group.push(opinion);
            joined = true;
        }
        if !joined {
            groups.push(vec![opinion]);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(by: &str, line: &str) -> Opinion {
        Opinion { by: by.into(), finding: Finding::parse(line).expect("a finding") }
    }

    fn places(shared: &[SharedPlace]) -> Vec<&str> {
        shared.iter().map(|shared| shared.place.as_str()).collect()
    }

    #[test]
    fn a_block_is_read_and_taken_out_of_the_answer() {
        let answer = "The login leaks.\n\n```findings\n- problem | `./src/login.rs:42-44` | compares with == | always\n\
                      fine | Session ids | random\nmaybe | x | y\n\n```\nThat is all.";
        let (found, rest) = findings(answer);
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            ["problem: src/login.rs:42: compares with == | always", "fine: Session ids: random"]
        );
        assert_eq!(rest, "The login leaks.\n\n\nThat is all.");
    }

    #[test]
    fn an_answer_without_a_block_has_no_findings() {
        let answer = "- error: conflict in src/a.rs, risk of bugs, I recommend to agree";
        assert_eq!(findings(answer), (Vec::new(), answer.to_owned()));
        assert_eq!(findings("x\n```findings\nproblem | a.rs:1 | cut off").0.len(), 1);
    }

    #[test]
    fn the_same_place_is_compared_whatever_is_said_of_it() {
        let compared = compare(&[
            opinion("testing", "problem | login.rs:44 | no test for a wrong token"),
            opinion("security", "problem | src/login.rs:42 | timing leak"),
            opinion("review", "fine | src/a.rs:7 | sound"),
            opinion("security", "problem | src/a.rs:9 | overflow"),
            opinion("review", "problem | src/login.rs:300 | far away"),
            opinion("testing", "fine | Retry policy | covered"),
            opinion("review", "fine | retry policy | simple"),
        ]);
        assert_eq!(places(&compared.agreements), ["src/login.rs:42", "Retry policy"]);
        assert_eq!(places(&compared.conflicts), ["src/a.rs:7"]);
    }

    #[test]
    fn a_word_on_a_whole_file_meets_those_on_its_lines() {
        let compared = compare(&[
            opinion("review", "fine | src/a.rs | read in full"),
            opinion("security", "problem | src/a.rs:9 | overflow"),
        ]);
        assert_eq!((places(&compared.conflicts), compared.agreements.len()), (vec!["src/a.rs:9"], 0));
    }

    #[test]
    fn nobody_agrees_or_disagrees_with_themselves() {
        let alone = [opinion("review", "fine | a.rs:1 | x"), opinion("review", "problem | a.rs:2 | y")];
        assert_eq!(compare(&alone), Comparison::default());
        let other = [alone.as_slice(), &[opinion("security", "fine | b.rs:1 | z")]].concat();
        assert_eq!(compare(&other), Comparison::default());
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read(answer in "(```findings|```|problem|fine|\\||:|[0-9]|\n|é|.){0,60}") {
            let (found, rest) = findings(&answer);
            proptest::prop_assert!(found.len() <= MOST && rest.len() <= answer.len());
            let opinions: Vec<Opinion> = found
                .into_iter()
                .enumerate()
                .map(|(n, finding)| Opinion { by: (n % 3).to_string(), finding })
                .collect();
            let compared = compare(&opinions);
            for shared in compared.agreements.iter().chain(&compared.conflicts) {
                proptest::prop_assert!(shared.opinions.iter().any(|o| o.by != shared.opinions[0].by));
            }
        }
    }
}
