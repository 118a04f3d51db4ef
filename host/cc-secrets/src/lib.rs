//! Native secret engine: finds what the rules of the secret-scanner plugins describe, redacts it or says where it is.
//!
//! The way of a text: one keyword pass over it says which rules are worth running where (`prefilter`), each such
//! rule runs at its keyword when the pattern tells where in a match that stands (`near`), else in a window round it
//! (`engine`, `rule`). To redact, this is done with the text as it is and with each layer of it with its escapes
//! undone (`views`); what is found and accepted is replaced (`redactor`), and a run's own keys are looked for beside
//! the rules (`known`). To scan files and diffs, see `scan`; rule files of users are read by `gitleaks`.
#![forbid(unsafe_code)]

mod checksum;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
mod engine;
mod entropy;
mod error;
pub mod gitleaks;
mod json;
mod known;
mod limits;
mod near;
mod prefilter;
mod redactor;
mod rule;
mod scan;
mod validate;
mod views;

pub use checksum::checksum;
pub use entropy::entropy;
pub use error::RuleError;
pub use redactor::Redactor;
pub use scan::{
    Baseline, BaselineError, Candidate, FileOptions, FilesScan, Finding, Fingerprint, JudgeError, Judged,
    Place, Salt, ScanReport, Scanner, judge,
};
pub use validate::validate;
