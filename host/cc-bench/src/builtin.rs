//! The suite in the binary.

use crate::{Files, Suite, SuiteError, SuiteId};

/// Its name.
const CORE: &str = "core";

/// The built-in suite: tasks over seven roles that need no toolchain.
///
/// # Errors
/// Never in a released binary: a test reads it.
pub fn core() -> Result<Suite, SuiteError> {
    let files: Files = CORE_FILES.iter().map(|(name, content)| (*name, *content)).collect();
    let name = SuiteId::new(CORE).ok_or_else(|| SuiteError::malformed("suite.toml", "its name is none"))?;
    Suite::parse(name, &files)
}

macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../suites/core/", $name)))),*]
    };
}

/// Every file, by its name in `suites/core`; a test compares them with the folder.
const CORE_FILES: &[(&str, &str)] = include!("builtin_files.in");
