//! The product from outside: the real binary, real processes, a fresh world for each test. One topic a file.
#![forbid(unsafe_code)]
// The helpers of tests fail as loudly as the tests.
#![allow(clippy::expect_used)]

mod accept;
mod author;
mod cli;
mod concurrency;
#[cfg(target_os = "linux")]
mod crash;
mod demo;
mod docs;
mod mcp;
mod policy;
mod run;
mod scope;
#[cfg(target_os = "linux")]
mod secrecy;
#[cfg(target_os = "linux")]
mod steer;
mod team;
mod watch;
