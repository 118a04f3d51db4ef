//! The secret rules of a run.

use std::path::PathBuf;

use cc_policy::{Policy, RuleSet};
use cc_profiles::WorkerSettings;
use cc_secrets::{Redactor, RuleError};

use crate::{ErrorKind, OpError};

/// What a run's texts are kept with.
pub(crate) struct Redaction {
    /// For this process.
    pub(crate) redactor: Redactor,
    /// The rules, for the supervisor.
    pub(crate) file: PathBuf,
}

/// The rules of every scanner, and the run's own keys. Without rules nothing starts.
pub(crate) fn redactor(policy: &Policy, settings: &WorkerSettings) -> Result<Redaction, OpError> {
    let set = policy.secret_rules()?;
    check(&set)?;
    let redactor = Redactor::new(&set.rules, settings.secrets.clone()).map_err(|error| unusable(&error))?;
    Ok(Redaction { redactor, file: set.file })
}

/// Tries each rule on its own examples, once for each set: a note beside the set says that it was done.
fn check(set: &RuleSet) -> Result<(), OpError> {
    let done = set.file.with_extension("checked");
    if done.is_file() {
        return Ok(());
    }
    cc_secrets::validate(&set.rules).map_err(|error| unusable(&error))?;
    Ok(cc_store::write_atomic(&done, b"")?)
}

/// Why rules that plugins or the user gave cannot be used.
pub(crate) fn unusable(error: &RuleError) -> OpError {
    OpError::new(
        ErrorKind::State,
        format!("the secret rules cannot be used: {error}"),
        "disable the plugin that gave the rule, or mend it; 'cc-orchestrator plugin list' shows them",
    )
}
