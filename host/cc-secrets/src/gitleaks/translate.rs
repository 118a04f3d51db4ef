//! One rule of a file becomes one of ours.

use cc_domain::{Allow, AllowTarget, Confidence, RequiredRule, SecretRule};

use super::{
    format,
    pattern::{from_go, keywords, parse, secret_group},
};
use crate::{limits, validate};

/// A rule, or why it cannot be one.
pub(crate) fn rule(rule: &format::Rule, notices: &mut Vec<String>) -> Result<SecretRule, String> {
    if rule.regex.is_empty() {
        return Err(
            "it has no regex: a rule for a path alone finds files, not secrets; give it a regex".into()
        );
    }
    let regex = from_go(&rule.regex);
    let hir = parse(&regex)?;
    let group = if rule.secretgroup == 0 { secret_group(&hir) } else { rule.secretgroup };
    let allow: Result<Vec<_>, _> = rule.all_allowlists().map(|list| allow(list, &rule.id, notices)).collect();
    let found = SecretRule {
        id: id(&rule.id),
        description: rule.description.clone(),
        keywords: usable(&rule.keywords, keywords(&hir))?,
        regex,
        secret_group: group,
        min_entropy: rule.entropy,
        path: Some(from_go(&rule.path)).filter(|path| !path.is_empty()),
        confidence: if rule.id.starts_with("generic") { Confidence::Low } else { Confidence::Medium },
        components: rule.required.iter().map(|one| required(one, &rule.id, notices)).collect(),
        allow: allow?.into_iter().flatten().collect(),
        checksum: None,
        skip_report: rule.skipreport,
        source: "a rule file of the user's".into(),
        positives: Vec::new(),
        negatives: Vec::new(),
    };
    // Its components are looked at when all rules are there.
    validate(&[SecretRule { components: Vec::new(), ..found.clone() }]).map_err(|e| e.to_string())?;
    Ok(found)
}

/// Ids become parts of texts that are searched again, so they have few signs.
pub(crate) fn id(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    id.trim().chars().map(plain).take(limits::ID_BYTES).collect()
}

/// The keywords given, when each match has one of them; else those that the pattern itself gives. gitleaks looks for
/// keywords anywhere in a file, this engine in the match.
fn usable(given: &[String], own: Option<std::collections::BTreeSet<String>>) -> Result<Vec<String>, String> {
    let mut given: Vec<String> = given.iter().map(|keyword| keyword.trim().to_lowercase()).collect();
    given.retain(|keyword| limits::KEYWORD_BYTES.contains(&keyword.len()));
    given.sort();
    given.dedup();
    let has_given = |own: &String| given.iter().any(|keyword| own.contains(keyword.as_str()));
    match own {
        Some(own) if given.is_empty() || !own.iter().all(has_given) => Ok(own.into_iter().collect()),
        None if given.is_empty() => Err(
            "it has no keywords, and its pattern has no literal of three letters that every match contains; \
             add keywords"
                .into(),
        ),
        _ => Ok(given),
    }
}

fn required(one: &format::Required, rule: &str, notices: &mut Vec<String>) -> RequiredRule {
    if one.withincolumns.is_some() {
        notices.push(format!("rule '{rule}': withinColumns is ignored; withinLines counts"));
    }
    RequiredRule { rule_id: id(&one.id), within_lines: one.withinlines.unwrap_or(u32::MAX) }
}

/// An allowlist; none when it allows nothing that is known here.
pub(crate) fn allow(
    list: &format::Allowlist,
    owner: &str,
    notices: &mut Vec<String>,
) -> Result<Option<Allow>, String> {
    let all = match list.condition.to_uppercase().as_str() {
        "" | "OR" | "||" => false,
        "AND" | "&&" => true,
        other => return Err(format!("its allowlist has the condition '{other}'; use AND or OR")),
    };
    let target = match list.regextarget.as_str() {
        "" | "secret" => AllowTarget::Secret,
        "match" => AllowTarget::Match,
        "line" => AllowTarget::Line,
        other => {
            return Err(format!("its allowlist has the regexTarget '{other}'; use secret, match or line"));
        }
    };
    if !list.commits.is_empty() {
        notices.push(format!("allowlist of {owner}: commits are ignored; use paths, regexes or a baseline"));
        // A commit was one of the conditions, and can never hold.
        if all {
            return Ok(None);
        }
    }
    let patterns = |list: &[String]| list.iter().map(|pattern| from_go(pattern)).collect::<Vec<_>>();
    let stopwords = list.stopwords.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
    let allow =
        Allow { target, regexes: patterns(&list.regexes), stopwords, paths: patterns(&list.paths), all };
    Ok(Some(allow).filter(|a| !(a.regexes.is_empty() && a.stopwords.is_empty() && a.paths.is_empty())))
}
