//! The bundled rules, as the host gets them from the plugin.
#![allow(missing_docs, dead_code, unreachable_pub, clippy::expect_used)]

use cc_domain::{
    Allow, AllowTarget, Checksum, Classification, Confidence, SecretClass, SecretFinding, SecretRule,
};
use cc_plugin_secret_rules::SecretRules;
use cc_policy_sdk::secret_scanner::{self as wit, Guest as _};

pub fn bundled() -> Vec<SecretRule> {
    SecretRules::rules().expect("the rules").into_iter().map(rule).collect()
}

fn rule(rule: wit::Rule) -> SecretRule {
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
        components: Vec::new(),
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

/// The bundled plugin's judgement.
pub fn classify(findings: Vec<SecretFinding>) -> Vec<Classification> {
    let given = findings.into_iter().map(finding).collect();
    SecretRules::classify(given).expect("a judgement").into_iter().map(classification).collect()
}

fn finding(finding: SecretFinding) -> wit::Finding {
    wit::Finding {
        rule_id: finding.rule_id,
        secret: finding.secret,
        key: finding.key,
        path: finding.path,
        before: finding.before,
        after: finding.after,
        entropy: finding.entropy,
        checksum: match finding.checksum {
            Checksum::Absent => wit::Checksum::Absent,
            Checksum::Valid => wit::Checksum::Valid,
            Checksum::Invalid => wit::Checksum::Invalid,
        },
        depth: finding.depth,
        attributes: finding.attributes,
    }
}

fn classification(judged: wit::Classification) -> Classification {
    let class = match judged.class {
        wit::Class::Real => SecretClass::Real,
        wit::Class::Placeholder => SecretClass::Placeholder,
        wit::Class::Identifier => SecretClass::Identifier,
        wit::Class::ConfigKey => SecretClass::ConfigKey,
        wit::Class::Unknown => SecretClass::Unknown,
    };
    Classification { class, reason: judged.reason }
}

/// A rule of a test's own: 20 letters or digits after `tok_`.
pub fn plain_rule() -> SecretRule {
    SecretRule {
        id: "tok".into(),
        description: "A token".into(),
        regex: r"tok_([A-Za-z0-9]{20})".into(),
        keywords: vec!["tok_".into()],
        secret_group: 1,
        min_entropy: 0.0,
        path: None,
        confidence: Confidence::High,
        components: Vec::new(),
        allow: Vec::new(),
        checksum: None,
        skip_report: false,
        source: "this test".into(),
        positives: vec!["tok_abcdefghij0123456789".into()],
        negatives: vec!["tok_short".into()],
    }
}

/// Characters that look random, always the same ones for a seed.
pub fn random(alphabet: &str, count: usize, seed: u64) -> String {
    let alphabet: Vec<char> = alphabet.chars().collect();
    let mut state = seed ^ 0x9E37_79B9_7F4A_7C15;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        alphabet[(state >> 33) as usize % alphabet.len()]
    };
    (0..count).map(|_| next()).collect()
}

pub const HEX: &str = "0123456789abcdef";
pub const DIGITS: &str = "0123456789";
pub const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bundled rules and as many of the same shapes as a large set has.
pub fn many(count: usize) -> Vec<SecretRule> {
    let mut rules = bundled();
    let name = |number: usize| {
        let letter = |at: usize| char::from(b'a' + (at % 26) as u8);
        [letter(number), letter(number / 26), letter(number * 7 + 3), letter(number * 11 + 5)]
            .iter()
            .collect::<String>()
    };
    for number in rules.len()..count {
        let vendor = name(number);
        let (regex, keyword, group) = match number % 2 {
            0 => (format!(r"\b{vendor}_(?:live|test)_[A-Za-z0-9]{{32,64}}\b"), format!("{vendor}_"), 0),
            _ => (
                format!(
                    r#"(?i:{vendor})[\w.\-]{{0,40}}["'`\]]{{0,2}}[ \t]{{0,8}}(?::=|=>|=|:|,)[ \t]{{0,8}}["'`]{{0,3}}([A-Za-z0-9]{{32}})\b"#
                ),
                vendor,
                1,
            ),
        };
        let id = format!("vendor-{number}");
        rules.push(SecretRule {
            id,
            regex,
            keywords: vec![keyword],
            secret_group: group,
            min_entropy: 3.0,
            ..plain_rule()
        });
    }
    rules
}
