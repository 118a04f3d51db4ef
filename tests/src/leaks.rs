//! Looking for a secret, byte by byte, in every form it could have taken.

use std::{
    fs,
    path::{Path, PathBuf},
};

use aho_corasick::AhoCorasick;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// A secret to look for.
pub struct Leaks {
    forms: Vec<(&'static str, Vec<u8>)>,
    search: AhoCorasick,
}

impl Leaks {
    /// Looks for a secret as it is, JSON-escaped, percent-encoded, and in base64 wherever in a text it begins.
    ///
    /// # Panics
    /// When the secret is too short to be told from chance.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        assert!(secret.len() >= 16, "a secret of {} bytes could be found by chance", secret.len());
        let mut forms = vec![
            ("plain", secret.as_bytes().to_vec()),
            ("JSON-escaped", json_escaped(secret).into_bytes()),
            ("percent-encoded", percent_encoded(secret).into_bytes()),
        ];
        forms.extend((0..3).map(|offset| ("base64", base64_inside(secret, offset).into_bytes())));
        let search = AhoCorasick::new(forms.iter().map(|(_, bytes)| bytes)).expect("a few patterns");
        Self { forms, search }
    }

    /// How the secret stands in these bytes, if it does.
    #[must_use]
    pub fn in_bytes(&self, bytes: &[u8]) -> Option<&'static str> {
        self.search.find(bytes).map(|found| self.forms[found.pattern().as_usize()].0)
    }

    /// Every file under some folders that has the secret, in its content or its name.
    ///
    /// # Panics
    /// Never for files that vanish meanwhile; when a folder is not there.
    #[must_use]
    pub fn under(&self, folders: &[&Path]) -> Vec<(PathBuf, &'static str)> {
        let mut found = Vec::new();
        let mut left: Vec<PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
        while let Some(path) = left.pop() {
            let named = self.in_bytes(path.as_os_str().as_encoded_bytes());
            if path.is_dir() && !path.is_symlink() {
                left.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
            }
            let inside = fs::read(&path).ok().and_then(|bytes| self.in_bytes(&bytes));
            found.extend(named.or(inside).map(|form| (path, form)));
        }
        found
    }
}

fn json_escaped(text: &str) -> String {
    serde_json::Value::from(text).to_string().trim_matches('"').to_owned()
}

/// All but letters, digits and `-._~` as `%XX`.
fn percent_encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// The characters of base64 that depend on the secret alone, when `offset` bytes come before it.
fn base64_inside(secret: &str, offset: usize) -> String {
    let padded: Vec<u8> = [0].repeat(offset).into_iter().chain(secret.bytes()).collect();
    let whole = STANDARD_NO_PAD.encode(&padded);
    let first = (offset * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    whole[first..last].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "sk-planted/\"7Gq+w\\Zr=END";

    #[test]
    fn every_form_is_found() {
        let leaks = Leaks::of(SECRET);
        assert_eq!(leaks.in_bytes(format!("key={SECRET};").as_bytes()), Some("plain"));
        assert_eq!(
            leaks.in_bytes(serde_json::json!({ "k": SECRET }).to_string().as_bytes()),
            Some("JSON-escaped")
        );
        assert_eq!(leaks.in_bytes(b"?k=sk-planted%2F%227Gq%2Bw%5CZr%3DEND"), Some("percent-encoded"));
        for before in ["", "a", "ab", "abc", "user:"] {
            let text = STANDARD_NO_PAD.encode(format!("{before}{SECRET} and more"));
            assert_eq!(leaks.in_bytes(text.as_bytes()), Some("base64"), "{before}");
        }
        assert_eq!(leaks.in_bytes(b"sk-planted/ nothing of the rest"), None);
    }

    #[test]
    fn files_and_names_are_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/log"), format!("x{SECRET}x")).unwrap();
        fs::write(folder.path().join("clean"), "nothing").unwrap();
        let found = Leaks::of(SECRET).under(&[folder.path()]);
        assert_eq!(found, [(folder.path().join("deep/log"), "plain")]);
    }
}
