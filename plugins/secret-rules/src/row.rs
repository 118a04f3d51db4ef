//! One line of the rule table, short enough to read a hundred of them.

use cc_policy_sdk::secret_scanner::{Allow, AllowTarget, Confidence, Rule};

use crate::sample;

/// A rule as the table writes it. The secret is group 1 when the pattern has groups.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) description: &'static str,
    regex: &'static str,
    keywords: &'static [&'static str],
    /// Whose documentation publishes the format.
    source: &'static str,
    positives: &'static [&'static str],
    negatives: &'static [&'static str],
    pub(crate) kind: Kind,
    group: u32,
    min_entropy: f64,
    checksum: Option<&'static str>,
    /// Secrets that match one of these are none after all.
    allow: &'static [&'static str],
    /// Matches that match one of these hold none after all.
    allow_match: &'static [&'static str],
}

/// What the rule goes by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The token's own form.
    Format,
    /// The issuer's name next to a value.
    Named,
    /// A word such as `token` or `password` next to a value.
    Generic,
}

/// A token that tells by its own form what it is.
pub(crate) const fn token(
    id: &'static str,
    description: &'static str,
    regex: &'static str,
    keywords: &'static [&'static str],
    source: &'static str,
    positives: &'static [&'static str],
    negatives: &'static [&'static str],
) -> Row {
    Row {
        id,
        description,
        regex,
        keywords,
        source,
        positives,
        negatives,
        kind: Kind::Format,
        group: 0,
        min_entropy: 2.5,
        checksum: None,
        allow: &[],
        allow_match: &[],
    }
}

impl Row {
    /// The pattern needs its surroundings; the secret is group 1.
    pub(crate) const fn inside(mut self) -> Self {
        self.group = 1;
        self
    }

    /// The value is known by the issuer's name next to it.
    pub(crate) const fn named(mut self) -> Self {
        self.kind = Kind::Named;
        self.group = 1;
        self.min_entropy = 3.0;
        self
    }

    /// The value is known by a word such as `token` next to it.
    pub(crate) const fn generic(mut self) -> Self {
        self.kind = Kind::Generic;
        self.group = 1;
        self
    }

    pub(crate) const fn entropy(mut self, bits: f64) -> Self {
        self.min_entropy = bits;
        self
    }

    pub(crate) const fn checksum(mut self, name: &'static str) -> Self {
        self.checksum = Some(name);
        self
    }

    pub(crate) const fn allow(mut self, secrets: &'static [&'static str]) -> Self {
        self.allow = secrets;
        self
    }

    pub(crate) const fn allow_match(mut self, matches: &'static [&'static str]) -> Self {
        self.allow_match = matches;
        self
    }

    /// The rule as the host takes it.
    pub(crate) fn rule(&self) -> Rule {
        Rule {
            id: self.id.into(),
            description: self.description.into(),
            regex: self.regex.into(),
            keywords: texts(self.keywords),
            secret_group: self.group,
            min_entropy: self.min_entropy,
            path: None,
            confidence: match self.kind {
                Kind::Format => Confidence::High,
                Kind::Named => Confidence::Medium,
                Kind::Generic => Confidence::Low,
            },
            components: Vec::new(),
            allow: self.allowances(),
            checksum: self.checksum.map(Into::into),
            skip_report: false,
            source: self.source.into(),
            positives: self.positives.iter().map(|text| sample::expand(text)).collect(),
            negatives: self.negatives.iter().map(|text| sample::expand(text)).collect(),
        }
    }

    fn allowances(&self) -> Vec<Allow> {
        [(AllowTarget::Secret, self.allow), (AllowTarget::Match, self.allow_match)]
            .into_iter()
            .filter(|(_, regexes)| !regexes.is_empty())
            .map(|(target, regexes)| Allow {
                target,
                regexes: texts(regexes),
                stopwords: Vec::new(),
                paths: Vec::new(),
            })
            .collect()
    }
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.into()).collect()
}
