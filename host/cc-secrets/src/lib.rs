//! Native secret engine: finds what the rules of the secret-scanner plugins describe, and redacts it.
//!
//! The way of a text: one keyword pass over it says which rules are worth running where
//! (`prefilter`), each such rule runs in a window round its keyword (`engine`, `rule`), once on the
//! text as it is and once on each layer of it with its escapes undone (`views`). What is found and
//! accepted is replaced (`redactor`). A run's own keys are looked for beside the rules (`known`).
#![forbid(unsafe_code)]

mod checksum;
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
