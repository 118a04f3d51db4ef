use super::*;
use crate::sample::expand;

fn finding(rule: &str, key: Option<&str>, secret: &str) -> Finding {
    let secret = expand(secret);
    let share = |byte: u8| secret.bytes().filter(|b| *b == byte).count() as f64 / secret.len() as f64;
    let entropy = secret.bytes().map(|byte| -share(byte).log2()).sum::<f64>() / secret.len() as f64;
    Finding {
        rule_id: rule.into(),
        secret,
        key: key.map(Into::into),
        path: None,
        before: "a test with an example and a placeholder: ".into(),
        after: " // fake, mock, sample".into(),
        entropy,
        checksum: Checksum::Absent,
        depth: 0,
        attributes: Vec::new(),
    }
}

fn class(rule: &str, key: Option<&str>, secret: &str) -> Class {
    classify(&finding(rule, key, secret)).class
}

#[test]
fn a_token_is_real_whatever_stands_around_it() {
    for (rule, secret) in [
        ("github-token", "ghp_{alnum:36}"),
        ("anthropic-oauth-token", "sk-ant-oat01-{url:95}"),
        ("slack-token", "xoxb-{digit:12}-{digit:12}-{alnum:24}"),
        ("stripe-test-key", "sk_test_{alnum:24}"),
        ("acme-token", "acme-test-{alnum:32}"),
    ] {
        let mut found = finding(rule, None, secret);
        found.path = Some("tests/fixtures/example.py".into());
        assert_eq!(classify(&found).class, Class::Real, "{rule}");
    }
}

#[test]
fn stand_ins_are_placeholders_in_any_form() {
    for (rule, secret) in [
        ("github-token", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("aws-access-key-id", "AKIA{upper:9}EXAMPLE"),
        ("secret-assignment", "your-api-key-goes-here"),
        ("secret-assignment", "0123456789abcdef0123456789abcdef"),
        ("url-password", "${DB_PASSWORD}"),
        ("secret-assignment", "<paste-your-token>"),
        ("secret-assignment", "aaaabaaaabaaaabaaaab"),
    ] {
        assert_eq!(class(rule, None, secret), Class::Placeholder, "{secret}");
    }
}

#[test]
fn names_and_digests_are_no_secrets() {
    let digest = "{hex:64}";
    assert_eq!(class("secret-assignment", Some("token_sha256"), digest), Class::Identifier);
    assert_eq!(class("secret-assignment", Some("auth_token"), digest), Class::Real);
    assert_eq!(class("secret-assignment", Some("client_secret_id"), "{alnum:32}"), Class::Identifier);
    assert_eq!(class("secret-assignment", Some("nextPageToken"), "{alnum:32}"), Class::Identifier);
    assert_eq!(class("secret-assignment", Some("secret"), "my-database-credentials"), Class::Identifier);
    assert_eq!(class("secret-assignment", Some("token"), "GITHUB_ACCESS_TOKEN"), Class::ConfigKey);
    assert_eq!(class("secret-assignment", Some("token"), "process.env.API_TOKEN_1"), Class::ConfigKey);
    let mut locked = finding("secret-assignment", Some("token"), digest);
    locked.path = Some("app\\package-lock.json".into());
    assert_eq!(classify(&locked).class, Class::Identifier);
}

#[test]
fn a_checksum_decides_where_there_is_one() {
    let mut found = finding("github-token", None, "ghp_{alnum:36}");
    found.checksum = Checksum::Invalid;
    assert!(classify(&found).reason.contains("does not hold"));
    (found.checksum, found.entropy) = (Checksum::Valid, 0.0);
    assert_eq!(classify(&found).class, Class::Real);
}

#[test]
fn passwords_may_be_less_random() {
    assert_eq!(class("url-password", None, "s3cr3t!x9"), Class::Real);
    assert_eq!(class("secret-assignment", Some("db_password"), "Tr0ub4dor&3"), Class::Real);
    assert_eq!(class("password-line", Some("password"), "correct-horse"), Class::Identifier);
}

#[test]
fn an_id_under_a_general_name_is_left_open() {
    let uuid = "{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}";
    assert_eq!(class("secret-assignment", Some("token"), uuid), Class::Unknown);
    assert_eq!(class("heroku-legacy-key", Some("HEROKU_API_KEY"), uuid), Class::Real);
}

#[test]
fn a_piece_of_encoded_data_is_no_token() {
    let mut found = finding("facebook-token", None, "EAA{alnum:120}");
    assert_eq!(classify(&found).class, Class::Real);
    (found.before, found.after) = (expand("{base64:62}+"), expand("/{base64:20}"));
    assert_eq!(classify(&found).class, Class::Identifier);
    found.before = "https://example.org/a/very/long/path/to/some/thing/else/".into();
    found.after = String::new();
    assert_eq!(classify(&found).class, Class::Real);
}

#[test]
fn credentials_and_keys_for_show_are_told_from_real_ones() {
    let basic = |secret| class("authorization-basic", Some("Authorization"), secret);
    assert_eq!(basic("dXNlcjpwYXNzd29yZA=="), Class::Placeholder);
    assert_eq!(basic("QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), Class::Placeholder);
    assert_eq!(basic("YXBwOnZROXhMMmtUN3BaNHJXMW4="), Class::Real);
    let key = |body| {
        class("private-key", None, &format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"))
    };
    assert_eq!(key("MIIEpAIBAAKCAQEA"), Class::Placeholder);
    assert_eq!(key("{base64:64}"), Class::Real);
    assert_eq!(key("{base64:64}\\n{base64:20}"), Class::Real);
}
