//! What a worker writes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cc_workers::fuzzing::stream(bytes));
