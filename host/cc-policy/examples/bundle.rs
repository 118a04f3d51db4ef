//! Builds the default plugins of a repository into its `plugins/bundled/`:
//! `cargo run -p cc-policy --example bundle [REPOSITORY [TARGET_DIR]]`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use cc_policy::{BuildOptions, PolicyError, build_bundled};

fn main() -> Result<(), PolicyError> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let root = arguments.next().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../..").into());
    let options = BuildOptions { target_dir: arguments.next(), ..Default::default() };
    for built in build_bundled(&root, &options)? {
        println!("{} {} {} {} bytes", built.id, built.version, built.sha256, built.size);
    }
    Ok(())
}
