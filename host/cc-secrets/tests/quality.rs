//! How much is found, and how much is found that is none: figures on text of our own making.
//! `cargo run --release -p cc-secrets --example figures` shows them.
#![allow(missing_docs, clippy::expect_used)]

mod common;
mod corpus;

use cc_secrets::Scanner;
use corpus::figures::Figures;

#[test]
fn secrets_are_found_and_look_alikes_are_not() {
    let scanner = Scanner::new(&common::bundled()).expect("the rules");
    let files = (1..=3).flat_map(|seed| corpus::build(seed, 20, 1_100));
    let figures = Figures::of(&scanner, files);
    assert!(corpus::kinds::KINDS.len() >= 45);
    assert!(figures.found * 100 >= figures.secrets * 97, "{figures}");
    assert!(figures.mistaken * 1_100 <= figures.decoys * 2, "{figures}");
}

#[test]
fn text_without_secrets_gives_no_findings() {
    let scanner = Scanner::new(&common::bundled()).expect("the rules");
    let figures = Figures::of(&scanner, corpus::quiet(7, 8_000_000));
    assert!(figures.others as f64 <= 0.05 * figures.bytes as f64 / 1e6, "{figures}");
}
