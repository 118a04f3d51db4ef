//! Reads CC Switch; says which environment and settings a worker gets.
#![forbid(unsafe_code)]
