//! How fast the redactor is made, and how fast it reads text that holds no secret.
#![allow(missing_docs, clippy::expect_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use cc_secrets::Redactor;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Source code, as workers read and print it; the same text again and again, about a megabyte.
fn source() -> String {
    concat!(
        include_str!("../src/engine.rs"),
        include_str!("../src/redactor.rs"),
        include_str!("../src/views.rs")
    )
    .repeat(45)
}

fn benches(c: &mut Criterion) {
    let rules = common::bundled();
    c.bench_function("new", |b| {
        b.iter(|| Redactor::new(black_box(&rules), vec!["a-known-value-of-the-run".into()]))
    });
    let redactor = Redactor::new(&rules, vec!["a-known-value-of-the-run".into()]).expect("the rules");
    let source = source();
    let words =
        "the worker reads its files, thinks about them and writes down what it has found\n".repeat(12_000);
    let escaped = serde_json::json!({ "text": source }).to_string();
    let mut group = c.benchmark_group("redact");
    for (name, text) in [("words", &words), ("source", &source), ("json line", &escaped)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| b.iter(|| redactor.redact(black_box(text)).len()));
    }
}

criterion_group! {
    name = redact;
    config = Criterion::default().sample_size(10);
    targets = benches
}
criterion_main!(redact);
