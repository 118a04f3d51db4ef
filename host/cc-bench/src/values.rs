//! What differs from one repetition of a task to the next: values and long documents, made from a seed.
//!
//! The same seed gives the same for every model, so that models compare; another repetition gets another, so that no
//! provider's cache answers it.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// A value to make up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueSpec {
    /// One of these.
    choose: Option<Vec<String>>,
    /// A whole number from one to the other.
    number: Option<[u32; 2]>,
    /// So many letters and digits.
    letters: Option<usize>,
    /// Before it.
    #[serde(default)]
    prefix: String,
}

/// A long document to make up.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentSpec {
    /// Where it is in the worker's folder.
    pub(crate) path: String,
    /// How long it is.
    paragraphs: usize,
    /// What is hidden in it.
    #[serde(default)]
    inserts: Vec<Insert>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Insert {
    /// From 0, the beginning, to 1, the end.
    at: f64,
    text: String,
}

const MOST_PARAGRAPHS: usize = 20_000;

/// Random numbers that are the same everywhere (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn of(task: &str, what: &str, repetition: u32) -> Self {
        let digest = Sha256::digest(format!("{task}\0{what}\0{repetition}"));
        Self(digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a remainder of a usize is one")]
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

impl ValueSpec {
    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<String> {
        let kinds = [self.choose.is_some(), self.number.is_some(), self.letters.is_some()];
        if kinds.iter().filter(|set| **set).count() != 1 {
            return Some("needs exactly one of 'choose', 'number' and 'letters'".into());
        }
        if self.choose.as_ref().is_some_and(Vec::is_empty) || self.letters == Some(0) {
            return Some("has nothing to choose from".into());
        }
        if self.number.is_some_and(|[least, most]| least > most) || self.letters > Some(200) {
            return Some("'number' goes from the smaller to the larger, and 'letters' up to 200".into());
        }
        // Values are put into TOML, SQL and JSON: none may end a text there.
        let texts = self.choose.iter().flatten().chain([&self.prefix]);
        let unsafe_text = |text: &&String| text.contains(['"', '\'', '\\', '\n', '\r', '{', '}']);
        let found = texts.into_iter().find(unsafe_text);
        found.map(|text| format!("{text:?} has a quote, brace, backslash or line end"))
    }

    pub(crate) fn make(&self, seed: &mut Seed) -> String {
        const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let made = match (&self.choose, self.number) {
            (Some(choices), _) => choices[seed.below(choices.len())].clone(),
            (None, Some([least, most])) => {
                (least as usize + seed.below((most - least) as usize + 1)).to_string()
            }
            (None, None) => {
                let letters = 0..self.letters.unwrap_or_default();
                letters.map(|_| char::from(LETTERS[seed.below(LETTERS.len())])).collect()
            }
        };
        format!("{}{made}", self.prefix)
    }
}

/// A text with each `{{name}}` replaced by its value.
pub(crate) fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

impl DocumentSpec {
    pub(crate) fn problem(&self) -> Option<String> {
        if self.paragraphs == 0 || self.paragraphs > MOST_PARAGRAPHS {
            return Some(format!("'paragraphs' is {}; use 1 to {MOST_PARAGRAPHS}", self.paragraphs));
        }
        let outside = self.inserts.iter().find(|insert| !(0.0..=1.0).contains(&insert.at));
        outside.map(|insert| format!("'at' is {}; use 0 to 1", insert.at))
    }

    /// The document. It reads like the rules of a company, so that what is hidden in it does not stand out.
    pub(crate) fn make(&self, seed: &mut Seed) -> String {
        let mut paragraphs: Vec<String> = (0..self.paragraphs).map(|_| paragraph(seed)).collect();
        for insert in &self.inserts {
            let at = place(insert.at, self.paragraphs);
            paragraphs[at].push(' ');
            paragraphs[at].push_str(&insert.text);
        }
        let mut text = String::new();
        for (number, paragraph) in paragraphs.iter().enumerate() {
            if number % 10 == 0 {
                let title = capital(&format!("{} {}", seed.pick(KINDS), seed.pick(THINGS)));
                text.push_str(&format!("## {}. {title}\n\n", number / 10 + 1));
            }
            text.push_str(paragraph);
            text.push_str("\n\n");
        }
        text
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share"
)]
fn place(at: f64, paragraphs: usize) -> usize {
    ((at * paragraphs as f64) as usize).min(paragraphs - 1)
}

fn paragraph(seed: &mut Seed) -> String {
    (0..3 + seed.below(3)).map(|_| sentence(seed)).collect::<Vec<_>>().join(" ")
}

fn sentence(seed: &mut Seed) -> String {
    let (who, does, kind, thing) = (seed.pick(WHO), seed.pick(DOES), seed.pick(KINDS), seed.pick(THINGS));
    let (site, number, when) = (seed.pick(SITES), 2 + seed.below(96), seed.pick(WHEN));
    capital(&match seed.below(4) {
        0 => format!("{who} {does} the {kind} {thing} {when}."),
        1 => format!("in {site}, {who} {does} {number} {thing} {when}."),
        2 => format!(
            "{when}, {who} {does} the {thing}, unless the {kind} {} says otherwise.",
            seed.pick(THINGS)
        ),
        _ => format!("the {kind} {thing} of {site} are reviewed within {number} days, {when}."),
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

const WHO: &[&str] = &[
    "the duty officer",
    "every team lead",
    "the facilities desk",
    "a second reader",
    "the finance partner",
    "the regional office",
    "whoever opened the ticket",
    "the platform group",
    "the travel desk",
    "an appointed deputy",
];
const DOES: &[&str] = &[
    "confirms",
    "archives",
    "reconciles",
    "forwards",
    "signs off",
    "renews",
    "samples",
    "publishes",
    "withdraws",
    "schedules",
];
const KINDS: &[&str] = &[
    "quarterly",
    "provisional",
    "shared",
    "external",
    "regional",
    "amended",
    "standing",
    "interim",
    "priority",
    "legacy",
];
const THINGS: &[&str] = &[
    "badges",
    "invoices",
    "rosters",
    "meeting notes",
    "spare parts",
    "purchase orders",
    "floor plans",
    "travel claims",
    "training plans",
    "supplier ratings",
    "parking permits",
    "test benches",
];
const SITES: &[&str] =
    &["Aarhus", "Bilbao", "Graz", "Leiden", "Porto", "Tampere", "Turin", "Vilnius", "Wroclaw", "Zadar"];
const WHEN: &[&str] = &[
    "before the month closes",
    "at the next review",
    "on the first working day",
    "after a written notice",
    "as the calendar allows",
    "once both sides agree",
    "without further approval",
    "during the summer schedule",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> ValueSpec {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_same_seed_makes_the_same_and_another_another() {
        let letters = spec("letters = 24\nprefix = \"sk_live_\"");
        let make = |repetition| letters.make(&mut Seed::of("task", "token", repetition));
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        assert!(make(1).starts_with("sk_live_") && make(1).len() == 32);
        // What every machine must make of this seed.
        assert_eq!(Seed::of("task", "token", 1).next(), 0xca26_8d1b_c8c4_280b);
        let number: u32 = spec("number = [10, 12]").make(&mut Seed::of("t", "n", 3)).parse().unwrap();
        assert!((10..=12).contains(&number));
    }

    #[test]
    fn a_value_that_could_break_out_of_a_text_is_refused() {
        for bad in
            ["choose = [\"a'b\"]", "choose = []", "number = [3, 1]", "letters = 3\nnumber = [1, 2]", ""]
        {
            assert!(spec(bad).problem().is_some(), "{bad}");
        }
        assert_eq!(spec("choose = [\"a\", \"b\"]").problem(), None);
    }

    #[test]
    fn a_document_holds_what_is_hidden_in_it_where_it_should() {
        let document: DocumentSpec = toml::from_str(
            "path = \"a.md\"\nparagraphs = 200\ninserts = [{ at = 0.5, text = \"The needle.\" }, { at = 1, text = \"End.\" }]",
        )
        .unwrap();
        let text = document.make(&mut Seed::of("t", "a.md", 1));
        let at = text.find("The needle.").unwrap() as f64 / text.len() as f64;
        assert!((0.4..0.6).contains(&at) && text.trim_end().ends_with("End."), "{at}");
        assert_eq!(text, document.make(&mut Seed::of("t", "a.md", 1)));
        assert!(text.split_whitespace().count() > 5_000);
    }
}
