//! Runs the rules over one text.

use std::{collections::HashMap, ops::Range};

use cc_domain::{RequiredRule, SecretRule};

use crate::{
    error::RuleError,
    limits::{COMPONENT_REACH, RULES},
    prefilter::Prefilter,
    rule::{Compiled, Match, Rule},
};

/// A rule and the place of one of its keywords.
type Hit = (usize, Range<usize>);

/// How often a text's length a rule may look at keywords one by one; a text made to be slow gets no further.
const EFFORT: usize = 64;

/// A set of rules, ready to run.
pub(crate) struct Engine {
    pub(crate) rules: Vec<Rule>,
    prefilter: Prefilter,
}

/// A secret: the rule that found it, by index, and where it is.
pub(crate) struct Found {
    pub(crate) rule: usize,
    pub(crate) whole: Range<usize>,
    pub(crate) secret: Range<usize>,
}

impl Engine {
    pub(crate) fn new(rules: &[SecretRule]) -> Result<Self, RuleError> {
        if rules.len() > RULES {
            return Err(RuleError::TooMany { count: rules.len(), max: RULES });
        }
        if let Some(bare) = rules.iter().find(|rule| rule.keywords.is_empty()) {
            return Err(RuleError::NoKeywords(bare.id.clone()));
        }
        let index: HashMap<&str, usize> = rules.iter().enumerate().map(|(i, r)| (r.id.as_str(), i)).collect();
        let built: Result<_, _> =
            rules.iter().map(|rule| Ok(Rule::new(rule, components(rule, &index)?))).collect();
        Ok(Self { rules: built?, prefilter: Prefilter::new(rules)? })
    }

    /// Everything the rules find. `marker` gives the end of a replacement that begins at a place, when one
    /// does; nothing that touches a replacement is found.
    pub(crate) fn find(&self, text: &[u8], marker: impl Fn(usize) -> Option<usize>) -> Vec<Found> {
        let mut hits = self.prefilter.hits(text);
        let barriers: Vec<_> = hits.markers.iter().filter_map(|&start| Some(start..marker(start)?)).collect();
        // By rule, each rule's in order: the windows of near hits then become one.
        hits.keywords.sort_unstable_by_key(|(rule, place)| (*rule, place.start));
        let pass = Pass { rules: &self.rules, text, barriers };
        let mut found = Vec::new();
        for hits in hits.keywords.chunk_by(|one, next| one.0 == next.0) {
            pass.run(hits, &mut found);
        }
        found
    }
}

fn components(rule: &SecretRule, index: &HashMap<&str, usize>) -> Result<Vec<(usize, u32)>, RuleError> {
    let find = |RequiredRule { rule_id, within_lines }: &RequiredRule| {
        let missing = || RuleError::Component { rule: rule.id.clone(), other: rule_id.clone() };
        Ok((*index.get(rule_id.as_str()).ok_or_else(missing)?, *within_lines))
    };
    rule.components.iter().map(find).collect()
}

/// One text and the replacements already in it.
struct Pass<'a> {
    rules: &'a [Rule],
    text: &'a [u8],
    barriers: Vec<Range<usize>>,
}

impl Pass<'_> {
    /// Runs one rule round its keywords.
    fn run(&self, hits: &[Hit], found: &mut Vec<Found>) {
        let Some(index) = hits.first().map(|(rule, _)| *rule) else { return };
        let rule = &self.rules[index];
        if rule.silent {
            return;
        }
        let Ok(compiled) = rule.compiled() else {
            // Validation refuses such a rule, so this is a broken cache: hide too much rather than too little.
            let found_at = |whole: Range<usize>| Found { rule: index, secret: whole.clone(), whole };
            found.extend(hits.iter().map(|(_, at)| found_at(self.token_round(at))));
            return;
        };
        match compiled.lead {
            Some(lead) => self.run_near(index, compiled, lead, hits, found),
            None => self.run_wide(index, compiled, 0, hits, found),
        }
    }

    /// Searches a window round each keyword; near ones share theirs.
    fn run_wide(&self, index: usize, compiled: &Compiled, done: usize, hits: &[Hit], found: &mut Vec<Found>) {
        let (before, after) = compiled.reach;
        let mut done = done;
        let mut hits = hits.iter().peekable();
        while let Some((_, place)) = hits.next() {
            let start = place.start.saturating_sub(before).max(done);
            let mut end = place.end + after;
            while let Some((_, next)) = hits.next_if(|(_, next)| next.start.saturating_sub(before) <= end) {
                end = end.max(next.end + after);
            }
            done = self.search(index, compiled, start..end.min(self.text.len()), found);
            if done == self.text.len() {
                break;
            }
        }
    }

    /// Looks at each keyword for a match that begins at most `lead` bytes before it.
    fn run_near(&self, index: usize, compiled: &Compiled, lead: usize, hits: &[Hit], found: &mut Vec<Found>) {
        let mut done = 0;
        let mut effort = EFFORT * self.text.len();
        for (at, (_, place)) in hits.iter().enumerate() {
            let start = place.start.saturating_sub(lead).max(done);
            if start > place.start {
                continue;
            }
            let end = self.text.len().min(place.end + compiled.reach.1);
            let Some(left) = effort.checked_sub(end - start) else {
                self.run_wide(index, compiled, done, &hits[at..], found);
                return;
            };
            effort = left;
            if let Some(one) = self.look(index, compiled, start..end, place) {
                done = self.take(index, compiled, &one, found);
            }
        }
    }

    /// The match round a keyword that begins at the range's start or a little after.
    fn look(
        &self,
        index: usize,
        compiled: &Compiled,
        range: Range<usize>,
        place: &Range<usize>,
    ) -> Option<Match> {
        let rule = &self.rules[index];
        let look = |text| match range.start {
            // There is no byte before it that a boundary could look at.
            0 => rule.next_match(compiled, text, 0).filter(|found| found.whole.start <= place.start),
            start => rule.match_near(compiled, text, start),
        };
        let found = look(&self.text[..range.end])?;
        let cut = found.whole.end == range.end && range.end < self.text.len();
        if cut { look(self.text) } else { Some(found) }
    }

    /// Keeps a match that counts, and returns where to look on.
    fn take(&self, index: usize, compiled: &Compiled, found: &Match, all: &mut Vec<Found>) -> usize {
        let rule = &self.rules[index];
        let (whole, secret) = (found.whole.clone(), found.secret.clone());
        if let Some(barrier) = self.barriers.iter().find(|barrier| touches(barrier, &secret)) {
            return barrier.end.max(whole.start + 1);
        }
        let next = whole.end.max(whole.start + 1);
        if rule.accepts(compiled, self.text, found) && self.has_components(rule, found) {
            all.push(Found { rule: index, whole, secret });
        }
        next
    }

    /// Runs a rule over a window and returns where the search ended.
    fn search(&self, index: usize, compiled: &Compiled, window: Range<usize>, all: &mut Vec<Found>) -> usize {
        let rule = &self.rules[index];
        let Range { start: mut at, mut end } = window;
        while let Some(found) = rule.next_match(compiled, &self.text[..end], at) {
            if found.whole.end == end && end < self.text.len() {
                // Cut off by the window: look again with all that follows.
                end = self.text.len();
                continue;
            }
            at = self.take(index, compiled, &found, all).max(at + 1);
            if at > end {
                break;
            }
        }
        end
    }

    fn has_components(&self, rule: &Rule, found: &Match) -> bool {
        rule.components.iter().all(|&(other, lines)| {
            let near = self.lines_round(&found.secret, lines);
            self.rules[other].compiled().is_ok_and(|compiled| self.matches_in(other, compiled, near))
        })
    }

    fn matches_in(&self, rule: usize, compiled: &Compiled, place: Range<usize>) -> bool {
        let (rule, text) = (&self.rules[rule], &self.text[..place.end]);
        let mut at = place.start;
        while at <= place.end {
            let Some(found) = rule.next_match(compiled, text, at) else { return false };
            if rule.accepts(compiled, text, &found) {
                return true;
            }
            at = found.whole.end.max(at + 1);
        }
        false
    }

    /// The place grown by so many lines on both sides, within a limit.
    fn lines_round(&self, place: &Range<usize>, lines: u32) -> Range<usize> {
        let lines = lines as usize;
        let first = place.start.saturating_sub(COMPONENT_REACH);
        let last = self.text.len().min(place.end + COMPONENT_REACH);
        let newline = |&(_, byte): &(usize, &u8)| *byte == b'\n';
        let before = self.text[first..place.start].iter().enumerate().rev().filter(newline).nth(lines);
        let after = self.text[place.end..last].iter().enumerate().filter(newline).nth(lines);
        before.map_or(first, |(at, _)| first + at + 1)..after.map_or(last, |(at, _)| place.end + at)
    }

    fn token_round(&self, place: &Range<usize>) -> Range<usize> {
        let solid = |byte: &&u8| !byte.is_ascii_whitespace();
        let before = self.text[..place.start].iter().rev().take_while(solid).count();
        let after = self.text[place.end..].iter().take_while(solid).count();
        place.start - before..place.end + after
    }
}

fn touches(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common;

    /// What a rule finds when it searches the whole text.
    fn everywhere(engine: &Engine, rule: usize, text: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let (rule, mut at) = (&engine.rules[rule], 0);
        let compiled = rule.compiled().expect("a rule");
        while let Some(one) = rule.next_match(compiled, text, at) {
            at = one.whole.end.max(at + 1);
            if rule.accepts(compiled, text, &one) {
                found.push(one.secret);
            }
        }
        found
    }

    #[test]
    fn a_look_at_the_keyword_finds_what_a_search_of_the_whole_text_finds() {
        let rules = common::bundled();
        let samples = rules.iter().flat_map(|rule| rule.positives.iter().chain(&rule.negatives));
        let text = samples.fold(String::new(), |text, sample| text + "\nlet x = {\n\n" + sample + "; }\n");
        let engine = Engine::new(&rules).expect("the rules");
        let found = engine.find(text.as_bytes(), |_| None);
        for (rule, SecretRule { id, .. }) in rules.iter().enumerate() {
            let near: Vec<_> =
                found.iter().filter(|one| one.rule == rule).map(|one| one.secret.clone()).collect();
            assert_eq!(near, everywhere(&engine, rule, text.as_bytes()), "{id}");
        }
    }
}
