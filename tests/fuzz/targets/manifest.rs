//! `plugin.toml`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(manifest) = cc_policy::Manifest::parse("plugin.toml", text) {
        let _ = manifest.check_host(&cc_policy::host_version());
        let _ = manifest.granted();
    }
});
