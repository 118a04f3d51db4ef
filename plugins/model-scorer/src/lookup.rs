//! Finds a model's place in the table, and says how it was found.

use cc_policy_sdk::ModelName;

use crate::families::{ENTRIES, Entry, FAMILY_WORDS, Ratings};

/// What a version that is older than all the table knows loses, in each ability but speed.
const OLDER: f64 = 1.0;

/// A model's place in the table.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) entry: &'static Entry,
    fit: Fit,
    known_tier: bool,
}

/// How well the version in a name fits the table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Exact,
    Unnamed,
    Newer,
    Between,
    Older,
}

/// The nearest entry of the name's family and tier; none when the family is unknown.
pub(crate) fn find(name: &ModelName) -> Option<Place> {
    let family = name.words.iter().find_map(|word| FAMILY_WORDS.iter().find(|(own, _)| own == word))?.1;
    let of_family = || ENTRIES.iter().filter(move |entry| entry.family == family);
    let fits = |entry: &&Entry| entry.tier.iter().all(|word| name.has(word));
    let best = of_family().filter(fits).map(|entry| entry.tier.len()).max();
    let (tier, known_tier) = match of_family().find(|entry| fits(entry) && Some(entry.tier.len()) == best) {
        Some(entry) => (entry.tier, true),
        None => (of_family().next()?.tier, false),
    };
    let versions: Vec<_> = of_family().filter(|entry| entry.tier == tier).collect();
    let (entry, fit) = nearest(&versions, version(name))?;
    Some(Place { entry, fit, known_tier })
}

/// Major and minor, when the name has a version.
fn version(name: &ModelName) -> Option<(u32, u32)> {
    let major = *name.numbers.first()?;
    Some((major, name.numbers.get(1).copied().unwrap_or(0)))
}

/// `versions` are newest first.
fn nearest(versions: &[&'static Entry], asked: Option<(u32, u32)>) -> Option<(&'static Entry, Fit)> {
    let newest = *versions.first()?;
    let Some(asked) = asked else { return Some((newest, Fit::Unnamed)) };
    Some(match versions.iter().find(|entry| entry.version <= asked) {
        Some(entry) if entry.version == asked => (entry, Fit::Exact),
        Some(entry) if *entry == newest => (newest, Fit::Newer),
        Some(entry) => (entry, Fit::Between),
        None => (versions.last()?, Fit::Older),
    })
}

impl Place {
    /// The entry's ratings, lowered for a version from before the table.
    pub(crate) fn ratings(&self) -> Ratings {
        let Ratings { code, reasoning, speed, stability, tool_use, multimodal } = self.entry.ratings;
        let lower = |rating: f64| if self.fit == Fit::Older { (rating - OLDER).max(0.0) } else { rating };
        Ratings {
            code: lower(code),
            reasoning: lower(reasoning),
            speed,
            stability: lower(stability),
            tool_use: lower(tool_use),
            multimodal: lower(multimodal),
        }
    }

    /// One sentence on how sure the place is.
    pub(crate) fn describe(&self) -> String {
        let (major, minor) = self.entry.version;
        let words: Vec<_> = std::iter::once(&self.entry.family).chain(self.entry.tier).copied().collect();
        let entry = format!("{} {major}.{minor}", words.join(" "));
        let version = match self.fit {
            Fit::Exact => format!("rated as {entry} in the built-in table"),
            Fit::Unnamed => {
                format!("no version in the name: rated as {entry}, the newest in the built-in table")
            }
            Fit::Newer => format!("newer than the table knows: rated as {entry}, the newest in it"),
            Fit::Between => {
                format!("this version is not in the built-in table: rated as {entry}, the one before it")
            }
            Fit::Older => format!("older than the table knows: rated a point below {entry}"),
        };
        if self.known_tier { version } else { format!("{version}; its tier is not one the table knows") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(model: &str) -> Place {
        find(&ModelName::parse(model)).unwrap_or_else(|| panic!("{model} is unknown"))
    }

    #[test]
    fn every_way_to_write_a_model_finds_its_entry() {
        for (model, family, tier, version) in [
            ("claude-opus-5", "claude", &["opus"][..], (5, 0)),
            ("anthropic/claude-sonnet-5", "claude", &["sonnet"], (5, 0)),
            ("global.anthropic.claude-opus-5", "claude", &["opus"], (5, 0)),
            ("claude-haiku-4-5-20251001-v1:0", "claude", &["haiku"], (4, 5)),
            ("Claude-3-5-Sonnet-20241022", "claude", &["sonnet"], (3, 5)),
            ("claude-fable-5[1M]", "claude", &["fable"], (5, 0)),
            ("gpt-5.6-sol", "gpt", &["sol"], (5, 6)),
            ("gpt-5.6-luna", "gpt", &["luna"], (5, 6)),
            ("deepseek-v4-pro[1M]", "deepseek", &["pro"], (4, 0)),
            ("deepseek-v4-flash", "deepseek", &["flash"], (4, 0)),
            ("kimi-k2.7-code", "kimi", &["code"], (2, 7)),
            ("moonshotai/kimi-k3", "kimi", &[], (3, 0)),
            ("kimi-for-coding", "kimi", &["coding"], (2, 7)),
            ("k3", "kimi", &[], (3, 0)),
            ("ZhipuAI/GLM-5.2", "glm", &[], (5, 2)),
            ("glm-4.7", "glm", &[], (4, 7)),
            ("glm-5v-turbo", "glm", &["v"], (5, 0)),
            ("Pro/MiniMaxAI/MiniMax-M2.5", "minimax", &[], (2, 5)),
            ("MiniMax-M3", "minimax", &[], (3, 0)),
            ("qwen3.8-max", "qwen", &["max"], (3, 8)),
            ("qwen3-coder-480b-a35b-instruct", "qwen", &["coder"], (3, 0)),
            ("grok-4.5", "grok", &[], (4, 5)),
            ("grok-code-fast-1", "grok", &["code", "fast"], (1, 0)),
            ("step-3.5-flash-2603", "step", &["flash"], (3, 5)),
            ("mimo-v2.5-pro", "mimo", &["pro"], (2, 5)),
            ("LongCat-2.0", "longcat", &[], (2, 0)),
            ("doubao-seed-2-1-pro-260628", "doubao", &["pro"], (2, 1)),
            ("gemini-3.6-flash", "gemini", &["flash"], (3, 6)),
            ("KAT-Coder-Pro-V1", "kat", &["coder", "pro"], (1, 0)),
        ] {
            let place = place(model);
            assert_eq!(
                (place.entry.family, place.entry.tier, place.entry.version),
                (family, tier, version),
                "{model}"
            );
            assert!(place.known_tier, "{model}");
        }
    }

    #[test]
    fn a_newer_version_is_rated_as_the_newest_known_and_says_so() {
        let place = place("claude-opus-6-1");
        assert_eq!(place.entry.version, (5, 0));
        assert!(place.describe().starts_with("newer than the table knows"), "{}", place.describe());
    }

    #[test]
    fn an_older_version_is_rated_below_the_oldest_known() {
        let place = place("glm-4");
        assert!(place.describe().starts_with("older than the table knows"));
        assert_eq!(place.ratings().code, place.entry.ratings.code - OLDER);
        assert_eq!(place.ratings().speed, place.entry.ratings.speed);
    }

    #[test]
    fn a_version_between_two_is_rated_as_the_one_before() {
        assert_eq!(place("claude-opus-4-6").entry.version, (4, 5));
        assert_eq!(place("claude-opus-4-6").fit, Fit::Between);
    }

    #[test]
    fn aliases_and_unversioned_names_get_the_newest() {
        assert_eq!(place("opus").entry.version, (5, 0));
        assert_eq!(place("deepseek-chat").entry.version, (4, 0));
        assert_eq!(place("sonnet[1m]").fit, Fit::Unnamed);
    }

    #[test]
    fn an_unknown_tier_of_a_known_family_says_so() {
        let place = place("gemini-3.6-ultra");
        assert!(place.describe().ends_with("its tier is not one the table knows"));
    }

    #[test]
    fn an_unknown_family_has_no_place() {
        for model in ["", "ark-code-latest", "mystery-9b", "claudette-1"] {
            assert!(find(&ModelName::parse(model)).is_none(), "{model}");
        }
    }
}
