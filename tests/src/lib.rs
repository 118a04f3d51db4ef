//! End-to-end tests: the real binary, a fake worker, hermetic homes.
#![forbid(unsafe_code)]
