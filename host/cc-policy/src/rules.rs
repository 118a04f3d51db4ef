//! The secret rules as a file: a supervisor redacts by it without starting the engine.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use cc_domain::{Classification, PluginRef, SecretFinding, SecretRule};

use crate::{
    PolicyError,
    engine::digest,
    files::{self, FileError},
    manifest::host_version,
};

/// Longest rules file that is read, in bytes.
const MAX_RULES: u64 = 32 << 20;

/// Rules, each with the seat of the scanner that gave it.
pub(crate) type Owned = Vec<(usize, SecretRule)>;

/// The rules of all scanners, and the file they are kept in.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    /// All rules, each id once.
    pub rules: Vec<SecretRule>,
    /// Changes with the scanners, their bytes and their settings.
    pub digest: String,
    /// `cache/secret-rules/<digest>.json` in the home: the rules as a JSON array. See [`read_rules`].
    pub file: PathBuf,
}

/// The rules in a file that [`crate::Policy::secret_rules`] named.
///
/// # Errors
/// It is gone, too large or damaged: ask the policy again.
pub fn read_rules(file: &Path) -> Result<Vec<SecretRule>, PolicyError> {
    let damaged = |why: String| PolicyError::FailClosed(format!("{} {why}", file.display()));
    let bytes = files::read(file, MAX_RULES)?.ok_or_else(|| damaged("is gone".into()))?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(format!("is damaged: {error}")))
}

/// The rules from the file for these scanners, else from the scanners themselves.
pub(crate) fn rule_set(
    home: &Path,
    scanners: &[String],
    ask: impl FnOnce() -> Result<Owned, PolicyError>,
) -> Result<RuleSet, PolicyError> {
    if scanners.is_empty() {
        return Err(PolicyError::FailClosed("there is no secret-scanner".into()));
    }
    let digest = digest(format!("{}\n{}", host_version(), scanners.join("\n")).as_bytes());
    let file = home.join("cache").join("secret-rules").join(format!("{digest}.json"));
    let rules = match read_rules(&file) {
        Ok(rules) => rules,
        Err(_) => asked(&file, ask()?)?,
    };
    Ok(RuleSet { rules, digest, file })
}

fn asked(file: &Path, owned: Owned) -> Result<Vec<SecretRule>, PolicyError> {
    let rules: Vec<_> = owned.into_iter().map(|(_, rule)| rule).collect();
    let bytes = serde_json::to_vec(&rules).map_err(|error| PolicyError::FailClosed(error.to_string()))?;
    if bytes.len() as u64 > MAX_RULES {
        return Err(FileError::TooLarge { path: file.into(), max: MAX_RULES }.into());
    }
    files::write(file, &bytes)?;
    Ok(rules)
}

/// Hands each scanner the findings of its own rules, and puts its answers back in order.
///
/// Findings of a rule that nobody gave go to the highest scanner.
pub(crate) fn classify(
    findings: &[SecretFinding],
    seats: &[PluginRef],
    rules: &Owned,
    ask: impl Fn(&PluginRef, &[SecretFinding]) -> Result<Vec<Classification>, String>,
) -> Result<Vec<Classification>, PolicyError> {
    let owners: HashMap<_, _> = rules.iter().map(|(seat, rule)| (rule.id.as_str(), *seat)).collect();
    let highest = seats.len().saturating_sub(1);
    let owner = |finding: &SecretFinding| owners.get(finding.rule_id.as_str()).copied().unwrap_or(highest);
    let mut classes: Vec<Option<Classification>> = vec![None; findings.len()];
    for (seat, plugin) in seats.iter().enumerate() {
        let places: Vec<_> = (0..findings.len()).filter(|at| owner(&findings[*at]) == seat).collect();
        if places.is_empty() {
            continue;
        }
        let own: Vec<_> = places.iter().map(|at| findings[*at].clone()).collect();
        let answers = ask(plugin, &own).map_err(PolicyError::FailClosed)?;
        for (at, answer) in places.into_iter().zip(answers) {
            classes[at] = Some(answer);
        }
    }
    let all: Option<Vec<_>> = classes.into_iter().collect();
    all.ok_or_else(|| PolicyError::FailClosed("not every finding was classified".into()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use cc_domain::{Checksum, Layer, SecretClass};

    use super::*;
    use crate::decide::samples::plugin;

    #[test]
    fn scanners_are_asked_once_for_the_same_bytes_and_settings() {
        let home = tempfile::tempdir().expect("a home");
        let asked = Cell::new(0);
        let ask = || {
            asked.set(asked.get() + 1);
            Ok(Vec::new())
        };
        let first = rule_set(home.path(), &["a".into()], ask).expect("rules");
        let again = rule_set(home.path(), &["a".into()], ask).expect("rules");
        assert_eq!((first.clone(), asked.get()), (again, 1));
        std::fs::write(&first.file, b"[{").expect("written");
        assert!(read_rules(&first.file).is_err());
        rule_set(home.path(), &["a".into()], ask).expect("rules");
        let other = rule_set(home.path(), &["a".into(), "b".into()], ask).expect("rules");
        assert_eq!(asked.get(), 3);
        assert_ne!(other.file, first.file);
        assert!(read_rules(&first.file).is_ok());
    }

    fn rule(id: &str) -> SecretRule {
        let text = format!(
            r#"{{"id":"{id}","description":"","regex":"","keywords":[],"secret_group":0,"min_entropy":0.0,"path":null,
                "confidence":"high","components":[],"allow":[],"checksum":null,"skip_report":false,"source":"",
                "positives":[],"negatives":[]}}"#
        );
        serde_json::from_str(&text).expect("a rule")
    }

    fn finding(rule_id: &str, secret: &str) -> SecretFinding {
        SecretFinding {
            rule_id: rule_id.into(),
            secret: secret.into(),
            key: None,
            path: None,
            before: String::new(),
            after: String::new(),
            entropy: 0.0,
            checksum: Checksum::Absent,
            depth: 0,
            attributes: Vec::new(),
        }
    }

    #[test]
    fn each_scanner_judges_the_findings_of_its_own_rules() {
        let seats = [plugin("low", Layer::Bundled), plugin("high", Layer::User)];
        let rules = vec![(0, rule("a")), (1, rule("b"))];
        let findings = ["a1", "b1", "a2", "x1"].map(|secret| finding(&secret[..1], secret));
        let judge = |who: &PluginRef, own: &[SecretFinding]| {
            let reason = |finding: &SecretFinding| format!("{} on {}", who.id, finding.secret);
            Ok(own.iter().map(|f| Classification { class: SecretClass::Real, reason: reason(f) }).collect())
        };
        let classes = classify(&findings, &seats, &rules, judge).expect("classified");
        let reasons: Vec<_> = classes.iter().map(|class| class.reason.as_str()).collect();
        assert_eq!(reasons, ["low on a1", "high on b1", "low on a2", "high on x1"]);
        assert!(classify(&findings, &seats, &rules, |_, _| Err("ill".into())).is_err());
        assert!(classify(&findings, &seats, &rules, |_, _| Ok(Vec::new())).is_err());
        assert!(classify(&findings, &[], &rules, judge).is_err());
    }

    #[test]
    fn without_any_scanner_there_are_no_rules() {
        let home = tempfile::tempdir().expect("a home");
        assert!(rule_set(home.path(), &[], || Ok(Vec::new())).is_err());
    }
}
