//! World `secret-scanner`.

use cc_domain::{Classification, SecretFinding, SecretRule};

use super::{Binding, broken, check_count, check_name, check_number, sentence, v1};
use crate::engine::{Hidden, Plugin, PluginError};

/// Rules of one plugin.
const RULES: usize = 5000;
/// Length of one regular expression.
const REGEX_BYTES: usize = 16 << 10;

impl Plugin {
    /// Asks a secret-scanner for its rules. Whether they compile and find their own positives is the scanner's to check.
    ///
    /// # Errors
    /// When the plugin fails, or gives rules without ids or of unreasonable size.
    pub fn rules(&self) -> Result<Vec<SecretRule>, PluginError> {
        let rules = match self.binding() {
            Binding::V1(functions) => v1::secret_scanner::rules(self, functions)?,
            #[cfg(test)]
            Binding::Next(_) => unreachable!("the next version has routers only"),
        };
        check_rules(&rules).map_err(|error| self.blame(error))?;
        Ok(rules)
    }

    /// Asks a secret-scanner what findings are: one classification for each, in order.
    ///
    /// The findings' secrets are cut out of everything the plugin says: log, failure and reasons.
    ///
    /// # Errors
    /// When the plugin fails or leaves a finding out.
    pub fn classify(&self, findings: &[SecretFinding]) -> Result<Vec<Classification>, PluginError> {
        let hidden = Hidden::new(findings.iter().map(|finding| finding.secret.clone()));
        let mut classes = match self.binding() {
            Binding::V1(functions) => v1::secret_scanner::classify(self, functions, findings, &hidden)?,
            #[cfg(test)]
            Binding::Next(_) => unreachable!("the next version has routers only"),
        };
        check_count("classifications", findings.len(), classes.len()).map_err(|error| self.blame(error))?;
        classes.iter_mut().for_each(|class| class.reason = sentence(&hidden.strip(&class.reason)));
        Ok(classes)
    }
}

pub(crate) fn check_rules(rules: &[SecretRule]) -> Result<(), PluginError> {
    if rules.len() > RULES {
        return Err(broken(format!("{} rules, and at most {RULES} are possible", rules.len())));
    }
    for rule in rules {
        check_name("rule", &rule.id)?;
        check_number(&format!("min-entropy of {}", rule.id), rule.min_entropy, 8.0)?;
        let allowed = rule.allow.iter().flat_map(|allow| allow.regexes.iter().chain(&allow.paths));
        for regex in allowed.chain(&rule.path).chain([&rule.regex]) {
            if regex.len() > REGEX_BYTES {
                return Err(broken(format!("a regular expression of {} has {} bytes", rule.id, regex.len())));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use cc_domain::Confidence;

    use super::*;

    fn rule() -> SecretRule {
        SecretRule {
            id: "key".into(),
            description: String::new(),
            regex: "key_[a-z]+".into(),
            keywords: vec!["key_".into()],
            secret_group: 0,
            min_entropy: 3.0,
            path: None,
            confidence: Confidence::High,
            components: vec![],
            allow: vec![],
            checksum: None,
            skip_report: false,
            source: String::new(),
            positives: vec![],
            negatives: vec![],
        }
    }

    #[test]
    fn a_rule_has_an_id_a_bounded_regex_and_a_possible_entropy() {
        assert_eq!(check_rules(&[rule()]), Ok(()));
        for bad in [
            SecretRule { id: String::new(), ..rule() },
            SecretRule { id: "a\nb".into(), ..rule() },
            SecretRule { min_entropy: f64::NAN, ..rule() },
            SecretRule { regex: "a".repeat(REGEX_BYTES + 1), ..rule() },
            SecretRule { path: Some("a".repeat(REGEX_BYTES + 1)), ..rule() },
        ] {
            assert!(check_rules(&[bad]).is_err());
        }
    }
}
