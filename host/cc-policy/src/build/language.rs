//! Which language a plugin is written in.

use std::path::Path;

use serde::Serialize;

use crate::PolicyError;

/// A language that plugins are built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// A crate.
    Rust,
    /// A module, `plugin.js`, run by an engine inside the component.
    JavaScript,
    /// A module, `plugin.py`, run by an interpreter inside the component.
    Python,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// The file that makes a folder one of this language's plugins.
    #[must_use]
    pub const fn main_file(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "plugin.js",
            Self::Python => "plugin.py",
        }
    }

    /// The language of a source folder.
    ///
    /// # Errors
    /// It has no main file of any, or of several.
    pub fn of(folder: &Path) -> Result<Self, PolicyError> {
        let there: Vec<_> =
            Self::ALL.into_iter().filter(|language| folder.join(language.main_file()).is_file()).collect();
        match there.as_slice() {
            [language] => Ok(*language),
            [] => Err(PolicyError::Refused(format!(
                "{} is no plugin's source folder: beside plugin.toml it needs Cargo.toml (Rust), plugin.js (JavaScript) \
                 or plugin.py (Python); 'cc-orchestrator plugin new' makes one",
                folder.display()
            ))),
            _ => Err(PolicyError::Refused(format!(
                "{} has the main files of several languages ({}): keep one",
                folder.display(),
                there.iter().map(|language| language.main_file()).collect::<Vec<_>>().join(", ")
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_of_the_language_whose_main_file_it_has() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |word: &str| {
            let error = Language::of(folder.path()).expect_err("no language").to_string();
            assert!(error.contains(word), "{error}");
        };
        refused("plugin new");
        std::fs::write(folder.path().join("plugin.py"), "").expect("a file");
        assert_eq!(Language::of(folder.path()).expect("a language"), Language::Python);
        std::fs::write(folder.path().join("Cargo.toml"), "").expect("a file");
        refused("several languages");
    }
}
