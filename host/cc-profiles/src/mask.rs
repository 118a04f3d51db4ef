//! Credentials inside addresses.

use percent_encoding::percent_decode_str;

const MASK: &str = "***";

/// The address without user, password and secret-looking parameters; for people and plugins.
pub(crate) fn masked(url: &str) -> String {
    let mut shown = url.to_owned();
    // From the end, so that earlier positions stay true.
    for (start, end) in secret_spans(url).into_iter().rev() {
        shown.replace_range(start..end, MASK);
    }
    shown
}

/// The credentials in an address, as written and decoded. A value that is no address has none: model names may
/// contain an `@`.
pub(crate) fn credentials(url: &str) -> Vec<String> {
    let spans = if url.contains("://") { secret_spans(url) } else { Vec::new() };
    let written = spans.into_iter().flat_map(|(start, end)| secret_parts(&url[start..end]));
    written
        .flat_map(|text| [text.to_owned(), percent_decode_str(text).decode_utf8_lossy().into_owned()])
        .collect()
}

/// Of `user:password` the whole and the password; a user without a password is a token.
fn secret_parts(span: &str) -> Vec<&str> {
    match span.split_once(':') {
        Some((token, "")) => vec![token],
        Some((_, password)) => vec![span, password],
        None => vec![span],
    }
}

/// Byte ranges, in order, none overlapping.
fn secret_spans(url: &str) -> Vec<(usize, usize)> {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let path = url[authority..].find(['/', '?', '#', '\\']).map_or(url.len(), |at| authority + at);
    let user = url[authority..path].rfind('@').filter(|length| *length > 0);
    let mut spans: Vec<_> = user.map(|length| (authority, authority + length)).into_iter().collect();
    let mut start = path;
    for piece in url[path..].split_inclusive(['/', '?', '#', '&', ';']) {
        let text = piece.trim_end_matches(['/', '?', '#', '&', ';']);
        if let Some((name, value)) = text.split_once('=')
            && is_secret_parameter(name)
            && !value.is_empty()
        {
            spans.push((start + name.len() + 1, start + text.len()));
        }
        start += piece.len();
    }
    spans
}

fn is_secret_parameter(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy().to_lowercase();
    let parts = ["key", "token", "secret", "pass", "pwd", "auth", "credential", "sig", "session", "code"];
    parts.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_secret_parameters_are_masked() {
        for (url, shown) in [
            ("https://u:pw@host/a", "https://***@host/a"),
            ("https://tok@host", "https://***@host"),
            ("u:pw@host", "***@host"),
            ("https://h/p?api_key=abc&x=1&Token=t#sig=s", "https://h/p?api_key=***&x=1&Token=***#sig=***"),
            ("https://h/key=abc/next", "https://h/key=***/next"),
            ("https://h/p?%6Bey=abc", "https://h/p?%6Bey=***"),
            ("https://h/a@b?x=1", "https://h/a@b?x=1"),
            ("https://a@b@h/", "https://***@h/"),
            ("https://h?key=a/b", "https://h?key=***/b"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }

    #[test]
    fn addresses_without_secrets_stay() {
        for url in [
            "https://open.bigmodel.cn/api/anthropic",
            "http://127.0.0.1:3456",
            "",
            "not a url",
            "https://h/?a=&key=",
        ] {
            assert_eq!(masked(url), url);
            assert!(credentials(url).is_empty());
        }
    }

    #[test]
    fn credentials_come_as_written_and_decoded() {
        let found = credentials("https://user:p%40ss@host/?token=t%2Fk");
        for secret in ["user:p%40ss", "p%40ss", "p@ss", "t%2Fk", "t/k"] {
            assert!(found.iter().any(|text| text == secret), "{secret}");
        }
        assert!(!found.iter().any(|text| text == "user"));
        assert!(credentials("https://tok:@host").contains(&"tok".to_owned()));
        assert!(credentials("claude-opus-4@20250514").is_empty());
    }
}
