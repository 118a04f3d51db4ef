//! World `secret-scanner` of policy 1.x.

use cc_domain::{
    Allow, AllowTarget, Checksum, Classification, Confidence, RequiredRule, SecretClass, SecretFinding,
    SecretRule,
};

use super::{Check, Functions, exports::secret_rules as wit};
use crate::engine::{Hidden, Plugin, PluginError};

type Findings = (Vec<wit::Finding>,);

pub(super) fn check(check: &mut Check<'_>) -> wasmtime::Result<()> {
    check.function::<(), Vec<wit::Rule>>("rules")?;
    check.function::<Findings, Vec<wit::Classification>>("classify")
}

pub(in crate::worlds) fn rules(
    plugin: &Plugin,
    functions: &Functions,
) -> Result<Vec<SecretRule>, PluginError> {
    let rules: Vec<wit::Rule> = functions.call(plugin, "rules", &Hidden::default(), ())?;
    Ok(rules.into_iter().map(rule).collect())
}

pub(in crate::worlds) fn classify(
    plugin: &Plugin,
    functions: &Functions,
    findings: &[SecretFinding],
    hidden: &Hidden,
) -> Result<Vec<Classification>, PluginError> {
    let arguments: Findings = (findings.iter().map(asked).collect(),);
    let classes: Vec<wit::Classification> = functions.call(plugin, "classify", hidden, arguments)?;
    Ok(classes.into_iter().map(classified).collect())
}

fn rule(rule: wit::Rule) -> SecretRule {
    let required = |c: wit::Component| RequiredRule { rule_id: c.rule_id, within_lines: c.within_lines };
    SecretRule {
        id: rule.id,
        description: rule.description,
        regex: rule.regex,
        keywords: rule.keywords,
        secret_group: rule.secret_group,
        min_entropy: rule.min_entropy,
        path: rule.path,
        confidence: match rule.confidence {
            wit::Confidence::Low => Confidence::Low,
            wit::Confidence::Medium => Confidence::Medium,
            wit::Confidence::High => Confidence::High,
        },
        components: rule.components.into_iter().map(required).collect(),
        allow: rule.allow.into_iter().map(allow).collect(),
        checksum: rule.checksum,
        skip_report: rule.skip_report,
        source: rule.source,
        positives: rule.positives,
        negatives: rule.negatives,
    }
}

fn allow(allow: wit::Allow) -> Allow {
    Allow {
        target: match allow.target {
            wit::AllowTarget::Secret => AllowTarget::Secret,
            wit::AllowTarget::Match => AllowTarget::Match,
            wit::AllowTarget::Line => AllowTarget::Line,
        },
        regexes: allow.regexes,
        stopwords: allow.stopwords,
        paths: allow.paths,
        all: false,
    }
}

fn asked(finding: &SecretFinding) -> wit::Finding {
    wit::Finding {
        rule_id: finding.rule_id.clone(),
        secret: finding.secret.clone(),
        key: finding.key.clone(),
        path: finding.path.clone(),
        before: finding.before.clone(),
        after: finding.after.clone(),
        entropy: finding.entropy,
        checksum: match finding.checksum {
            Checksum::Absent => wit::Checksum::Absent,
            Checksum::Valid => wit::Checksum::Valid,
            Checksum::Invalid => wit::Checksum::Invalid,
        },
        depth: finding.depth,
        attributes: finding.attributes.clone(),
    }
}

fn classified(said: wit::Classification) -> Classification {
    Classification {
        class: match said.class {
            wit::Class::Real => SecretClass::Real,
            wit::Class::Placeholder => SecretClass::Placeholder,
            wit::Class::Identifier => SecretClass::Identifier,
            wit::Class::ConfigKey => SecretClass::ConfigKey,
            wit::Class::Unknown => SecretClass::Unknown,
        },
        reason: said.reason,
    }
}
