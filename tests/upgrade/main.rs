//! Upgrades with real binaries: each release of `releases.toml` is built and used, today's program takes its place, and
//! the release comes back. Every byte of the user's must be as it was, every decision the same or listed, nothing lost.
//!
//! `upgrade [FOLDER]`: releases are built in FOLDER (default `target/upgrade`), which may be kept between calls. Exits 1
//! when something is lost; says SKIPPED where this clone has no history to build a release from.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

mod release;
mod world;

use std::{env, path::PathBuf};

use cc_orchestrator_tests::repository;

fn main() {
    let folder = env::args_os().nth(1).map_or_else(|| repository().join("target/upgrade"), PathBuf::from);
    for release in release::all() {
        let name = format!("{} ({})", release.version, &release.commit[..12]);
        match release.build(&folder) {
            Some(binary) => {
                let told = world::upgrade(&binary);
                println!("ok: {name} -> today -> {name} -> today: {told}");
            }
            None => println!("SKIPPED: {name} is not in this clone's history, so it was not tested"),
        }
    }
}
