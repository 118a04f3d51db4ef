//! The product from outside: the real binary, real processes, a fresh world for each test. One topic a file.
#![forbid(unsafe_code)]
// The helpers of tests fail as loudly as the tests.
#![allow(clippy::expect_used)]

mod accept;
mod author;
#[cfg(unix)]
mod bench;
#[cfg(target_os = "linux")]
mod boundary;
mod cli;
mod concurrency;
mod cost;
#[cfg(target_os = "linux")]
mod crash;
#[cfg(target_os = "linux")]
mod dashboard;
mod demo;
mod dist;
#[cfg(unix)]
mod docker_registry;
mod docs;
mod documents;
#[cfg(unix)]
mod install;
#[cfg(target_os = "linux")]
mod learn;
mod mcp;
mod migrate;
#[cfg(target_os = "linux")]
mod notify;
mod policy;
mod queue;
#[cfg(target_os = "linux")]
mod queue_chaos;
mod replay;
mod reports;
mod run;
mod scope;
#[cfg(target_os = "linux")]
mod secrecy;
#[cfg(target_os = "linux")]
mod steer;
mod team;
#[cfg(target_os = "linux")]
mod terminal;
mod upgrade;
mod watch;
