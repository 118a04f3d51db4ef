//! Paths inside a project, as git has them: bytes, `/` between the parts.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::os;

/// A path relative to a project's root; empty for the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RelPath(Vec<u8>);

impl RelPath {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn child(&self, name: &[u8]) -> Self {
        let mut path = Vec::with_capacity(self.0.len() + 1 + name.len());
        path.extend_from_slice(&self.0);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Self(path)
    }

    /// The folder it is in; none for the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = self.0.iter().rposition(|b| *b == b'/').unwrap_or(0);
        Some(Self(self.0[..end].to_vec()))
    }

    /// Every folder it is in but the root, the nearest first.
    pub(crate) fn parents(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), Self::parent).filter(|path| !path.is_root())
    }

    /// Whether it is `folder` or in it.
    pub(crate) fn is_in(&self, folder: &Self) -> bool {
        let rest = self.0.strip_prefix(folder.bytes());
        folder.is_root() || rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }

    /// Where it is on this machine.
    pub(crate) fn under(&self, root: &Path) -> PathBuf {
        if self.is_root() { root.to_owned() } else { root.join(os::path_of(&self.0)) }
    }

    /// In double quotes, with everything escaped that is not plain ASCII: git's C style.
    pub(crate) fn quoted(&self) -> String {
        let mut text = String::from("\"");
        for byte in &self.0 {
            match byte {
                b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
                0x20..=0x7e => text.push(char::from(*byte)),
                _ => text.push_str(&format!("\\{byte:03o}")),
            }
        }
        text.push('"');
        text
    }

    /// Reads what `Display` wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Some(inner) = text.strip_prefix('"') else { return Some(Self(text.as_bytes().to_vec())) };
        let mut rest = inner.strip_suffix('"')?.as_bytes();
        let mut bytes = Vec::new();
        while let Some((first, after)) = rest.split_first() {
            let (byte, after) = match (first, after) {
                (b'\\', [escaped @ (b'"' | b'\\'), after @ ..]) => (*escaped, after),
                (b'\\', [a, b, c, after @ ..]) => (octal([*a, *b, *c])?, after),
                _ => (*first, after),
            };
            bytes.push(byte);
            rest = after;
        }
        Some(Self(bytes))
    }
}

fn octal(digits: [u8; 3]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}

/// As it is where that is plain text, else quoted: nothing is lost either way.
impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.starts_with('"') && !text.contains(char::is_control) => f.write_str(text),
            _ => f.write_str(&self.quoted()),
        }
    }
}

impl From<&str> for RelPath {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RelPath {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("'{text}' is not a quoted path")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_path_survives_being_shown(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..24)) {
            let path = RelPath::new(bytes);
            proptest::prop_assert_eq!(RelPath::parse(&path.to_string()), Some(path.clone()));
            proptest::prop_assert_eq!(RelPath::parse(&path.quoted()), Some(path));
        }
    }

    #[test]
    fn a_path_knows_its_folders() {
        let path = RelPath::from("a/b/c");
        assert_eq!(path.parents().map(|p| p.to_string()).collect::<Vec<_>>(), ["a/b", "a"]);
        assert!(path.is_in(&"a/b".into()) && path.is_in(&path) && path.is_in(&RelPath::default()));
        assert!(!path.is_in(&"a/bc".into()) && !RelPath::from("a/bc").is_in(&"a/b".into()));
    }
}
