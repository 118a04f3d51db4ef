//! Comments that allow the secret on their line.

/// The words of such a comment; the first is what people who come from gitleaks have already.
const WORDS: [&[u8]; 2] = [b"gitleaks:allow", b"cc-secrets:allow"];

/// Whether a line says that its secret may be there.
pub(crate) fn by_comment(line: &[u8]) -> bool {
    WORDS.iter().any(|word| memchr::memmem::find(line, word).is_some())
}
