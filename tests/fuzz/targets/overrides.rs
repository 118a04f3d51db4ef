//! `overrides.toml`, read and changed: a change that is accepted can be read again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| cc_policy::fuzzing::overrides(text));
