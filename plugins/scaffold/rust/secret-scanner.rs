//! A secret scanner: the tokens of one service.

use cc_policy_sdk::secret_scanner::{
    Class, Classification, Confidence, Failure, Finding, Guest, Rule,
};

struct Plugin;

impl Guest for Plugin {
    fn rules() -> Result<Vec<Rule>, Failure> {
        Ok(vec![Rule {
            id: "acme-token".into(),
            description: "A token of Acme".into(),
            regex: "acme_[a-z0-9]{20}".into(),
            // The host looks for the rule only where one of these stands.
            keywords: vec!["acme_".into()],
            secret_group: 0,
            min_entropy: 2.5,
            path: None,
            confidence: Confidence::High,
            components: vec![],
            allow: vec![],
            checksum: None,
            skip_report: false,
            source: "Acme's documentation".into(),
            // The host refuses a rule that fails these. Put together, so that no scanner finds them here.
            positives: vec![["acme_", "4f7k2p9q8r1s6t3v5w0x"].concat()],
            negatives: vec!["acme_short".into()],
        }])
    }

    fn classify(findings: Vec<Finding>) -> Result<Vec<Classification>, Failure> {
        Ok(findings.iter().map(classify).collect())
    }
}

fn classify(finding: &Finding) -> Classification {
    if finding.secret.contains("example") {
        Classification {
            class: Class::Placeholder,
            reason: "it says so itself".into(),
        }
    } else {
        Classification {
            class: Class::Real,
            reason: "it has the form of Acme's tokens".into(),
        }
    }
}

cc_policy_sdk::export_secret_scanner!(Plugin);
