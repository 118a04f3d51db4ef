//! A component that somebody else built: looked at, and refused or understood, before any of it runs.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = cc_policy::fuzzing::component(bytes);
});
