//! What holds for every text: known values never survive, redacting twice changes nothing, clean text stays.
#![allow(missing_docs, clippy::expect_used)]

mod common;

use std::{borrow::Cow, sync::LazyLock};

use cc_secrets::Redactor;
use proptest::prelude::*;
use serde_json::{Value, json};

static RULES: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::new(&common::bundled(), Vec::new()).expect("the rules"));

/// The ways a value turns up in a worker's output.
fn wrapped(value: &str, way: usize, noise: &str) -> String {
    let encoded = |text: &str| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        STANDARD.encode(text)
    };
    match way {
        0 => format!("{noise}{value}{noise}"),
        1 => json!({ "text": format!("{noise} {value}") }).to_string(),
        2 => json!({ "outer": json!({ "inner": format!("{value} {noise}") }).to_string() }).to_string(),
        3 => format!("https://h/?q={}", value.bytes().map(|b| format!("%{b:02X}")).collect::<String>()),
        4 => format!("Authorization: Basic {}", encoded(&format!("user:{value}"))),
        5 => format!("{noise} {}", encoded(value)),
        _ => value
            .chars()
            .map(|c| if c.is_alphanumeric() { c.into() } else { format!("%{:02x}", c as u32) })
            .collect(),
    }
}

/// Every value that a text holds once its escapes are undone.
fn holds(text: &str, value: &str) -> bool {
    let inner = serde_json::from_str::<Value>(text).ok();
    let deeper = |inner: &Value| match inner {
        Value::String(text) => holds(text, value),
        Value::Object(members) => {
            members.values().any(|member| member.as_str().is_some_and(|t| holds(t, value)))
        }
        _ => false,
    };
    text.contains(value) || inner.as_ref().is_some_and(deeper)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_known_value_never_survives(
        value in "[!-~]{12,60}", way in 0_usize..7, noise in "[ -Z\\]-~\n]{0,20}"
    ) {
        let redactor = Redactor::new(&[common::plain_rule()], vec![value.clone()]).expect("a redactor");
        let text = wrapped(&value, way, &noise);
        let clean = redactor.redact(&text);
        prop_assert!(!holds(&clean, &value), "{clean}");
        prop_assert!(clean.contains("[redacted:known]"), "{clean}");
        prop_assert_eq!(redactor.redact(&clean), Cow::Borrowed(clean.as_ref()));
    }

    #[test]
    fn a_known_value_never_survives_in_json(value in "\\PC{8,40}", name in "\\PC{0,12}") {
        prop_assume!(value.trim().len() >= 8);
        let known = value.trim().to_owned();
        let redactor = Redactor::new(&[], vec![known.clone()]).expect("a redactor");
        let mut json = json!({ name: [value, 1, null], "key": { known.clone(): known } });
        redactor.redact_value(&mut json);
        let members = json.as_object().expect("an object");
        prop_assert!(members["key"].get("[redacted:known]") == Some(&json!("[redacted:known]")), "{json}");
        prop_assert!(!json.to_string().contains(&serde_json::to_string(&value.trim()).expect("a text")));
    }

    #[test]
    fn redacting_twice_changes_nothing(
        parts in prop::collection::vec(prop_oneof![
            "[ -~\n]{0,40}",
            Just("password: ".to_owned()), Just("api_key=\"".to_owned()), Just("Bearer ".to_owned()),
            Just("[redacted:known]".to_owned()), Just("[redacted:secret-assignment]".to_owned()), Just("\\\"".to_owned()),
            "[A-Za-z0-9_-]{16,60}", Just("-----BEGIN PRIVATE KEY-----\n".to_owned()), Just("https://a:".to_owned()),
            "sk-[A-Za-z0-9]{32}", "ghp_[A-Za-z0-9]{36}", Just("\u{1b}[1m".to_owned()), Just("é…".to_owned()),
        ], 0..10)
    ) {
        let text = parts.concat();
        let once = RULES.redact(&text).into_owned();
        prop_assert_eq!(RULES.redact(&once), once.as_str());
    }

    #[test]
    fn words_come_back_borrowed_and_identical(words in prop::collection::vec("[a-z]{1,9}", 0..60)) {
        let text = words.join(" ");
        prop_assert!(matches!(RULES.redact(&text), Cow::Borrowed(same) if std::ptr::eq(same, text.as_str())));
    }
}
