//! Judges a set of rules before it is used: shape, size, and each rule's own samples.

use std::collections::HashSet;

use cc_domain::SecretRule;
use regex::bytes::Regex;

use crate::{checksum::Kind, engine::Engine, error::RuleError, limits, views::views};

/// Checks every rule: its id, keywords, sizes, pattern, allowances, checksum and components, that it finds
/// something in each of its positives and nothing in any of its negatives.
///
/// # Errors
/// The first fault, with the rule's id.
pub fn validate(rules: &[SecretRule]) -> Result<(), RuleError> {
    let mut ids = HashSet::new();
    for rule in rules {
        check_shape(rule)?;
        if !ids.insert(&rule.id) {
            return Err(RuleError::Twice(rule.id.clone()));
        }
    }
    let engine = Engine::new(rules)?;
    for (index, rule) in rules.iter().enumerate() {
        check_pattern(&engine, index, rule)?;
    }
    rules.iter().try_for_each(|rule| check_samples(rules, rule))
}

fn check_shape(rule: &SecretRule) -> Result<(), RuleError> {
    let name = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if rule.id.is_empty() || rule.id.len() > limits::ID_BYTES || !rule.id.bytes().all(name) {
        return Err(RuleError::Id(rule.id.chars().take(limits::ID_BYTES).collect()));
    }
    check_sizes(rule)?;
    if rule.keywords.is_empty() {
        return Err(RuleError::NoKeywords(rule.id.clone()));
    }
    let fits = |k: &str| limits::KEYWORD_BYTES.contains(&k.len()) && k.to_lowercase() == k;
    if let Some(keyword) = rule.keywords.iter().find(|keyword| !fits(keyword)) {
        let keyword = keyword.chars().take(*limits::KEYWORD_BYTES.end()).collect();
        return Err(RuleError::Keyword { rule: rule.id.clone(), keyword });
    }
    if !(0.0..=8.0).contains(&rule.min_entropy) {
        return Err(RuleError::Entropy(rule.id.clone()));
    }
    match &rule.checksum {
        Some(name) if Kind::named(name).is_none() => {
            Err(RuleError::Checksum { rule: rule.id.clone(), name: name.clone() })
        }
        _ => Ok(()),
    }
}

fn check_sizes(rule: &SecretRule) -> Result<(), RuleError> {
    let longest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    let samples = longest(&rule.positives).max(longest(&rule.negatives));
    let allowed =
        rule.allow.iter().map(|a| longest(&a.regexes).max(longest(&a.stopwords))).max().unwrap_or(0);
    let lists = rule.allow.iter().flat_map(|a| [a.regexes.len(), a.stopwords.len(), a.paths.len()]);
    let own = [rule.allow.len(), rule.components.len(), rule.positives.len(), rule.negatives.len()];
    let list = lists.chain(own).max().unwrap_or(0);
    let sizes = [
        ("a pattern, in bytes,", rule.regex.len(), limits::PATTERN_BYTES),
        ("an allowed pattern or word, in bytes,", allowed, limits::PATTERN_BYTES),
        ("the number of keywords,", rule.keywords.len(), limits::KEYWORDS),
        ("a sample, in bytes,", samples, limits::SAMPLE_BYTES),
        ("the number of entries in a list,", list, limits::LIST),
    ];
    match sizes.into_iter().find(|(_, size, max)| size > max) {
        Some((what, size, max)) => Err(RuleError::TooLarge { rule: rule.id.clone(), what, size, max }),
        None => Ok(()),
    }
}

fn check_pattern(engine: &Engine, index: usize, rule: &SecretRule) -> Result<(), RuleError> {
    let unusable = |problem: &str| RuleError::Pattern { rule: rule.id.clone(), problem: problem.into() };
    let compiled = engine.rules[index].compiled().map_err(unusable)?;
    for path in rule.path.iter().chain(rule.allow.iter().flat_map(|allow| &allow.paths)) {
        Regex::new(path).map_err(|e| unusable(&format!("its path: {e}")))?;
    }
    let last = engine.rules[index].last_group(compiled);
    if rule.secret_group as usize > last {
        return Err(RuleError::Group { rule: rule.id.clone(), group: rule.secret_group, last });
    }
    Ok(())
}

/// The rule alone, with what it needs nearby: another rule must not make up for it.
fn check_samples(rules: &[SecretRule], rule: &SecretRule) -> Result<(), RuleError> {
    // A rule that reports nothing by itself still has to find its samples.
    let alone = SecretRule { skip_report: false, path: None, ..rule.clone() };
    let needed = |other: &&SecretRule| {
        other.id != rule.id && rule.components.iter().any(|component| component.rule_id == other.id)
    };
    let others =
        rules.iter().filter(needed).map(|other| SecretRule { components: Vec::new(), ..other.clone() });
    let engine = Engine::new(&[alone].into_iter().chain(others).collect::<Vec<_>>())?;
    let misses = |sample: &String| !finds(&engine, sample);
    if let Some(at) = rule.positives.iter().position(misses) {
        return Err(RuleError::MissesPositive { rule: rule.id.clone(), number: at + 1 });
    }
    match rule.negatives.iter().position(|sample| finds(&engine, sample)) {
        Some(at) => Err(RuleError::FindsNegative { rule: rule.id.clone(), number: at + 1 }),
        None => Ok(()),
    }
}

/// Whether the first rule of the engine finds something in a text.
fn finds(engine: &Engine, text: &str) -> bool {
    views(text)
        .iter()
        .any(|view| engine.find(view.text.as_bytes(), |_| None).iter().any(|found| found.rule == 0))
}
