//! Which values of an environment are credentials.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::mask;

/// Variables that Claude Code takes a credential from.
pub(crate) const CREDENTIALS: [&str; 8] = [
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_AUTH_TOKEN",
    "ANTHROPIC_AWS_API_KEY",
];

/// One header a line, `Name: value`.
const HEADERS: &str = "ANTHROPIC_CUSTOM_HEADERS";

/// A value shorter than this is a secret only in a variable that holds nothing else.
const MIN_LENGTH: usize = 6;
/// Nothing shorter is a secret: taking every `x` out of a log would destroy it and protect nothing.
const MIN_CREDENTIAL: usize = 4;

/// What people write where a local server wants some key, lower case. Known to everyone, and words that logs need.
const TRIVIAL: [&str; 16] = [
    "dummy",
    "none",
    "null",
    "test",
    "local",
    "empty",
    "false",
    "true",
    "ollama",
    "lmstudio",
    "lm-studio",
    "litellm",
    "not-needed",
    "notneeded",
    "placeholder",
    "proxy_managed",
];

/// Every credential, the longest first so that one that contains another is replaced as a whole.
pub(crate) fn values(vars: &BTreeMap<String, String>) -> Vec<String> {
    let mut found: Vec<String> = vars.iter().flat_map(|(name, value)| of_variable(name, value)).collect();
    found.sort_by_key(|value| (Reverse(value.len()), value.clone()));
    found.dedup();
    found
}

/// Replaces every credential in a text that is to be shown.
pub(crate) fn scrub(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
}

/// A header that carries a credential is set.
pub(crate) fn has_credential_header(headers: &str) -> bool {
    header_secrets(headers).next().is_some()
}

fn of_variable(name: &str, value: &str) -> Vec<String> {
    let mut found = mask::credentials(value);
    if name == HEADERS {
        found.extend(header_secrets(value).map(str::to_owned));
    } else if is_secret_name(name) && !is_limit(name, value) {
        found.push(value.trim().to_owned());
    }
    found.retain(|text| text.len() >= MIN_LENGTH && !is_trivial(text));
    let certain = value.trim();
    if CREDENTIALS.contains(&name) && certain.len() >= MIN_CREDENTIAL && !is_trivial(certain) {
        found.push(certain.to_owned());
    }
    found
}

fn header_secrets(headers: &str) -> impl Iterator<Item = &str> {
    let pairs = headers.lines().filter_map(|line| line.split_once(':'));
    let secret = pairs.filter(|(name, _)| is_secret_name(name) || name.to_lowercase().contains("auth"));
    // A scheme such as `Bearer` is no secret; what follows it is.
    secret
        .map(|(_, value)| value.trim())
        .map(|value| value.rsplit(' ').next().unwrap_or(value))
        .filter(|v| !v.is_empty())
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase();
    ["TOKEN", "KEY", "SECRET", "PASSWORD", "PASSPHRASE", "COOKIE"].iter().any(|part| name.contains(part))
}

/// A number in a variable such as `CLAUDE_CODE_MAX_CONTEXT_TOKENS`, whose name only looks like a credential's.
fn is_limit(name: &str, value: &str) -> bool {
    let may_be_digits = ["SECRET", "PASSWORD"].iter().any(|part| name.to_uppercase().contains(part));
    !may_be_digits && value.trim().parse::<f64>().is_ok()
}

fn is_trivial(value: &str) -> bool {
    TRIVIAL.contains(&value.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)]) -> Vec<String> {
        values(&vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_longest_comes_first_and_each_once() {
        let found = of(&[
            ("ANTHROPIC_AUTH_TOKEN", "sk-1234567"),
            ("ANTHROPIC_API_KEY", "sk-1234567"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG"),
            ("MY_PASSWORD", "20481024"),
        ]);
        assert_eq!(found, ["wJalrXUtnFEMI/K7MDENG", "sk-1234567", "20481024"]);
    }

    #[test]
    fn limits_switches_and_models_are_no_secrets() {
        let found = of(&[
            ("CLAUDE_CODE_MAX_CONTEXT_TOKENS", "262144"),
            ("USE_TOKEN_CACHE", "true"),
            ("ANTHROPIC_MODEL", "kimi-k2.7-code"),
            ("ANTHROPIC_BASE_URL", "https://api.example/anthropic"),
            ("ANTHROPIC_API_KEY", ""),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn short_and_well_known_values_are_secrets_only_where_certain() {
        assert!(of(&[("ANTHROPIC_AUTH_TOKEN", "dummy")]).is_empty());
        assert!(of(&[("ANTHROPIC_AUTH_TOKEN", "x")]).is_empty());
        assert!(of(&[("SOME_KEY", "abcd")]).is_empty());
        assert_eq!(of(&[("ANTHROPIC_AUTH_TOKEN", "abcd")]), ["abcd"]);
        assert_eq!(of(&[("ANTHROPIC_API_KEY", "123456789")]), ["123456789"]);
    }

    #[test]
    fn addresses_and_headers_give_up_theirs() {
        let found = of(&[
            ("HTTPS_PROXY", "http://joe:s3cretpw@proxy:8080"),
            (
                "ANTHROPIC_CUSTOM_HEADERS",
                "X-Team: blue-team\nAuthorization: Bearer abc.def.ghi\nX-Api-Key: k-98765",
            ),
        ]);
        assert_eq!(found, ["joe:s3cretpw", "abc.def.ghi", "s3cretpw", "k-98765"]);
    }

    #[test]
    fn shown_texts_lose_them() {
        assert_eq!(scrub("HTTP 401 for sk-1234567!", &["sk-1234567".into()]), "HTTP 401 for ***!");
    }
}
