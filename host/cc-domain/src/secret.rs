//! Secret rules and findings, as plugins give and judge them.

use serde::{Deserialize, Serialize};

use crate::{Attributes, Confidence};

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecretRule {
    /// Such as `github-pat`.
    pub id: String,
    /// What it finds.
    pub description: String,
    /// Rust `regex` syntax, matched on bytes.
    pub regex: String,
    /// Lower-case literals, at least one.
    pub keywords: Vec<String>,
    /// Capture group that holds the secret; 0 is the whole match.
    pub secret_group: u32,
    /// Bits a byte at least; 0 asks for nothing.
    pub min_entropy: f64,
    /// Only files whose path matches.
    pub path: Option<String>,
    /// How sure a match is.
    pub confidence: Confidence,
    /// Other rules that must match nearby.
    pub components: Vec<RequiredRule>,
    /// What is no finding after all.
    pub allow: Vec<Allow>,
    /// Name of a checksum the host knows.
    pub checksum: Option<String>,
    /// Not reported itself.
    pub skip_report: bool,
    /// Where the pattern's facts come from.
    pub source: String,
    /// Texts in which it must find a secret.
    pub positives: Vec<String>,
    /// Texts in which it must not.
    pub negatives: Vec<String>,
}

/// Another rule that must match within so many lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredRule {
    /// The other rule.
    pub rule_id: String,
    /// Lines before or after.
    pub within_lines: u32,
}

/// What an allowance looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AllowTarget {
    Secret,
    Match,
    Line,
}

/// What is no finding after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allow {
    /// What the regexes look at.
    pub target: AllowTarget,
    /// Any of these.
    pub regexes: Vec<String>,
    /// Lower-case words inside the secret.
    pub stopwords: Vec<String>,
    /// Path patterns.
    pub paths: Vec<String>,
    /// Every kind that is given must match: target, stopwords and path. Otherwise one is enough.
    #[serde(default)]
    pub all: bool,
}

/// What the host found out about a token's checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Checksum {
    Absent,
    Valid,
    Invalid,
}

/// A match, for classification. Lives in memory only: it holds the secret. Serialized for nobody but the process that
/// judges it, through a pipe.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SecretFinding {
    /// The rule.
    pub rule_id: String,
    /// The secret itself.
    pub secret: String,
    /// The name it was given to.
    pub key: Option<String>,
    /// Where it was found.
    pub path: Option<String>,
    /// Up to 64 bytes before.
    pub before: String,
    /// Up to 64 bytes after.
    pub after: String,
    /// Bits a byte.
    pub entropy: f64,
    /// The checksum, where its kind has one.
    pub checksum: Checksum,
    /// Layers of escaping.
    pub depth: u32,
    /// Further facts.
    pub attributes: Attributes,
}

// Not derived: a finding in a log or a panic message must not show its secret.
impl std::fmt::Debug for SecretFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretFinding")
            .field("rule_id", &self.rule_id)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum SecretClass {
    Real,
    Placeholder,
    Identifier,
    ConfigKey,
    Unknown,
}

impl SecretClass {
    /// As JSON writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Placeholder => "placeholder",
            Self::Identifier => "identifier",
            Self::ConfigKey => "config_key",
            Self::Unknown => "unknown",
        }
    }
}

/// What a finding is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// The class.
    pub class: SecretClass,
    /// Why, in a sentence.
    pub reason: String,
}
