//! What a rule says beyond its match: the paths it is for, and allowances that only the whole finding can answer.

use std::ops::Range;

use cc_domain::{Allow, AllowTarget, SecretRule};
use memchr::{memchr, memrchr};
use regex::bytes::{RegexSet, RegexSetBuilder};

use crate::{
    error::RuleError,
    limits::{COMPILED_BYTES, LINE_REACH},
};

/// A match in the text it was found in.
pub(crate) struct Seen<'a> {
    pub(crate) path: Option<&'a str>,
    pub(crate) text: &'a [u8],
    pub(crate) whole: Range<usize>,
    pub(crate) secret: Range<usize>,
}

impl Seen<'_> {
    pub(crate) fn secret(&self) -> &[u8] {
        &self.text[self.secret.clone()]
    }

    /// The line or lines of the match, within a limit.
    pub(crate) fn line(&self) -> &[u8] {
        let first = self.whole.start.saturating_sub(LINE_REACH);
        let last = self.text.len().min(self.whole.end + LINE_REACH);
        let start = memrchr(b'\n', &self.text[first..self.whole.start]).map_or(first, |at| first + at + 1);
        let end = memchr(b'\n', &self.text[self.whole.end..last]).map_or(last, |at| self.whole.end + at);
        &self.text[start..end]
    }

    fn target(&self, target: AllowTarget) -> &[u8] {
        match target {
            AllowTarget::Secret => self.secret(),
            AllowTarget::Match => &self.text[self.whole.clone()],
            AllowTarget::Line => self.line(),
        }
    }
}

/// What one rule asks of its finds.
pub(crate) struct Gate {
    path: Option<RegexSet>,
    allow: Vec<Allowance>,
}

impl Gate {
    pub(crate) fn new(rule: &SecretRule) -> Result<Self, RuleError> {
        let path = rule.path.iter().cloned().collect::<Vec<_>>();
        let allow = rule.allow.iter().filter(|allow| allow.all || !allow.paths.is_empty());
        let allow: Result<_, _> = allow.map(|allow| Allowance::new(&rule.id, allow)).collect();
        Ok(Self { path: set(&rule.id, &path)?, allow: allow? })
    }

    /// Whether a find of the rule counts.
    pub(crate) fn admits(&self, seen: &Seen<'_>) -> bool {
        let here =
            self.path.as_ref().is_none_or(|path| seen.path.is_some_and(|p| path.is_match(p.as_bytes())));
        here && !self.allow.iter().any(|allow| allow.covers(seen))
    }
}

/// An allowance, ready to run.
pub(crate) struct Allowance {
    all: bool,
    target: AllowTarget,
    regexes: Option<RegexSet>,
    stopwords: Vec<String>,
    paths: Option<RegexSet>,
}

impl Allowance {
    /// `owner` is named when a pattern is unusable.
    pub(crate) fn new(owner: &str, allow: &Allow) -> Result<Self, RuleError> {
        Ok(Self {
            all: allow.all,
            target: allow.target,
            regexes: set(owner, &allow.regexes)?,
            stopwords: allow.stopwords.clone(),
            paths: set(owner, &allow.paths)?,
        })
    }

    pub(crate) fn covers(&self, seen: &Seen<'_>) -> bool {
        let regex = self.regexes.as_ref().map(|set| set.is_match(seen.target(self.target)));
        let word = (!self.stopwords.is_empty()).then(|| self.has_stopword(seen.secret()));
        let path = self.paths.as_ref().map(|set| seen.path.is_some_and(|path| set.is_match(path.as_bytes())));
        let mut given = [regex, word, path].into_iter().flatten().peekable();
        if self.all { given.peek().is_some() && given.all(|yes| yes) } else { given.any(|yes| yes) }
    }

    fn has_stopword(&self, secret: &[u8]) -> bool {
        let secret = String::from_utf8_lossy(secret).to_ascii_lowercase();
        self.stopwords.iter().any(|word| secret.contains(word.as_str()))
    }
}

/// Whether allowances can be used, and why not.
pub(crate) fn check_allowances(owner: &str, allow: &[Allow]) -> Result<(), String> {
    allow.iter().try_for_each(|one| Allowance::new(owner, one).map(drop)).map_err(|e| e.to_string())
}

fn set(owner: &str, patterns: &[String]) -> Result<Option<RegexSet>, RuleError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let unusable = |e: regex::Error| RuleError::Pattern { rule: owner.into(), problem: e.to_string() };
    let set = RegexSetBuilder::new(patterns).unicode(false).size_limit(COMPILED_BYTES).build();
    set.map(Some).map_err(unusable)
}
