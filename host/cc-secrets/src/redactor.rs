//! Takes secrets out of text that is kept or shown.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::HashSet,
    fmt::{self, Write as _},
    ops::Range,
};

use cc_domain::SecretRule;
use serde_json::Value;

use crate::{engine::Engine, error::RuleError, json, known::Known, prefilter::MARKER, views::views};

/// What stands for a known value in a replacement.
const KNOWN: &str = "known";
/// What is left after a replacement is searched again, so often at most; each round finds less.
const ROUNDS: usize = 16;

/// Replaces every secret by `[redacted:RULE-ID]`, and every known value by `[redacted:known]`.
///
/// Nothing of a value is kept. Redacting twice changes nothing. Rules for certain paths, and rules that
/// only serve others, redact nothing.
pub struct Redactor {
    engine: Engine,
    known: Known,
    labels: HashSet<String>,
}

/// A place to replace, and by what.
struct Span {
    place: Range<usize>,
    /// Index of the rule; none for a known value.
    rule: Option<usize>,
}

impl Redactor {
    /// Prepares the rules; their patterns compile when they are first needed.
    ///
    /// `known` values under 8 bytes are taken for stand-ins such as `dummy` and left alone.
    ///
    /// # Errors
    /// When there are too many rules, one has no keywords, or one needs a rule that is not in the set.
    /// Patterns are judged by [`crate::validate`]; an unusable one hides the whole word round its keyword.
    pub fn new(rules: &[SecretRule], known: Vec<String>) -> Result<Self, RuleError> {
        let labels = rules.iter().map(|rule| rule.id.clone()).chain([KNOWN.into()]).collect();
        Ok(Self { engine: Engine::new(rules)?, known: Known::new(&known)?, labels })
    }

    /// The text without its secrets; the text itself when it has none.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.clean(text, Self::spans).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Redacts every text in a value, also the names of members, and says whether there was anything to redact.
    /// A text in an object is judged together with its name.
    pub fn redact_value(&self, value: &mut Value) -> bool {
        json::redact(self, None, value)
    }

    /// The text that belongs to a name, without its secrets; none when it has none.
    pub(crate) fn redact_member(&self, name: &str, text: &str) -> Option<String> {
        let lead = format!("\"{name}\": \"");
        self.clean(text, |redactor, text| {
            let mut spans = redactor.spans(&format!("{lead}{text}\""));
            for Span { place, .. } in &mut spans {
                let inside = |at: usize| at.saturating_sub(lead.len()).min(text.len());
                *place = inside(place.start)..inside(place.end);
            }
            spans.retain(|span| !span.place.is_empty());
            spans
        })
    }

    /// Replaces until there is nothing left to replace.
    fn clean(&self, text: &str, spans: impl Fn(&Self, &str) -> Vec<Span>) -> Option<String> {
        let mut done: Option<String> = None;
        for _ in 0..ROUNDS {
            let now = done.as_deref().unwrap_or(text);
            let spans = spans(self, now);
            if spans.is_empty() {
                break;
            }
            done = Some(self.replace(now, spans));
        }
        done
    }

    /// What has to go, in no order.
    fn spans(&self, text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        for view in views(text) {
            let text = view.text.as_ref();
            let found = self.engine.find(text.as_bytes(), |start| self.marker_end(text, start));
            let found = found.into_iter().map(|found| (found.secret, Some(found.rule)));
            let known = self.known.find(text.as_bytes()).into_iter().map(|place| (place, None));
            spans.extend(found.chain(known).map(|(place, rule)| Span { place: view.original(place), rule }));
        }
        spans
    }

    /// The end of the replacement that begins at a place. Only our own count: a secret could hide in others.
    fn marker_end(&self, text: &str, start: usize) -> Option<usize> {
        let label = text.get(start..)?.strip_prefix(MARKER)?;
        let length = label.find(']')?;
        self.labels.contains(&label[..length]).then_some(start + MARKER.len() + length + 1)
    }

    /// Overlapping places become one, under the name that says most.
    fn replace(&self, text: &str, mut spans: Vec<Span>) -> String {
        spans.sort_by_key(|span| (span.place.start, Reverse(span.place.end)));
        let mut clean = String::with_capacity(text.len());
        let mut copied = 0;
        let mut spans = spans.into_iter().peekable();
        while let Some(mut span) = spans.next() {
            while let Some(next) = spans.next_if(|next| next.place.start < span.place.end) {
                span.place.end = span.place.end.max(next.place.end);
                span.rule = self.clearer(span.rule, next.rule);
            }
            clean.push_str(&text[copied..span.place.start]);
            let label = span.rule.map_or(KNOWN, |rule| self.engine.rules[rule].id.as_str());
            let _ = write!(clean, "{MARKER}{label}]");
            copied = span.place.end;
        }
        clean.push_str(&text[copied..]);
        clean
    }

    /// A known value before any rule, a surer rule before another, an earlier one before a later.
    fn clearer(&self, one: Option<usize>, other: Option<usize>) -> Option<usize> {
        let rank = |rule: &usize| (Reverse(self.engine.rules[*rule].confidence), *rule);
        one.zip(other).map(|(one, other)| std::cmp::min_by_key(one, other, rank))
    }
}

// Not derived: known values must not turn up in a log.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("rules", &self.engine.rules.len()).finish_non_exhaustive()
    }
}
