//! Whether the model that answered is the one that was routed to.

use cc_policy_sdk::{
    ModelName,
    run_reviewer::{Confidence, Flag, Severity},
};

use crate::{facts::Facts, flag};

/// Names of a choice, not of a model: anything may answer to them.
const ANY: [&str; 3] = ["default", "inherit", "best"];
const CLAUDE_TIERS: [&str; 4] = ["opus", "sonnet", "haiku", "fable"];

#[derive(Debug, PartialEq, Eq)]
enum Match {
    Same,
    /// An alias was answered by another maker's model, as profiles are free to arrange.
    Mapped,
    Different,
}

pub(crate) fn mismatch(facts: &Facts<'_>) -> Option<Flag> {
    let (declared, actual) = (facts.run.declared_model.as_deref()?, facts.run.actual_model.as_deref()?);
    let message = format!("routed to {declared}, but {actual} answered");
    match compare(declared, actual) {
        Match::Same => None,
        Match::Mapped => Some(flag("route_mismatch", Severity::Low, "routing", Confidence::Low, message)),
        Match::Different => {
            Some(flag("route_mismatch", Severity::High, "routing", Confidence::High, message))
        }
    }
}

fn compare(declared: &str, actual: &str) -> Match {
    let (asked, got) = (ModelName::parse(declared), ModelName::parse(actual));
    // Claude Code signs its own error texts with a model called `<synthetic>`.
    let says_nothing = |name: &ModelName| name.words.is_empty() || name.words == ["synthetic"];
    if says_nothing(&asked) || says_nothing(&got) || asked.is_same(&got) {
        return Match::Same;
    }
    match alias(&asked) {
        Some(tiers) if tiers.is_empty() || tiers.iter().any(|tier| got.has(tier)) => Match::Same,
        Some(_) if !got.has("claude") => Match::Mapped,
        _ => Match::Different,
    }
}

/// The tiers an alias stands for: none is any. No alias has a version.
fn alias(name: &ModelName) -> Option<Vec<&'static str>> {
    let words: Vec<&str> = name.words.iter().map(String::as_str).filter(|word| *word != "claude").collect();
    match words.as_slice() {
        _ if !name.numbers.is_empty() => None,
        [word] if ANY.contains(word) => Some(Vec::new()),
        // Plans with one and works with the other.
        ["opusplan"] => Some(vec!["opus", "sonnet"]),
        [word] => CLAUDE_TIERS.iter().find(|tier| *tier == word).map(|tier| vec![*tier]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Defect 26.
    #[test]
    fn a_dated_id_and_its_alias_are_the_same_model() {
        for (declared, actual) in [
            ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
            ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
            ("anthropic/claude-sonnet-5", "claude-sonnet-5"),
            ("claude-opus-5[1M]", "claude-opus-5"),
            ("deepseek-v4-pro[1m]", "deepseek-v4-pro"),
            ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
            ("Pro/MiniMaxAI/MiniMax-M2.5", "minimax-m2.5"),
            ("opus", "claude-opus-5"),
            ("sonnet[1m]", "claude-sonnet-5-20260101"),
            ("claude-haiku", "claude-haiku-4-5"),
            ("opusplan", "claude-sonnet-5"),
            ("default", "glm-5.2"),
            ("glm-5.2", "<synthetic>"),
            ("", "glm-5.2"),
        ] {
            assert_eq!(compare(declared, actual), Match::Same, "{declared} and {actual}");
        }
    }

    #[test]
    fn another_model_is_a_mismatch() {
        for (declared, actual) in [
            ("claude-opus-5", "claude-sonnet-5"),
            ("opus", "claude-sonnet-5"),
            ("glm-5.2", "glm-5.1"),
            ("kimi-k3", "kimi-k2.7-code"),
            ("claude-opus-5", "glm-5.2"),
        ] {
            assert_eq!(compare(declared, actual), Match::Different, "{declared} and {actual}");
        }
    }

    #[test]
    fn an_alias_that_a_profile_maps_is_told_apart() {
        assert_eq!(compare("opus", "glm-5.2"), Match::Mapped);
    }
}
