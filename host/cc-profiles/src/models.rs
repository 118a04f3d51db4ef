//! The models a profile names.

use cc_domain::ModelEntry;

use crate::env::EnvBlock;

/// The variables that name models, the most decisive first.
const VARIABLES: [&str; 6] = [
    "ANTHROPIC_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "ANTHROPIC_DEFAULT_FABLE_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
];

/// Claude Code's own words for a model: they stand for another setting, or for what it prefers on the day.
const ALIASES: [&str; 7] = ["default", "best", "opus", "sonnet", "haiku", "fable", "opusplan"];

/// Every model once, in order. An alias that the profile gives a target counts as that target, others not at all.
pub(crate) fn models(env: &EnvBlock, setting: Option<&str>) -> Vec<ModelEntry> {
    let variables = VARIABLES.iter().filter_map(|name| Some((env.get(name)?, *name)));
    let named = variables.chain(setting.map(|model| (model.trim(), "settings.model")));
    let mut found: Vec<ModelEntry> = Vec::new();
    for (model, source) in named.filter_map(|(model, source)| resolve(env, model, source)) {
        if !found.iter().any(|entry| entry.name == model) {
            found.push(ModelEntry { name: model.to_owned(), source: source.to_owned() });
        }
    }
    found
}

fn resolve<'a>(env: &'a EnvBlock, model: &'a str, source: &'a str) -> Option<(&'a str, &'a str)> {
    let Some(alias) = alias(model) else {
        return Some((model, source)).filter(|_| !model.is_empty());
    };
    let target = VARIABLES
        .iter()
        .find(|name| **name == format!("ANTHROPIC_DEFAULT_{}_MODEL", alias.to_uppercase()))?;
    env.get(target).filter(|model| self::alias(model).is_none()).map(|model| (model, *target))
}

/// The alias a model's name is, also with a `[1m]` mark.
fn alias(model: &str) -> Option<&'static str> {
    let bare = model.split('[').next().unwrap_or(model).to_lowercase();
    ALIASES.into_iter().find(|alias| *alias == bare)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn listed(env: &Value, setting: Option<&str>) -> Vec<(String, String)> {
        let env = EnvBlock::parse(Some(env)).expect("an object");
        models(&env, setting).into_iter().map(|entry| (entry.name, entry.source)).collect()
    }

    fn names(env: &Value, setting: Option<&str>) -> Vec<String> {
        listed(env, setting).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn they_come_in_order_and_once() {
        let env = json!({"ANTHROPIC_DEFAULT_HAIKU_MODEL": "small", "ANTHROPIC_DEFAULT_SONNET_MODEL": "main[1M]",
            "ANTHROPIC_DEFAULT_OPUS_MODEL": "big", "ANTHROPIC_MODEL": "main[1M]",
            "ANTHROPIC_SMALL_FAST_MODEL": "fast", "ANTHROPIC_DEFAULT_FABLE_MODEL": "story"});
        assert_eq!(names(&env, Some("extra")), ["main[1M]", "big", "small", "story", "fast", "extra"]);
        assert_eq!(listed(&env, Some("extra"))[5].1, "settings.model");
        assert_eq!(listed(&env, None)[0].1, "ANTHROPIC_MODEL");
    }

    #[test]
    fn an_alias_counts_as_its_target_or_not_at_all() {
        let env = json!({"ANTHROPIC_MODEL": "sonnet", "ANTHROPIC_DEFAULT_SONNET_MODEL": "s", "ANTHROPIC_DEFAULT_OPUS_MODEL": "o"});
        assert_eq!(names(&env, Some("opus[1m]")), ["s", "o"]);
        assert!(names(&json!({}), Some("Opus")).is_empty());
        assert!(names(&json!({"ANTHROPIC_DEFAULT_OPUS_MODEL": "opus"}), Some("opus")).is_empty());
    }

    #[test]
    fn blank_settings_name_nothing() {
        assert!(names(&json!({"ANTHROPIC_MODEL": " "}), Some("")).is_empty());
    }
}
