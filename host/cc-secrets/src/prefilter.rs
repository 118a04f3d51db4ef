//! One pass over a text that says which rules are worth running, and where.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use cc_domain::SecretRule;

use crate::error::RuleError;

/// How every replacement begins.
pub(crate) const MARKER: &str = "[redacted:";
/// Up to so many keywords the fast automaton is quick to build and takes a few megabytes.
const FASTEST: usize = 4_000;
/// After so many bytes of text the fast automaton is worth its memory: it is four times as fast as the small one
/// and takes nine times as much. Most processes that redact never read so much.
const BUSY: usize = 1 << 20;

/// The keywords of all rules, and the beginning of a replacement, in one automaton.
pub(crate) struct Prefilter {
    small: AhoCorasick,
    fast: OnceLock<AhoCorasick>,
    /// Bytes of text so far.
    read: AtomicUsize,
    keywords: Vec<String>,
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
        let small = automaton(by_keyword.keys(), AhoCorasickKind::ContiguousNFA)?;
        let keywords = by_keyword.keys().map(|&keyword| keyword.to_owned()).collect();
        let rules = by_keyword.into_values().collect();
        Ok(Self { small, fast: OnceLock::new(), read: AtomicUsize::new(0), keywords, rules })
    }

    fn search(&self, bytes: usize) -> &AhoCorasick {
        if self.keywords.len() > FASTEST || self.read.fetch_add(bytes, Ordering::Relaxed) < BUSY {
            return &self.small;
        }
        // The small one was built of the same keywords, so this one can be; if not, it goes on serving.
        let fast = || automaton(&self.keywords, AhoCorasickKind::DFA).unwrap_or_else(|_| self.small.clone());
        self.fast.get_or_init(fast)
    }

    pub(crate) fn hits(&self, text: &[u8]) -> Hits {
        let mut hits = Hits::default();
        for found in self.search(text.len()).find_overlapping_iter(text) {
            let rules = &self.rules[found.pattern().as_usize()];
            if rules.is_empty() {
                hits.markers.push(found.start());
            }
            hits.keywords.extend(rules.iter().map(|&rule| (rule, found.range())));
        }
        hits
    }
}

fn automaton<K: AsRef<[u8]>>(
    keywords: impl IntoIterator<Item = K>,
    kind: AhoCorasickKind,
) -> Result<AhoCorasick, RuleError> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(kind))
        .build(keywords)
        .map_err(|e| RuleError::Search { what: "keywords", problem: e.to_string() })
}
