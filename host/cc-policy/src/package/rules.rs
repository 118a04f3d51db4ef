//! Secret rules as data.

use std::path::Path;

use cc_domain::SecretRule;
use serde_json::json;

use super::PackageSource;
use crate::{PolicyError, engine::World, payload::DATA_FORMAT};

/// Rules that were read elsewhere, from a file of gitleaks for one.
#[derive(Clone, Copy, Debug)]
pub struct RulesSource<'a> {
    /// The file or folder that they are of; a `plugin.toml` in it is their manifest.
    pub path: &'a Path,
    /// The rules.
    pub rules: &'a [SecretRule],
}

impl RulesSource<'_> {
    /// The rules as a package.
    ///
    /// # Errors
    /// There is none, or the manifest is wrong.
    pub fn package(self) -> Result<PackageSource, PolicyError> {
        if self.rules.is_empty() {
            return Err(PolicyError::Refused(format!(
                "{} has no rule that can be used",
                self.path.display()
            )));
        }
        let data = json!({ "format": DATA_FORMAT, "rules": self.rules }).to_string();
        PackageSource::of_data(self.path, World::SecretScanner.as_str(), &data)
    }
}
