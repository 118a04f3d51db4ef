//! A file of secret rules as a plugin: the default scanner judges what its rules find.

use std::path::{Path, PathBuf};

use cc_domain::SecretRule;
use cc_policy::{PackageSource, RulesSource};
use cc_secrets::gitleaks::{RuleFile, RuleSet};

use crate::OpError;

/// The names of a rule file in a folder, in the order they are looked for.
const NAMES: [&str; 3] = ["rules.toml", ".gitleaks.toml", "gitleaks.toml"];
const HINT: &str = "the form is that of gitleaks: [[rules]] with id and regex";

/// A rule file's package.
pub struct RulesPackage {
    /// The package.
    pub package: PackageSource,
    /// What was left out or read in another way than its user may expect, in sentences.
    pub notices: Vec<String>,
}

/// The package of a rule file, or of the folder that has one; none when `path` is something else.
///
/// # Errors
/// The file cannot be read, or has no rule that can be used.
pub fn rules_package(path: &Path) -> Result<Option<RulesPackage>, OpError> {
    let Some(file) = rule_file(path) else { return Ok(None) };
    let read = RuleFile::load(&file).map_err(|error| OpError::invalid(error.to_string(), HINT))?;
    let set = read.resolve(&[]);
    let notices = notices(&read, &set);
    let rules = with_allowances(set);
    let package = RulesSource { path, rules: &rules }.package()?;
    Ok(Some(RulesPackage { package, notices }))
}

fn rule_file(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        let name = path.file_name()?.to_str()?;
        return (name.ends_with(".toml") && name != "plugin.toml" && name != "pack.toml")
            .then(|| path.into());
    }
    let others = ["plugin.wasm", "data.json", "pack.toml", "Cargo.toml"];
    let taken = others.iter().any(|name| path.join(name).is_file());
    NAMES.iter().map(|name| path.join(name)).find(|file| !taken && file.is_file())
}

/// A plugin has no allowances for the rules of others, so those of the whole file go to each of its own rules.
fn with_allowances(set: RuleSet) -> Vec<SecretRule> {
    let allow = set.allow;
    let own = |mut rule: SecretRule| {
        rule.allow.extend(allow.iter().cloned());
        rule
    };
    set.rules.into_iter().map(own).collect()
}

fn notices(file: &RuleFile, set: &RuleSet) -> Vec<String> {
    let refused = set.refused.iter().map(|rule| format!("rule {} is left out: {}", rule.rule, rule.reason));
    let mut notices: Vec<_> = refused.chain(set.notices.iter().cloned()).collect();
    if !set.allow.is_empty() {
        notices.push(
            "the allowlist of the whole file holds for its own rules only; secrets.toml allows for all"
                .into(),
        );
    }
    if file.wants_default() {
        notices.push("the default rules hold with or without useDefault".into());
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "[[rules]]\nid = \"acme\"\nregex = '''acme_[a-z0-9]{20}'''\nkeywords = [\"acme_\"]\n\
                         [[rules]]\nid = \"path-only\"\npath = '''x'''\n[allowlist]\nstopwords = [\"example\"]\n";

    #[test]
    fn a_rule_file_becomes_a_plugin_and_says_what_it_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("team.toml");
        std::fs::write(&file, RULES).expect("a file");
        let read = rules_package(&file).expect("readable").expect("rules");
        let text = |name: &str| std::fs::read_to_string(read.package.folder().join(name)).expect("a text");
        let manifest = text("plugin.toml");
        assert!(
            manifest.contains("id = \"local.team\"") && manifest.contains("secret-scanner"),
            "{manifest}"
        );
        let data = text("data.json");
        assert!(data.contains("acme_[a-z0-9]{20}") && data.contains("example"), "{data}");
        assert!(read.notices.iter().any(|notice| notice.contains("path-only")), "{:?}", read.notices);
    }

    #[test]
    fn what_is_no_rule_file_is_left_to_others() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(rules_package(folder.path()).expect("nothing").is_none());
        std::fs::write(folder.path().join("rules.toml"), "rules = 1").expect("a file");
        assert!(rules_package(folder.path()).is_err());
        std::fs::write(folder.path().join("pack.toml"), "").expect("a file");
        assert!(rules_package(folder.path()).expect("a pack").is_none());
    }
}
