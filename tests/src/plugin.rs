//! Plugins made in the test: a small router in WebAssembly text, wrapped into a component.

use std::{fs, path::Path};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::repository;

/// What a router made here does with every job.
#[derive(Clone, Copy, Debug)]
pub enum Router<'a> {
    /// Sends it to this profile and model.
    Chooses {
        /// The profile's id.
        profile: &'a str,
        /// One of its models.
        model: &'a str,
    },
    /// Leaves the proposal.
    Keeps,
    /// Never answers.
    Loops,
    /// Breaks off.
    Traps,
}

/// Writes a plugin's folder: `plugin.toml` and `plugin.wasm`.
///
/// # Panics
/// When it cannot be built or written.
pub fn write(folder: &Path, id: &str, router: Router<'_>) {
    fs::create_dir_all(folder).expect("a folder");
    let manifest = format!(
        "id = \"{id}\"\nversion = \"1.0.0\"\nworld = \"router\"\nhost = \">=0.1.0\"\n\
         description = \"A router of the tests.\"\n[limits]\ndeadline_ms = 200\n"
    );
    fs::write(folder.join("plugin.toml"), manifest).expect("a manifest");
    fs::write(folder.join("plugin.wasm"), component(router)).expect("a component");
}

/// The router as a component.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn component(router: Router<'_>) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(repository().join("wit/policy-v1")).expect("the policy package");
    let world = resolve.select_world(&[package], Some("router")).expect("its router world");
    let mut module = wat::parse_str(core_module(router)).expect("a core module");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("its world in it");
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .expect("a component")
}

/// `route` takes and gives a pointer, for its parameters and its result are too many for registers.
fn core_module(router: Router<'_>) -> String {
    let body = match router {
        Router::Loops => "(loop $again (br $again)) (unreachable)",
        Router::Traps => "(unreachable)",
        Router::Chooses { .. } | Router::Keeps => "(i32.const 16)",
    };
    format!(
        r#"(module
            (memory (export "memory") 1)
            (data (i32.const 16) "{answer}")
            (data (i32.const 256) "{texts}")
            (global $next (mut i32) (i32.const 4096))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (block $fits
                    (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
                    (drop (memory.grow (i32.add (i32.div_u (local.get 3) (i32.const 65536)) (i32.const 1)))))
                (local.get $at))
            (func (export "cc-orchestrator:policy/routing@1.0.0#route") (param i32) (result i32) {body}))"#,
        answer = answer(router),
        texts = texts(router).concat(),
    )
}

/// The result in memory: `ok`, the verdict's case, and for a choice the place and length of its three texts.
fn answer(router: Router<'_>) -> String {
    let mut bytes = vec![0_u32];
    if matches!(router, Router::Chooses { .. }) {
        bytes.push(1);
        let mut at = 256;
        for text in texts(router) {
            let length = u32::try_from(text.len()).expect("a short text");
            bytes.extend([at, length]);
            at += length;
        }
    }
    bytes.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("\\{byte:02x}")).collect()
}

fn texts(router: Router<'_>) -> [&str; 3] {
    match router {
        Router::Chooses { profile, model } => [profile, model, "the test says so"],
        _ => [""; 3],
    }
}
