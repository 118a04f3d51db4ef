//! The engine's own promises, with rules made for the purpose.
#![allow(missing_docs, clippy::expect_used)]

mod common;

use cc_domain::{Allow, AllowTarget, RequiredRule, SecretRule};
use cc_secrets::{Redactor, RuleError, validate};
use common::plain_rule;
use serde_json::json;

const TOKEN: &str = "tok_abcdefghij0123456789";

fn redact(rules: &[SecretRule], text: &str) -> String {
    Redactor::new(rules, Vec::new()).expect("a redactor").redact(text).into_owned()
}

#[test]
fn only_the_secrets_group_is_replaced_and_nothing_of_it_stays() {
    assert_eq!(redact(&[plain_rule()], &format!("a {TOKEN} b")), "a tok_[redacted:tok] b");
}

#[test]
fn a_keyword_in_capitals_counts_too() {
    let rule = SecretRule { regex: "(?i)tok_([a-z0-9]{20})".into(), ..plain_rule() };
    assert_eq!(redact(&[rule], &TOKEN.to_uppercase()), "TOK_[redacted:tok]");
}

#[test]
fn a_match_longer_than_its_window_is_replaced_whole() {
    let rule = SecretRule { regex: "tok_[a-z]{20,}".into(), secret_group: 0, ..plain_rule() };
    let text = format!("tok_{} end", "x".repeat(100_000));
    assert_eq!(redact(&[rule], &text), "[redacted:tok] end");
}

#[test]
fn many_matches_in_one_text_are_all_replaced() {
    let text = format!("{TOKEN} {}", "filler ".repeat(9)).repeat(500);
    let clean = redact(&[plain_rule()], &text);
    assert_eq!(clean.matches("[redacted:tok]").count(), 500);
    assert!(!clean.contains("abcdefghij"));
}

#[test]
fn entropy_and_allowances_keep_what_is_no_secret() {
    let dull = SecretRule { min_entropy: 3.0, ..plain_rule() };
    assert_eq!(redact(&[dull], "tok_aaaaaaaaaaaaaaaaaaaa"), "tok_aaaaaaaaaaaaaaaaaaaa");
    for (target, pattern, stopword) in [
        (AllowTarget::Secret, "^abc", ""),
        (AllowTarget::Match, "^tok_abc", ""),
        (AllowTarget::Line, "harmless", ""),
        (AllowTarget::Secret, "", "ghij"),
    ] {
        let list = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        let allow = Allow {
            target,
            regexes: list(pattern),
            stopwords: list(stopword),
            paths: Vec::new(),
            all: false,
        };
        let text = format!("harmless {TOKEN}");
        assert_eq!(redact(&[SecretRule { allow: vec![allow], ..plain_rule() }], &text), text, "{target:?}");
    }
}

#[test]
fn a_component_must_be_near() {
    let id = SecretRule {
        id: "id".into(),
        regex: "id-[0-9]{4}".into(),
        keywords: vec!["id-".into()],
        secret_group: 0,
        ..plain_rule()
    };
    let components = vec![RequiredRule { rule_id: "id".into(), within_lines: 1 }];
    let rules = [SecretRule { components, ..plain_rule() }, SecretRule { skip_report: true, ..id }];
    assert_eq!(redact(&rules, &format!("id-1234\n{TOKEN}")), "id-1234\ntok_[redacted:tok]");
    assert_eq!(redact(&rules, &format!("{TOKEN}\nid-1234\n")), "tok_[redacted:tok]\nid-1234\n");
    let far = format!("id-1234\n\n{TOKEN}");
    assert_eq!(redact(&rules, &far), far);
}

#[test]
fn overlapping_finds_become_one_under_the_clearer_name() {
    let wide = SecretRule {
        id: "wide".into(),
        regex: "tok_[a-z0-9!]+".into(),
        secret_group: 0,
        confidence: cc_domain::Confidence::Low,
        ..plain_rule()
    };
    assert_eq!(redact(&[wide, plain_rule()], &format!("{TOKEN}!!")), "[redacted:tok]");
}

#[test]
fn a_replacement_of_another_hand_hides_nothing() {
    let text = format!("[redacted:{TOKEN}]");
    assert_eq!(redact(&[plain_rule()], &text), "[redacted:tok_[redacted:tok]]");
}

#[test]
fn an_unusable_pattern_hides_the_word_round_its_keyword() {
    let rule = SecretRule { regex: "(".into(), ..plain_rule() };
    assert_eq!(redact(&[rule], &format!("a {TOKEN}, b")), "a [redacted:tok] b");
}

#[test]
fn names_that_become_equal_are_kept_apart() {
    let known = vec!["first-known-value".to_owned(), "second-known-value".to_owned()];
    let redactor = Redactor::new(&[], known).expect("a redactor");
    let mut value = json!({ "first-known-value": 1, "second-known-value": 2, "third": 3 });
    redactor.redact_value(&mut value);
    assert_eq!(value, json!({ "[redacted:known]": 1, "[redacted:known] 2": 2, "third": 3 }));
}

#[test]
fn nothing_of_a_redactor_is_shown() {
    let redactor = Redactor::new(&[plain_rule()], vec!["first-known-value".into()]).expect("a redactor");
    assert_eq!(format!("{redactor:?}"), "Redactor { rules: 1, .. }");
}

#[test]
fn a_bad_rule_is_refused_by_name() {
    let bad: [(&str, SecretRule); 12] = [
        ("no keywords", SecretRule { keywords: Vec::new(), ..plain_rule() }),
        ("the keyword 'TOK'", SecretRule { keywords: vec!["TOK".into()], ..plain_rule() }),
        ("the keyword 't'", SecretRule { keywords: vec!["t".into()], ..plain_rule() }),
        ("a pattern, in bytes, of 9000", SecretRule { regex: "x".repeat(9000), ..plain_rule() }),
        ("cannot be used", SecretRule { regex: "tok_(".into(), ..plain_rule() }),
        ("cannot be used", SecretRule { regex: "tok_(?:[a-z]{1000}){1000}".into(), ..plain_rule() }),
        ("cannot be used", SecretRule { path: Some("(".into()), ..plain_rule() }),
        ("group 2", SecretRule { secret_group: 2, ..plain_rule() }),
        ("entropy", SecretRule { min_entropy: f64::NAN, ..plain_rule() }),
        ("checksum 'luhn'", SecretRule { checksum: Some("luhn".into()), ..plain_rule() }),
        ("positive no. 2", SecretRule { positives: vec![TOKEN.into(), "tok_".into()], ..plain_rule() }),
        ("negative no. 1", SecretRule { negatives: vec![TOKEN.into()], ..plain_rule() }),
    ];
    for (what, rule) in bad {
        let error = validate(&[rule]).expect_err(what).to_string();
        assert!(error.contains("'tok'") && error.contains(what), "{what}: {error}");
        assert!(!error.contains("abcdefghij"), "{error}");
    }
}

#[test]
fn a_bad_set_is_refused() {
    assert!(matches!(validate(&[plain_rule(), plain_rule()]), Err(RuleError::Twice(id)) if id == "tok"));
    assert!(matches!(
        validate(&vec![plain_rule(); 2001]),
        Err(RuleError::Twice(_) | RuleError::TooMany { .. })
    ));
    let components = vec![RequiredRule { rule_id: "other".into(), within_lines: 1 }];
    let lonely = SecretRule { components, ..plain_rule() };
    assert!(matches!(validate(&[lonely]), Err(RuleError::Component { other, .. }) if other == "other"));
    assert!(matches!(validate(&[SecretRule { id: "a b".into(), ..plain_rule() }]), Err(RuleError::Id(_))));
    assert!(validate(&[]).is_ok());
}
