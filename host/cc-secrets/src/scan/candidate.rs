//! What the scanner hands to classification.

use std::{cmp::Reverse, ops::Range};

use cc_domain::{Confidence, SecretFinding};

/// A secret that a rule found and nobody has judged yet. Lives in memory only: it holds the secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What classification needs.
    pub finding: SecretFinding,
    /// Where it is.
    pub place: Place,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// A comment on its line allows it.
    pub allowed: bool,
}

/// A place in a file. Lines and columns count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bytes from the start of the file.
    pub bytes: Range<u64>,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the last character.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

/// A find in a window of a file, before overlapping ones are sorted out.
pub(crate) struct Hit {
    pub(crate) rule: usize,
    pub(crate) confidence: Confidence,
    /// In the window, escapes and all.
    pub(crate) place: Range<usize>,
    /// Found with its escapes undone.
    pub(crate) flat: bool,
    pub(crate) finding: SecretFinding,
    pub(crate) allowed: bool,
}

impl Hit {
    /// Less is better: a surer rule, an earlier one, the text as it was meant, more of it.
    fn rank(&self) -> (Reverse<Confidence>, usize, Reverse<bool>, Reverse<usize>) {
        (Reverse(self.confidence), self.rule, Reverse(self.flat), Reverse(self.place.len()))
    }
}

/// Of hits that overlap only the best stays. In order of place.
pub(crate) fn best(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.place.start, Reverse(hit.place.end)));
    let mut kept = Vec::new();
    let mut group: Vec<Hit> = Vec::new();
    let mut end = 0;
    for hit in hits {
        if hit.place.start >= end {
            settle(&mut group, &mut kept);
        }
        end = end.max(hit.place.end);
        group.push(hit);
    }
    settle(&mut group, &mut kept);
    kept
}

/// Takes the best of a group, and of the rest what does not touch it.
fn settle(group: &mut Vec<Hit>, kept: &mut Vec<Hit>) {
    let first = kept.len();
    group.sort_by_key(Hit::rank);
    for hit in group.drain(..) {
        let free = |other: &Hit| hit.place.end <= other.place.start || other.place.end <= hit.place.start;
        if kept[first..].iter().all(free) {
            kept.push(hit);
        }
    }
    kept[first..].sort_by_key(|hit| hit.place.start);
}
