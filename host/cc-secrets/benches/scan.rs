//! How fast files are scanned, on one core and on all, with as many rules as large sets have.
#![allow(missing_docs, clippy::expect_used)]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/corpus/mod.rs"]
mod corpus;

use std::{collections::BTreeMap, fs, path::Path};

use cc_secrets::{FileOptions, Scanner};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Bytes of the tree.
const TREE: usize = 40_000_000;

/// Bytes of a file, as source trees and logs have them.
const FILE: usize = 24_000;

/// Sources, settings, diffs and agents' logs, with a secret or a look-alike here and there.
fn tree(folder: &Path) -> u64 {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut bytes = 0;
    for (number, file) in corpus::build(1, 4, 300).into_iter().chain(corpus::quiet(2, TREE)).enumerate() {
        let ending = file.path.rsplit('.').next().unwrap_or_default().to_owned();
        let text = texts.entry(ending.clone()).or_default();
        text.push_str(&file.text);
        if text.len() > FILE {
            fs::write(folder.join(format!("{number}.{ending}")), &text).expect("written");
            bytes += text.len() as u64;
            text.clear();
        }
    }
    bytes
}

fn benches(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = tree(folder.path());
    let rules = common::many(450);
    c.bench_function("new scanner, 4 KB file", |b| {
        let text = corpus::quiet(3, 4_000).remove(0).text;
        b.iter(|| Scanner::new(&rules).expect("the rules").scan_bytes(None, text.as_bytes()).len());
    });
    let scanner = Scanner::new(&rules).expect("the rules");
    let mut group = c.benchmark_group("scan a tree");
    group.throughput(Throughput::Bytes(bytes));
    for (name, threads) in [("one core", 1), ("all cores", 0)] {
        let options = FileOptions { threads, ..FileOptions::default() };
        group
            .bench_function(name, |b| b.iter(|| scanner.scan_path(folder.path(), &options).candidates.len()));
    }
    group.finish();
    kinds(c, &scanner);
}

/// One core by the form of the text.
fn kinds(c: &mut Criterion, scanner: &Scanner) {
    let mut group = c.benchmark_group("scan bytes");
    for ending in ["rs", "yaml", "diff", "ndjson"] {
        let mut text = String::new();
        for file in corpus::quiet(4, 20_000_000).into_iter().filter(|file| file.path.ends_with(ending)) {
            text += &file.text;
        }
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(ending, |b| b.iter(|| scanner.scan_bytes(None, text.as_bytes()).len()));
    }
}

criterion_group! {
    name = scan;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(scan);
