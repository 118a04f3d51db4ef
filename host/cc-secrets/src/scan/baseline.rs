//! Findings that are known and accepted. Keyed by rule, fingerprint and path: moving a secret's line or rebasing its
//! commit changes nothing, and a new secret on the same line is new.

use std::{collections::BTreeSet, fs, io::Write as _, path::Path};

use serde::{Deserialize, Serialize};

use super::{finding::Finding, fingerprint::Fingerprint};

/// The form of the file.
const VERSION: u32 = 1;
/// Bytes of a file at most.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A set of accepted findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeSet<Known>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Known {
    path: Option<String>,
    rule: String,
    fingerprint: Fingerprint,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    findings: Vec<Known>,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read or written.
    #[error("the baseline {path} cannot be {what}: {source}; check the path and its permissions")]
    Io {
        /// `read` or `written`.
        what: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no baseline.
    #[error("this is no baseline of secret findings: {0}; write a new one")]
    Form(#[from] serde_json::Error),
    /// A later version wrote it.
    #[error("the baseline has version {0}, this program knows {VERSION}; upgrade it or write a new baseline")]
    Version(u32),
}

impl Baseline {
    /// Accepts these findings.
    #[must_use]
    pub fn new(findings: &[Finding]) -> Self {
        Self { known: findings.iter().map(known).collect() }
    }

    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// When it is none, or a later version's.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let file: File = serde_json::from_str(text)?;
        if file.version > VERSION {
            return Err(BaselineError::Version(file.version));
        }
        Ok(Self { known: file.findings.into_iter().collect() })
    }

    /// The baseline as a text, the same one for the same findings.
    ///
    /// # Errors
    /// Never in practice: everything in it can be written as JSON.
    pub fn to_json(&self) -> Result<String, BaselineError> {
        let file = File { version: VERSION, findings: self.known.iter().cloned().collect() };
        Ok(serde_json::to_string_pretty(&file)? + "\n")
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`Baseline::parse`], and when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let read = || {
            let mut text = String::new();
            let file = fs::File::open(path)?;
            std::io::Read::read_to_string(&mut std::io::Read::take(file, MAX_BYTES), &mut text)?;
            Ok(text)
        };
        Self::parse(&read().map_err(|source| failed("read", path, source))?)
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        let text = self.to_json()?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path).map(drop).map_err(|e| e.error)
        };
        write().map_err(|source| failed("written", path, source))
    }

    /// Whether a finding is accepted.
    #[must_use]
    pub fn accepts(&self, finding: &Finding) -> bool {
        self.known.contains(&known(finding))
    }

    /// The findings that are not accepted, and how many are.
    #[must_use]
    pub fn filter(&self, findings: Vec<Finding>) -> (Vec<Finding>, usize) {
        let all = findings.len();
        let new: Vec<_> = findings.into_iter().filter(|finding| !self.accepts(finding)).collect();
        let accepted = all - new.len();
        (new, accepted)
    }
}

fn known(finding: &Finding) -> Known {
    let Finding { path, rule, fingerprint, .. } = finding.clone();
    Known { path, rule, fingerprint }
}

fn failed(what: &'static str, path: &Path, source: std::io::Error) -> BaselineError {
    BaselineError::Io { what, path: path.display().to_string(), source }
}
