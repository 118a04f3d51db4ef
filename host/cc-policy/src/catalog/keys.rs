//! `keys.toml`: the public keys whose signatures count, each under a name that the user gave it.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use minisign_verify::{Error as Minisign, PublicKey, Signature};
use serde::{Deserialize, Serialize};

use super::{lock, tables::Array};
use crate::{
    PolicyError, files,
    id::PluginId,
    manifest::{MANIFEST, MAX_MANIFEST, SIGNATURE},
    toml_text,
};

/// The file's name in the home.
pub const KEYS: &str = "keys.toml";

/// Longest signature that is read, in bytes; minisign's are about 300.
pub(super) const MAX_SIGNATURE: u64 = 4 << 10;
const HINT: &str = "Correct it, or take an older one from the backups folder";
const ARRAY: Array = Array {
    name: "key",
    key: "name",
    hint: HINT,
    head: "# The keys whose signatures you trust. Written by `cc-orchestrator plugin key`.\n",
};

/// What the user calls a key: a word of a-z, 0-9, '-', '_' and '.'.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(String);

impl FromStr for KeyName {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let inside = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        if !text.is_empty() && text.len() <= 64 && text.bytes().all(inside) {
            return Ok(Self(text.into()));
        }
        let shown: String = text.chars().take(80).collect();
        Err(PolicyError::Refused(format!(
            "'{shown}' is no name for a key: use up to 64 of a-z, 0-9, '-', '_' and '.', such as 'acme'"
        )))
    }
}

impl TryFrom<String> for KeyName {
    type Error = PolicyError;

    fn try_from(text: String) -> Result<Self, PolicyError> {
        text.parse()
    }
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key that the user pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedKey {
    /// What the user calls it.
    pub name: KeyName,
    /// A minisign public key: 56 characters of base64.
    pub public_key: String,
    /// RFC 3339, UTC.
    pub added_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    #[serde(default)]
    format: u32,
    #[serde(default)]
    key: Vec<PinnedKey>,
}

/// What removing a key came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemovedKey {
    /// The key.
    pub key: PinnedKey,
    /// The plugins it signed; they load no more.
    pub signed: Vec<PluginId>,
    /// The key file as it was before.
    pub backup: Option<PathBuf>,
}

/// Whose signature a text has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// This key's, and the text is what was signed.
    By(KeyName),
    /// None of the keys asked made it.
    Stranger,
    /// It names this key, and the text is not what was signed.
    Broken(KeyName),
    /// There is no signature, or none that can be read.
    Not,
}

/// Where a home keeps its keys.
pub(super) fn path(home: &Path) -> PathBuf {
    home.join(KEYS)
}

/// The keys that the user pinned.
///
/// # Errors
/// The key file cannot be read or is wrong: the line, and what to do.
pub fn keys(home: &Path) -> Result<Vec<PinnedKey>, PolicyError> {
    let path = path(home);
    let text = files::read_text(&path)?.unwrap_or_default();
    let file: KeyFile = toml_text::parse(&toml_text::shown(&path), &text, HINT)?;
    toml_text::check_format(&toml_text::shown(&path), &text, file.format, 1)?;
    Ok(file.key)
}

/// Pins a key: `text` is a minisign public key, or the content of its `.pub` file.
///
/// # Errors
/// It is no such key, the name or the key is taken, or a file operation fails.
pub fn add_key(home: &Path, name: KeyName, text: &str) -> Result<PinnedKey, PolicyError> {
    let public_key = public_key(text)?;
    let _guard = files::guard(home)?;
    let known = keys(home)?;
    if let Some(taken) = known.iter().find(|key| key.name == name || key.public_key == public_key) {
        return Err(PolicyError::Refused(format!(
            "the key '{}' is pinned as {}: remove it first to pin another under its name, or itself under another",
            taken.name, taken.public_key
        )));
    }
    let key = PinnedKey { name, public_key, added_at: jiff::Timestamp::now().to_string() };
    change(home, |document| ARRAY.put(document, &key.name.0, &key))?;
    Ok(key)
}

/// Takes a key out. The plugins that it signed load no more.
///
/// # Errors
/// There is no such key (the error lists those there are), or a file operation fails.
pub fn remove_key(home: &Path, name: &KeyName) -> Result<RemovedKey, PolicyError> {
    let _guard = files::guard(home)?;
    let known = keys(home)?;
    let key = named(&known, name)?.clone();
    let locked = lock::read(home)?.into_iter();
    let signed = locked.filter(|plugin| plugin.signed_by.as_ref() == Some(name)).map(|plugin| plugin.id);
    let signed = signed.collect();
    let backup = change(home, |document| {
        ARRAY.take(document, &name.0);
        Ok(())
    })?;
    Ok(RemovedKey { key, signed, backup })
}

pub(super) fn named<'a>(known: &'a [PinnedKey], name: &KeyName) -> Result<&'a PinnedKey, PolicyError> {
    known.iter().find(|key| key.name == *name).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|key| key.name.0.as_str()).collect();
        PolicyError::Refused(format!("no key '{name}' is pinned; those pinned are: {}", names.join(", ")))
    })
}

/// The line of a `.pub` file that is the key.
fn public_key(text: &str) -> Result<String, PolicyError> {
    let key = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    match PublicKey::from_base64(key) {
        Ok(_) => Ok(key.to_owned()),
        Err(_) => Err(PolicyError::Refused(
            "that is no minisign public key: pass the line that begins with 'RW', or the .pub file".into(),
        )),
    }
}

fn change(
    home: &Path,
    edit: impl FnOnce(&mut toml_edit::DocumentMut) -> Result<(), PolicyError>,
) -> Result<Option<PathBuf>, PolicyError> {
    let path = path(home);
    let mut document = ARRAY.open(&path)?;
    edit(&mut document)?;
    let backup = files::back_up(home, &path)?;
    files::write(&path, document.to_string().as_bytes())?;
    Ok(backup)
}

/// Whose signature a package's folder has.
pub(super) fn signed_folder(folder: &Path, known: &[PinnedKey]) -> Result<Signed, PolicyError> {
    let manifest = files::read(&folder.join(MANIFEST), MAX_MANIFEST)?.unwrap_or_default();
    let signature = files::read(&folder.join(SIGNATURE), MAX_SIGNATURE)?;
    Ok(signed(&manifest, signature.as_deref(), known))
}

/// Whose signature it is. Only signatures of today's minisign count, not its older form.
pub(super) fn signed(manifest: &[u8], signature: Option<&[u8]>, known: &[PinnedKey]) -> Signed {
    let text = signature.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let Some(signature) = text.and_then(|text| Signature::decode(text).ok()) else { return Signed::Not };
    for key in known {
        let Ok(public_key) = PublicKey::from_base64(&key.public_key) else { continue };
        match public_key.verify(manifest, &signature, false) {
            Ok(()) => return Signed::By(key.name.clone()),
            Err(Minisign::UnexpectedKeyId) => {}
            Err(_) => return Signed::Broken(key.name.clone()),
        }
    }
    Signed::Stranger
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use minisign::KeyPair;
    use proptest::prelude::*;

    use super::*;

    fn pair() -> (KeyPair, PinnedKey) {
        let pair = KeyPair::generate_unencrypted_keypair().expect("a key");
        let public_key = pair.pk.to_base64();
        (pair, PinnedKey { name: "acme".parse().expect("a name"), public_key, added_at: String::new() })
    }

    fn sign(pair: &KeyPair, bytes: &[u8]) -> Vec<u8> {
        let signature = minisign::sign(None, &pair.sk, Cursor::new(bytes), None, None).expect("a signature");
        signature.to_string().into_bytes()
    }

    #[test]
    fn a_signature_is_its_keys_and_its_bytes_alone() {
        let (pair, key) = pair();
        let (other_pair, other) = self::pair();
        let other = PinnedKey { name: "other".parse().expect("a name"), ..other };
        let signature = sign(&pair, b"text");
        let by = |bytes: &[u8], known: &[PinnedKey]| signed(bytes, Some(&signature), known);
        assert_eq!(by(b"text", &[other.clone(), key.clone()]), Signed::By(key.name.clone()));
        let only = std::slice::from_ref(&key);
        assert_eq!(by(b"Text", only), Signed::Broken(key.name.clone()));
        assert_eq!(by(b"text", &[other]), Signed::Stranger);
        assert_eq!(by(b"text", &[]), Signed::Stranger);
        assert_eq!(signed(b"text", Some(b"no signature"), only), Signed::Not);
        assert_eq!(signed(b"text", None, only), Signed::Not);
        assert_eq!(signed(b"text", Some(&sign(&other_pair, b"text")), only), Signed::Stranger);
    }

    #[test]
    fn keys_are_pinned_once_under_one_name_and_taken_out_again() {
        let home = tempfile::tempdir().expect("a home");
        let home = home.path();
        let (pair, key) = pair();
        let file = pair.pk.to_box().expect("a box").to_string();
        let added = add_key(home, key.name.clone(), &file).expect("pinned");
        assert_eq!(added.public_key, key.public_key, "of a .pub file's two lines, the key");
        let again = add_key(home, "other".parse().expect("a name"), &key.public_key).expect_err("known");
        assert!(again.to_string().contains("'acme' is pinned"), "{again}");
        assert!(add_key(home, "x".parse().expect("a name"), "RWnonsense").is_err());
        let unknown = remove_key(home, &"other".parse().expect("a name")).expect_err("unknown").to_string();
        assert!(unknown.contains("acme"), "{unknown}");
        remove_key(home, &key.name).expect("removed");
        assert_eq!(keys(home).expect("readable"), []);
    }

    proptest! {
        #[test]
        fn no_changed_byte_passes(at in 0usize..40, bit in 0u8..8) {
            let (pair, key) = pair();
            let mut text = *b"id = \"acme.router\"\nversion = \"1.0.0\"\n....";
            let signature = sign(&pair, &text);
            text[at] ^= 1 << bit;
            prop_assert_eq!(signed(&text, Some(&signature), std::slice::from_ref(&key)), Signed::Broken(key.name));
        }

        #[test]
        fn no_text_makes_reading_a_signature_panic(text in "\\PC{0,80}(\n\\PC{0,80}){0,4}") {
            let (_, key) = pair();
            prop_assert_eq!(signed(b"", Some(text.as_bytes()), &[key]), Signed::Not);
        }
    }
}
