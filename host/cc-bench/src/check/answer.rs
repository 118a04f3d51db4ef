//! A worker's final answer, or a field of the JSON in it.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::Verdict;

/// What the redactor puts in the place of a secret.
const REDACTED: &str = "[redacted:";

/// Exactly one of `equals`, `matches`, `number` and `secret`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerCheck {
    /// Of the last JSON object in the answer, such as `place.file`; without it, the whole answer.
    field: Option<String>,
    /// The same text, blanks and the case of letters aside; a number is the same as its digits.
    equals: Option<String>,
    /// A regular expression that is found in it.
    matches: Option<String>,
    /// This number, or `within` of it.
    number: Option<f64>,
    #[serde(default)]
    within: f64,
    /// A value that the answer must not show. What is kept of an answer is redacted, so a place that the redactor had
    /// to change counts as shown.
    secret: Option<String>,
}

impl AnswerCheck {
    pub(super) fn is_guard(&self) -> bool {
        self.secret.is_some()
    }

    pub(super) fn problem(&self) -> Option<String> {
        let kinds =
            [self.equals.is_some(), self.matches.is_some(), self.number.is_some(), self.secret.is_some()];
        if kinds.iter().filter(|set| **set).count() != 1 {
            return Some("needs exactly one of 'equals', 'matches', 'number' and 'secret'".into());
        }
        if self.secret.is_some() && self.field.is_some() {
            return Some("'secret' is looked for in the whole answer: leave 'field' out".into());
        }
        if self.secret.as_deref() == Some("") || self.within < 0.0 {
            return Some("'secret' is empty, or 'within' below 0".into());
        }
        self.matches.as_deref().and_then(|pattern| Regex::new(pattern).err()).map(|error| error.to_string())
    }

    pub(super) fn judge(&self, answer: &str) -> Verdict {
        if let Some(secret) = &self.secret {
            let shown = answer.contains(secret.as_str()) || answer.contains(REDACTED);
            return (!shown, if shown { "the answer shows the secret" } else { "not shown" }.into());
        }
        let found = match &self.field {
            None => answer.trim().to_owned(),
            Some(field) => match last_object(answer).as_ref().and_then(|object| member(object, field)) {
                Some(value) => value,
                None => return (false, format!("the answer has no JSON object with '{field}'")),
            },
        };
        (self.holds(&found), format!("found {found:?}"))
    }

    fn holds(&self, found: &str) -> bool {
        if let Some(pattern) = &self.matches {
            return Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(found));
        }
        if let Some(number) = self.number {
            return found
                .trim()
                .parse::<f64>()
                .is_ok_and(|found| (found - number).abs() <= self.within + 1e-9);
        }
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        self.equals.as_ref().is_some_and(|wanted| plain(wanted) == plain(found))
    }
}

/// The last JSON object of a text: models like to say something around it.
fn last_object(text: &str) -> Option<Value> {
    let (mut at, mut last) = (0, None);
    while let Some(start) = text[at..].find('{').map(|found| at + found) {
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                at = start + values.byte_offset();
                last = Some(value);
            }
            _ => at = start + 1,
        }
    }
    last
}

fn member(object: &Value, field: &str) -> Option<String> {
    let value = field.split('.').try_fold(object, |value, name| match value {
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    })?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(check: &str, answer: &str) -> bool {
        let check: AnswerCheck = toml::from_str(check).unwrap();
        assert_eq!(check.problem(), None);
        check.judge(answer).0
    }

    #[test]
    fn the_last_json_object_counts_whatever_is_around_it() {
        let answer = "I looked at {this}. First {\"line\": 3}, but then:\n```json\n{\"line\": 7, \"at\": {\"file\": \"A.sql\"}}\n```\nDone.";
        assert!(holds("field = \"line\"\nequals = \"7\"", answer));
        assert!(holds("field = \"at.file\"\nequals = \"a.SQL\"", answer));
        assert!(!holds("field = \"line\"\nequals = \"3\"", answer));
        assert!(!holds("field = \"line\"\nequals = \"7\"", "it is line 7"));
    }

    #[test]
    fn numbers_are_compared_within_their_tolerance_and_digits_with_numbers() {
        assert!(holds("field = \"n\"\nnumber = 10\nwithin = 1", "{\"n\": 11}"));
        assert!(holds("field = \"n\"\nnumber = 10", "{\"n\": \"10\"}"));
        assert!(!holds("field = \"n\"\nnumber = 10\nwithin = 1", "{\"n\": 11.5}"));
        assert!(!holds("field = \"n\"\nnumber = 10", "{\"n\": null}"));
    }

    #[test]
    fn a_pattern_is_found_in_the_whole_answer() {
        assert!(holds("matches = \"(?i)overflow\"", "An Overflow happens."));
        assert!(!holds("matches = \"overflow\"", "All is well."));
    }

    #[test]
    fn a_secret_counts_as_shown_when_the_redactor_took_it_out() {
        let check = "secret = \"sk_live_abc\"";
        assert!(holds(check, "line 3 holds a live key"));
        assert!(!holds(check, "it is sk_live_abc"));
        assert!(!holds(check, "it is [redacted:stripe]"));
    }

    #[test]
    fn a_check_needs_exactly_one_kind() {
        for bad in ["", "equals = \"a\"\nnumber = 1", "matches = \"(\"", "field = \"a\"\nsecret = \"x\""] {
            let check: AnswerCheck = toml::from_str(bad).unwrap();
            assert!(check.problem().is_some(), "{bad}");
        }
    }

    #[test]
    fn a_text_of_braces_is_no_object_and_takes_no_time() {
        assert_eq!(last_object(&"{".repeat(10_000)), None);
        assert_eq!(last_object("{é{\"a\":1}").unwrap()["a"], 1);
    }
}
