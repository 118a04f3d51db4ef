//! Default secret-rules plugin: the token formats that issuers publish, and a judgement on what was found.
//!
//! `table` holds the rules by topic, `sample` makes their test texts, `classify` judges findings.
#![forbid(unsafe_code)]

mod classify;
mod documented;
mod row;
mod sample;
mod shape;
mod table;

use cc_policy_sdk::secret_scanner::{Classification, Failure, Finding, Guest, Rule};

/// The plugin. Public, so that the host's own tests and benchmarks can use the rules without WebAssembly.
pub struct SecretRules;

impl Guest for SecretRules {
    fn rules() -> Result<Vec<Rule>, Failure> {
        Ok(table::all().map(row::Row::rule).collect())
    }

    fn classify(findings: Vec<Finding>) -> Result<Vec<Classification>, Failure> {
        Ok(findings.iter().map(classify::classify).collect())
    }
}

cc_policy_sdk::export_secret_scanner!(SecretRules);
