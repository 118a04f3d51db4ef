//! The name that a value was given to.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Bytes before a value in which its name is looked for.
const REACH: usize = 200;

/// A name, then what stands between a name and its value: quotes, a type, an operator, an authorization scheme.
static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?-u)(?:\A|[^\w/])-{0,2}([A-Za-z_][\w.\-]{0,80})[\x22'`\\\])]{0,6}"#,
        r"(?:[ \t]{0,8}:[ \t]{0,2}&?[A-Za-z][\w<>]{0,20}[ \t]{0,2}=|[ \t]{1,2}[A-Za-z]{1,12}[ \t]{1,2}=",
        r"|[ \t]{0,8}(?::{1,3}=|[?.+|]=|=>|={1,3}|:|,|>)|[ \t]{1,3})",
        r#"[ \t]{0,8}[\x22'`\\\[({]{0,8}(?:(?i:bearer|basic|token|apikey|key|bot|digest)[ \t]{1,4})?\z"#
    ))
    .ok()
});

/// The name before a value, on the value's own line.
pub(crate) fn name_before(text: &[u8], value: usize) -> Option<String> {
    let before = &text[value.saturating_sub(REACH)..value];
    let line = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let groups = BEFORE.as_ref()?.captures(&before[line..])?;
    Some(String::from_utf8_lossy(groups.get(1)?.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_found_in_any_notation() {
        for (text, name) in [
            ("const api_key = \"", Some("api_key")),
            ("{\"authToken\": \"", Some("authToken")),
            (r#"{\"a\": 1, \"authToken\": \""#, Some("authToken")),
            ("let secret: &str = \"", Some("secret")),
            ("  db.password: '", Some("db.password")),
            ("config['client-secret'] = '", Some("client-secret")),
            ("setenv(\"TOKEN\", \"", Some("TOKEN")),
            ("tool --api-key ", Some("api-key")),
            ("tool --api-key=", Some("api-key")),
            ("Authorization: Bearer ", Some("Authorization")),
            ("<password>", Some("password")),
            ("var apiToken string = \"", Some("apiToken")),
            ("API_TOKEN ?= \"", Some("API_TOKEN")),
            ("SECRETS: [\"", Some("SECRETS")),
            ("key = 1\n", None),
            ("", None),
            ("postgres://user:", None),
        ] {
            assert_eq!(name_before(text.as_bytes(), text.len()).as_deref(), name, "{text}");
        }
    }
}
