//! `plugins.lock`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| cc_policy::fuzzing::lock(text));
