//! One pass over a text that says which rules are worth running, and where.

use std::{collections::BTreeMap, ops::Range};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use cc_domain::SecretRule;

use crate::error::RuleError;

/// How every replacement begins.
pub(crate) const MARKER: &str = "[redacted:";
/// Up to so many keywords the fastest automaton is small and quick to build.
const FASTEST: usize = 600;

/// The keywords of all rules, and the beginning of a replacement, in one automaton.
pub(crate) struct Prefilter {
    search: AhoCorasick,
    /// For each pattern of the search the rules that have it as a keyword; empty for the marker.
    rules: Vec<Vec<usize>>,
}

/// What a pass has found.
#[derive(Default)]
pub(crate) struct Hits {
    /// Rule and place of a keyword of it, by place.
    pub(crate) keywords: Vec<(usize, Range<usize>)>,
    /// Where a replacement may begin.
    pub(crate) markers: Vec<usize>,
}

impl Prefilter {
    pub(crate) fn new(rules: &[SecretRule]) -> Result<Self, RuleError> {
        let mut by_keyword: BTreeMap<&str, Vec<usize>> = BTreeMap::from([(MARKER, Vec::new())]);
        for (index, rule) in rules.iter().enumerate() {
            for keyword in &rule.keywords {
                by_keyword.entry(keyword).or_default().push(index);
            }
        }
        let kind = (by_keyword.len() <= FASTEST).then_some(AhoCorasickKind::DFA);
        let search = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(kind)
            .build(by_keyword.keys())
            .map_err(|e| RuleError::Search { what: "keywords", problem: e.to_string() })?;
        Ok(Self { search, rules: by_keyword.into_values().collect() })
    }

    pub(crate) fn hits(&self, text: &[u8]) -> Hits {
        let mut hits = Hits::default();
        for found in self.search.find_overlapping_iter(text) {
            let rules = &self.rules[found.pattern().as_usize()];
            if rules.is_empty() {
                hits.markers.push(found.start());
            }
            hits.keywords.extend(rules.iter().map(|&rule| (rule, found.range())));
        }
        hits
    }
}
