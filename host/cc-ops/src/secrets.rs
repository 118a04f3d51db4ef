//! Looking for secrets: the rules of the plugins and of the user, the engine, the plugins' judgement.

use std::{path::Path, sync::Arc};

use cc_domain::{Classification, SecretRule};
use cc_policy::{Policy, PolicyConfig};
use cc_secrets::{Candidate, Judged, Salt, Scanner, gitleaks::RuleFile, judge};
use cc_workers::Judging;

use crate::{Context, ErrorKind, OpError, rules::unusable};

/// The user's own rules, in the form of gitleaks, in the home.
const OWN_RULES: &str = "secrets.toml";

/// Finds and judges secrets of one project.
pub struct Detector {
    /// Looks at bytes, files and diffs.
    pub scanner: Scanner,
    /// What it looks for.
    pub rules: Vec<SecretRule>,
    /// What was read of the user's rules in another way than they may expect, in sentences.
    pub notices: Vec<String>,
    salt: Salt,
    policy: Arc<Policy>,
}

impl Detector {
    /// The rules of all secret-scanner plugins and of `secrets.toml` in the home, or of the file that `config` names
    /// instead; one that does not say `[extend] useDefault` adds to the plugins' rules all the same, as nothing that a
    /// team's plugin calls a secret may go missing.
    ///
    /// # Errors
    /// A scanner that counts does not answer, or a rule file cannot be read: without all rules nothing may be called
    /// free of secrets.
    pub fn of(cx: &Context, root: &Path, config: Option<&Path>) -> Result<Self, OpError> {
        let policy = cx.policy(root);
        let mut rules = policy.secret_rules()?.rules;
        let mut notices = Vec::new();
        let own = cx.setup().home.root().join(OWN_RULES);
        let file = config.map(Path::to_owned).or_else(|| own.is_file().then_some(own));
        let mut allow = Vec::new();
        if let Some(file) = file {
            let read = RuleFile::load(&file).map_err(|error| {
                OpError::invalid(
                    error.to_string(),
                    "the form is that of gitleaks: [[rules]] with id and regex",
                )
            })?;
            let set = read.resolve(&rules);
            let refused = set.refused.iter().map(|r| format!("rule {} is left out: {}", r.rule, r.reason));
            notices.extend(refused.chain(set.notices));
            allow = set.allow;
            if read.wants_default() {
                rules = set.rules;
            } else {
                rules.retain(|rule| set.rules.iter().all(|own| own.id != rule.id));
                rules.extend(set.rules);
            }
        }
        let scanner = Scanner::with_allowances(&rules, &allow).map_err(|error| unusable(&error))?;
        let salt = Salt::new(cx.setup().home.salt()?);
        Ok(Self { scanner, rules, notices, salt, policy })
    }

    /// What the candidates are, without their values.
    ///
    /// # Errors
    /// A scanner that counts does not judge.
    pub fn judge(&self, candidates: Vec<Candidate>) -> Result<Judged, OpError> {
        judge(candidates, &self.salt, |findings| self.policy.classify(&findings)).map_err(|error| {
            OpError::new(
                ErrorKind::State,
                error.to_string(),
                "'cc-orchestrator plugin list' shows every plugin and what is wrong with it",
            )
        })
    }
}

/// For a supervisor, which has no plugin engine of its own.
///
/// # Errors
/// A scanner that counts does not judge.
pub fn judge_secrets(question: &Judging) -> Result<Vec<Classification>, OpError> {
    let project = Some(question.workspace_root.clone()).filter(|root| root.is_absolute());
    let policy = Policy::new(PolicyConfig { home: question.home.clone(), project });
    Ok(policy.classify(&question.findings)?)
}
