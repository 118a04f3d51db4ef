//! A user's rule file in the form of gitleaks.
#![no_main]

use std::{fs, path::PathBuf, sync::OnceLock};

use libfuzzer_sys::fuzz_target;

fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder").keep();
        folder.join("rules.toml")
    })
}

fuzz_target!(|text: &str| {
    fs::write(file(), text).expect("a file");
    if let Ok(rules) = cc_secrets::gitleaks::RuleFile::load(file()) {
        let _ = rules.resolve(&[]);
    }
});
