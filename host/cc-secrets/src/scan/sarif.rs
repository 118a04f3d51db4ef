//! Findings as SARIF 2.1.0, which code hosts show beside the code.

use std::collections::BTreeMap;

use cc_domain::{SecretClass, SecretRule};
use serde_json::{Value, json};

use super::{finding::Finding, report::ScanReport};

impl ScanReport {
    /// The report in SARIF; `rules` say what their finds are.
    #[must_use]
    pub fn sarif(&self, rules: &[SecretRule]) -> Value {
        let described: BTreeMap<&str, &str> =
            rules.iter().map(|rule| (rule.id.as_str(), rule.description.as_str())).collect();
        let mut used: Vec<&str> = self.findings.iter().map(|finding| finding.rule.as_str()).collect();
        used.sort_unstable();
        used.dedup();
        let rule = |id: &&str| {
            json!({
                "id": id,
                "shortDescription": { "text": described.get(id).unwrap_or(id) },
            })
        };
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "cc-orchestrator",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": used.iter().map(rule).collect::<Vec<_>>(),
                } },
                "columnKind": "unicodeCodePoints",
                "results": self.findings.iter().map(result).collect::<Vec<_>>(),
            }],
        })
    }
}

fn result(finding: &Finding) -> Value {
    let level = match finding.class {
        SecretClass::Real => "error",
        SecretClass::Unknown => "warning",
        SecretClass::Placeholder | SecretClass::Identifier | SecretClass::ConfigKey => "note",
    };
    let region = json!({
        "startLine": finding.line, "startColumn": finding.column,
        "endLine": finding.end_line, "endColumn": finding.end_column,
    });
    let mut location = json!({ "region": region });
    if let Some(path) = &finding.path {
        location["artifactLocation"] = json!({ "uri": uri(path) });
    }
    json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": format!("{}: {}", finding.class.as_str(), finding.reason) },
        "locations": [{ "physicalLocation": location }],
        "partialFingerprints": { "ccSecrets/v1": finding.fingerprint.as_str() },
        "properties": { "class": finding.class.as_str(), "confidence": finding.confidence },
    })
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.replace('\\', "/").bytes().map(encode).collect()
}
