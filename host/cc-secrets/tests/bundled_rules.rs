//! The bundled rules in the engine: they load, find what leaks, and leave ordinary text alone.
#![allow(missing_docs, clippy::expect_used)]

mod common;

use cc_secrets::{Redactor, validate};
use common::{ALNUM, BASE64, DIGITS, HEX, bundled, random};
use serde_json::json;

fn redactor() -> Redactor {
    Redactor::new(&bundled(), Vec::new()).expect("the rules")
}

#[test]
fn every_bundled_rule_holds_and_there_are_enough_of_them() {
    let rules = bundled();
    validate(&rules).expect("the rules hold");
    assert!(rules.len() >= 120, "{}", rules.len());
    assert!(rules.iter().all(|r| !r.positives.is_empty() && !r.negatives.is_empty() && !r.source.is_empty()));
}

#[test]
fn every_positive_is_redacted_by_the_whole_set_and_redacting_twice_changes_nothing() {
    let redactor = redactor();
    for rule in bundled() {
        for text in &rule.positives {
            let once = redactor.redact(text).into_owned();
            assert!(once.contains("[redacted:"), "{}: {text}", rule.id);
            assert_eq!(redactor.redact(&once), once, "{}", rule.id);
        }
    }
}

#[test]
fn each_token_is_redacted_under_its_own_name() {
    let redactor = redactor();
    let tokens = [
        ("anthropic-api-key", format!("sk-ant-api03-{}AA", random(ALNUM, 93, 1))),
        ("anthropic-oauth-token", format!("sk-ant-oat01-{}", random(ALNUM, 95, 2))),
        ("openai-project-key", format!("sk-proj-{}", random(ALNUM, 120, 3))),
        ("openrouter-api-key", format!("sk-or-v1-{}", random(HEX, 64, 4))),
        ("provider-sk-key", format!("sk-{}", random(HEX, 32, 5))),
        ("github-token", format!("ghp_{}", random(ALNUM, 36, 6))),
        ("gitlab-token", format!("glpat-{}", random(ALNUM, 20, 7))),
        (
            "slack-token",
            format!("xoxb-{}-{}-{}", random(DIGITS, 12, 8), random(DIGITS, 12, 9), random(ALNUM, 24, 10)),
        ),
        ("huggingface-token", format!("hf_{}", random(ALNUM, 34, 11))),
        ("groq-api-key", format!("gsk_{}", random(ALNUM, 52, 12))),
        ("stripe-live-key", format!("sk_live_{}", random(ALNUM, 24, 13))),
        ("google-api-key", format!("AIza{}", random(ALNUM, 35, 14))),
        ("npm-token", format!("npm_{}", random(ALNUM, 36, 15))),
    ];
    for (rule, token) in tokens {
        let texts = [
            format!("export API_TOKEN={token} # test example"),
            format!("{{\"type\":\"text\",\"text\":\"the key is \\\"{token}\\\"\\n\"}}"),
            format!(r#"{{"line":"{{\"inner\":\"{{\\\"token\\\":\\\"{token}\\\"}}\"}}"}}"#),
            format!("\u{1b}[32m{token}\u{1b}[0m"),
            format!(r#"{{"out":"\u001b[32m{token}\u001b[0m\n"}}"#),
        ];
        for text in texts {
            let clean = redactor.redact(&text);
            assert_eq!(clean, text.replace(&token, &format!("[redacted:{rule}]")));
        }
    }
}

#[test]
fn a_private_key_vanishes_in_every_notation() {
    let lines: Vec<String> = (0..12).map(|line| random(BASE64, 64, line)).collect();
    for label in ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""] {
        let head = format!("-----BEGIN {label}PRIVATE KEY-----");
        let tail = format!("-----END {label}PRIVATE KEY-----");
        let body: Vec<&str> = std::iter::once(head.as_str())
            .chain(lines.iter().map(String::as_str))
            .chain([tail.as_str()])
            .collect();
        let numbered: Vec<String> =
            body.iter().enumerate().map(|(n, line)| format!("{:>6}→{line}", n + 1)).collect();
        let plain = body.join("\n");
        let escaped = json!({ "outer": json!({ "key": plain }).to_string() }).to_string();
        let diff = body.join("\n+");
        for text in [plain, body.join("\r\n"), numbered.join("\n"), escaped, diff, body[..6].join("\n")] {
            let clean = redactor().redact(&format!("before {text} after")).into_owned();
            assert!(lines.iter().all(|line| !clean.contains(&line[..8])), "{clean}");
            assert!(clean.contains("before") && clean.ends_with("after"), "{clean}");
        }
    }
}

#[test]
fn ordinary_text_comes_back_as_it_is() {
    let image = random(BASE64, 20_000, 77);
    let texts = [
        "risk-assessment-engine, task-force-and-the-rest-of-the-words, disk-usage".to_owned(),
        "author: jane, \"author\": \"jane.doe.the-third-of-her-name-2024\"".into(),
        "monkey = banana; keyboard: qwertz-layout-for-swiss-german; tokenizer: cl100k_base".into(),
        format!("commit {} by {}", random(HEX, 40, 1), random(HEX, 7, 2)),
        format!("sha256:{} sha512-{}==", random(HEX, 64, 3), random(BASE64, 86, 4)),
        format!("monkey: {0}, keyboard={0}", random(ALNUM, 32, 5)),
        format!(
            "session {}-{}-4{}-a{}-{}",
            random(HEX, 8, 6),
            random(HEX, 4, 7),
            random(HEX, 3, 8),
            random(HEX, 3, 9),
            random(HEX, 12, 10)
        ),
        format!("data:image/png;base64,{image}"),
        "https://example.org:8080/@scope/package?token=abc".into(),
        "{\"usage\":{\"input_tokens\":4096,\"cache_read_input_tokens\":123456789012345678}}".into(),
        "let token = self.tokens.next_token_in_the_stream()?; // secret sauce".into(),
        "password: required, secret: true, api_key: null, token: string".into(),
        "fn authenticate(password: &str, token: Option<AccessTokenResponse>) -> Result<()>".into(),
        "the model claude-sonnet-4-5-20250929 uses 200000 max_tokens".into(),
        "if pem.starts_with(\"-----BEGIN RSA PRIVATE KEY-----\") { load() }".into(),
        "API_KEY=${API_KEY} TOKEN=<your-token> SECRET=$SECRET_FROM_VAULT".into(),
        "toolu_01A09q90qw90lq917835lq9 msg_01XFDUDYJgAACzvnptvVoYEL req_011CSHoEeqs5C35K2UUqR7Fy".into(),
    ];
    let redactor = redactor();
    for text in texts {
        assert!(
            matches!(redactor.redact(&text), std::borrow::Cow::Borrowed(same) if same == text),
            "{}",
            redactor.redact(&text)
        );
    }
}

#[test]
fn a_member_is_judged_with_its_name() {
    let secret = random(ALNUM, 32, 20);
    let mut value = json!({
        "apiKey": secret, "author": secret, "tokenizer": "cl100k_base", "password": "x9!aQ2#bzz",
        "keys": { "clientSecret": [secret] },
        "nested": format!("{{\"auth_token\": \"{secret}\"}}"),
        "count": 7, "none": null,
    });
    redactor().redact_value(&mut value);
    assert_eq!(
        value,
        json!({
            "apiKey": "[redacted:secret-assignment]", "author": secret, "tokenizer": "cl100k_base",
            "password": "[redacted:password-assignment]",
            "keys": { "clientSecret": ["[redacted:secret-assignment]"] },
            "nested": "{\"auth_token\": \"[redacted:secret-assignment]\"}",
            "count": 7, "none": null,
        })
    );
}
