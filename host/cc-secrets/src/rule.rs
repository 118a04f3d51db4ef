//! One rule, compiled when its first keyword is met.

use std::{ops::Range, sync::OnceLock};

use cc_domain::{Allow, AllowTarget, Checksum, Confidence, SecretRule};
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::{
    checksum::Kind,
    entropy::entropy,
    limits::{COMPILED_BYTES, LINE_REACH, SEARCH_BYTES, WINDOW_AFTER, WINDOW_BEFORE},
    near::{lead, near},
};

/// A rule of the engine.
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) confidence: Confidence,
    /// Indices of the rules that must match nearby, and within how many lines.
    pub(crate) components: Vec<(usize, u32)>,
    /// Serves other rules only.
    pub(crate) silent: bool,
    group: usize,
    min_entropy: f64,
    checksum: Option<Kind>,
    pattern: String,
    keywords: Vec<String>,
    allow: Vec<Allow>,
    compiled: OnceLock<Result<Compiled, String>>,
}

/// What a rule needs to run.
pub(crate) struct Compiled {
    /// The pattern by itself; where there is a lead it is seldom needed.
    plain: OnceLock<Option<Regex>>,
    /// The pattern where its lead lets it begin.
    near: Option<Regex>,
    /// Bytes before and after a keyword that a match with it can cover.
    pub(crate) reach: (usize, usize),
    /// Bytes of a match before its keyword, when that is known.
    pub(crate) lead: Option<usize>,
    allow: Vec<(AllowTarget, RegexSet)>,
}

/// One match: where it is, and where the secret in it is.
#[derive(Clone)]
pub(crate) struct Match {
    pub(crate) whole: Range<usize>,
    pub(crate) secret: Range<usize>,
}

impl Rule {
    pub(crate) fn new(rule: &SecretRule, components: Vec<(usize, u32)>) -> Self {
        Self {
            id: rule.id.clone(),
            confidence: rule.confidence,
            components,
            // A rule for certain paths is too wide for text whose path nobody knows.
            silent: rule.skip_report || rule.path.is_some(),
            group: rule.secret_group as usize,
            min_entropy: rule.min_entropy,
            checksum: rule.checksum.as_deref().and_then(Kind::named),
            pattern: rule.regex.clone(),
            keywords: rule.keywords.clone(),
            // One that asks for all its parts may ask for a path, which only the scanner knows.
            allow: rule.allow.iter().filter(|allow| !allow.all).cloned().collect(),
            compiled: OnceLock::new(),
        }
    }

    /// The rule ready to run, or why it cannot.
    pub(crate) fn compiled(&self) -> Result<&Compiled, &str> {
        let compile = || Compiled::new(&self.pattern, &self.keywords, &self.allow);
        self.compiled.get_or_init(compile).as_ref().map_err(String::as_str)
    }

    /// The pattern by itself. A pattern that compiles with a lead compiles without.
    fn plain<'a>(&self, compiled: &'a Compiled) -> Option<&'a Regex> {
        compiled.plain.get_or_init(|| build(&self.pattern).ok()).as_ref()
    }

    /// The pattern's last group.
    pub(crate) fn last_group(&self, compiled: &Compiled) -> usize {
        self.plain(compiled).map_or(0, |regex| regex.captures_len() - 1)
    }

    /// The first match that begins at or after `at` and ends within the text.
    pub(crate) fn next_match(&self, compiled: &Compiled, text: &[u8], at: usize) -> Option<Match> {
        let regex = self.plain(compiled)?;
        if self.group == 0 {
            let whole = regex.find_at(text, at)?.range();
            return Some(Match { secret: whole.clone(), whole });
        }
        let groups = regex.captures_at(text, at)?;
        let whole = groups.get(0)?.range();
        let secret = groups.get(self.group).map_or(whole.start..whole.start, |group| group.range());
        Some(Match { whole, secret })
    }

    /// The match that begins within the rule's lead after `at`, which is not the start of the text.
    pub(crate) fn match_near(&self, compiled: &Compiled, text: &[u8], at: usize) -> Option<Match> {
        let near = compiled.near.as_ref()?;
        let text = text.get(at - 1..)?;
        // Nearly always there is none, and asking that first is cheaper.
        let groups = near.is_match(text).then(|| near.captures(text)).flatten()?;
        let place = |group: regex::bytes::Match<'_>| group.start() + at - 1..group.end() + at - 1;
        let whole = place(groups.get(1)?);
        let secret = groups.get(1 + self.group).map_or(whole.start..whole.start, place);
        Some(Match { whole, secret })
    }

    /// Whether a match is a secret, as far as the match itself can tell.
    pub(crate) fn accepts(&self, compiled: &Compiled, text: &[u8], found: &Match) -> bool {
        let secret = &text[found.secret.clone()];
        !secret.is_empty() && self.random_enough(secret) && !self.allowed(compiled, text, found)
    }

    fn random_enough(&self, secret: &[u8]) -> bool {
        let checked = || match (self.checksum, std::str::from_utf8(secret)) {
            (Some(kind), Ok(token)) => kind.check(token) == Checksum::Valid,
            _ => false,
        };
        self.min_entropy <= 0.0 || entropy(secret) >= self.min_entropy || checked()
    }

    fn allowed(&self, compiled: &Compiled, text: &[u8], found: &Match) -> bool {
        let secret = &text[found.secret.clone()];
        let seen = |target| match target {
            AllowTarget::Secret => secret,
            AllowTarget::Match => &text[found.whole.clone()],
            AllowTarget::Line => line_of(text, &found.whole),
        };
        compiled.allow.iter().any(|(target, set)| set.is_match(seen(*target))) || self.has_stopword(secret)
    }

    fn has_stopword(&self, secret: &[u8]) -> bool {
        let mut words = self.allow.iter().flat_map(|allow| &allow.stopwords).peekable();
        if words.peek().is_none() {
            return false;
        }
        let secret = String::from_utf8_lossy(secret).to_ascii_lowercase();
        words.any(|word| secret.contains(word.as_str()))
    }
}

impl Compiled {
    fn new(pattern: &str, keywords: &[String], allow: &[Allow]) -> Result<Self, String> {
        let hir = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(pattern)
            .map_err(|e| e.to_string())?;
        // One byte more than the longest match, so that the end of a window is never taken for a boundary.
        let reach = hir.properties().maximum_len().map(|longest| (longest + 1, longest + 1));
        let sets: Result<_, _> = allow.iter().filter(|a| !a.regexes.is_empty()).map(allow_set).collect();
        let reach = reach.unwrap_or((WINDOW_BEFORE, WINDOW_AFTER));
        let lead = lead(&hir, keywords);
        let near = lead.map(|lead| build(&near(pattern, lead))).transpose()?;
        let plain = if near.is_some() { OnceLock::new() } else { OnceLock::from(Some(build(pattern)?)) };
        Ok(Self { plain, near, reach, lead, allow: sets? })
    }
}

/// Unicode tables make compiling and matching many times slower, and no token format needs them.
fn build(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .unicode(false)
        .size_limit(COMPILED_BYTES)
        .dfa_size_limit(SEARCH_BYTES)
        .build()
        .map_err(|e| e.to_string())
}

fn allow_set(allow: &Allow) -> Result<(AllowTarget, RegexSet), String> {
    let set = RegexSetBuilder::new(&allow.regexes).unicode(false).size_limit(COMPILED_BYTES).build();
    set.map(|set| (allow.target, set)).map_err(|e| e.to_string())
}

fn line_of<'a>(text: &'a [u8], found: &Range<usize>) -> &'a [u8] {
    let before = &text[found.start.saturating_sub(LINE_REACH)..found.start];
    let after = &text[found.end..text.len().min(found.end + LINE_REACH)];
    let start = before.iter().rev().take_while(|&&b| b != b'\n').count();
    let end = after.iter().take_while(|&&b| b != b'\n').count();
    &text[found.start - start..found.end + end]
}
