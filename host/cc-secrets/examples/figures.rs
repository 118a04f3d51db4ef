//! Shows what a scan finds, how fast it is and how much memory it takes, on made-up text or on a folder:
//! `cargo run --release -p cc-secrets --example figures [FOLDER]`.
#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/corpus/mod.rs"]
mod corpus;

use std::{fs, path::Path, time::Instant};

use cc_domain::SecretClass;
use cc_secrets::{FileOptions, Scanner};
use corpus::figures::Figures;

fn main() {
    let scanner = Scanner::new(&common::many(450)).expect("the rules");
    match std::env::args().nth(1) {
        Some(folder) => scan(&scanner, Path::new(&folder)),
        None => made_up(&scanner),
    }
    let peak = fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "{}",
        peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("no figure for memory here")
    );
}

fn made_up(scanner: &Scanner) {
    for seed in 1..=5 {
        print!("{}", Figures::of(scanner, corpus::build(seed, 20, 1_100)));
    }
    print!("{}", Figures::of(scanner, corpus::quiet(7, 20_000_000)));
}

/// Scans a folder on one core, then on all.
fn scan(scanner: &Scanner, folder: &Path) {
    for threads in [1, 0] {
        let start = Instant::now();
        let options = FileOptions { threads, ignored: true, ..FileOptions::default() };
        let scan = scanner.scan_path(folder, &options);
        let (megabytes, seconds) = (scan.bytes as f64 / 1e6, start.elapsed().as_secs_f64());
        let judged = common::classify(scan.candidates.into_iter().map(|one| one.finding).collect());
        let real = judged.iter().filter(|one| one.class == SecretClass::Real).count();
        println!(
            "{} files, {megabytes:.1} MB in {seconds:.2} s: {:.0} MB/s; {real} real of {} candidates",
            scan.files,
            megabytes / seconds,
            judged.len()
        );
    }
}
