//! The operations, one file each, and their one registry.
#![forbid(unsafe_code)]
