//! The way to the system is an import. Whatever it is called, a component that has one is not loaded, and the import is
//! named; a core module that needs one, or shares its memory with a thread, makes no plugin.

use cc_policy::engine::{PluginErrorKind, inspect};

use crate::{GOOD, assert_good_plugin_works, assert_refused, component, engine, load};

/// Every interface of WASI 0.2 and 0.3, and of the proposals that hosts have.
const INTERFACES: [&str; 47] = [
    "cli/environment",
    "cli/exit",
    "cli/run",
    "cli/stderr",
    "cli/stdin",
    "cli/stdout",
    "cli/terminal-input",
    "cli/terminal-output",
    "cli/terminal-stderr",
    "cli/terminal-stdin",
    "cli/terminal-stdout",
    "cli/types",
    "clocks/monotonic-clock",
    "clocks/system-clock",
    "clocks/timezone",
    "clocks/types",
    "clocks/wall-clock",
    "config/store",
    "filesystem/preopens",
    "filesystem/types",
    "http/client",
    "http/handler",
    "http/incoming-handler",
    "http/outgoing-handler",
    "http/types",
    "io/error",
    "io/poll",
    "io/streams",
    "keyvalue/store",
    "logging/logging",
    "messaging/producer",
    "nn/inference",
    "random/insecure",
    "random/insecure-seed",
    "random/random",
    "sockets/instance-network",
    "sockets/ip-name-lookup",
    "sockets/network",
    "sockets/tcp",
    "sockets/tcp-create-socket",
    "sockets/types",
    "sockets/udp",
    "sockets/udp-create-socket",
    "threads/threads",
    "tls/client",
    "tls/types",
    "usb/device",
];

const VERSIONS: [&str; 4] = ["", "@0.2.0", "@0.2.8", "@0.3.0"];

/// The good router, with a function of that interface that it may call.
fn importing(package: &str, interface: &str, version: &str) -> Vec<u8> {
    let name = format!("{package}/{interface}{version}");
    let wit = format!(
        "{}\npackage {package}{version} {{ interface {interface} {{ reach: func() -> u32; }} }}",
        component::POLICY.replace("world router {", &format!("world router {{\nimport {name};"))
    );
    let import = format!("(module (import \"{name}\" \"reach\" (func (result i32)))");
    component::of(&wit, "router", &GOOD.replacen("(module", &import, 1))
}

#[test]
fn every_interface_of_wasi_is_refused_by_its_name() {
    let (engine, _guard) = engine();
    for (path, version) in INTERFACES.iter().flat_map(|path| VERSIONS.map(|version| (path, version))) {
        let (package, interface) = path.split_once('/').expect("a package and an interface");
        let bytes = importing(&format!("wasi:{package}"), interface, version);
        let looked_at = inspect(&bytes).expect_err(path);
        let error = load(engine, &bytes).expect_err(path);
        assert_eq!([looked_at.kind, error.kind], [PluginErrorKind::ForbiddenImport; 2], "{path}: {error}");
        let named = format!(
            "plugin 'team.hostile' 6.6.6 imports 'wasi:{path}{version}', and a policy plugin may import"
        );
        assert!(error.to_string().starts_with(&named), "{error}");
        assert!(error.to_string().contains("build it without WASI"), "{error}");
    }
    assert_good_plugin_works(engine);
}

#[test]
fn another_name_for_the_same_is_refused_too() {
    let (engine, _guard) = engine();
    for (package, interface) in
        [("wasix:system", "calls"), ("team:tools", "clock"), ("cc-orchestrator:files", "host")]
    {
        let bytes = importing(package, interface, "@1.0.0");
        let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::ForbiddenImport);
        assert!(error.what.contains(&format!("imports '{package}/{interface}@1.0.0'")), "{error}");
    }
}

#[test]
fn an_interface_of_the_policy_is_no_import_either() {
    let (engine, _guard) = engine();
    let wit = component::POLICY.replace("world router {", "world router {\nimport prompts;");
    let import = "(module (import \"cc-orchestrator:policy/prompts@1.0.0\" \"templates\" (func (param i32)))";
    let bytes = component::of(&wit, "router", &GOOD.replacen("(module", import, 1));
    let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::ForbiddenImport);
    assert!(error.what.contains("policy/prompts@1.0.0"), "{error}");
}

#[test]
fn threads_and_what_differs_between_machines_are_not_compiled() {
    let (engine, _guard) = engine();
    for (part, feature) in [
        ("(memory 1 1 shared)", "threads"),
        ("(memory i64 1)", "memory64"),
        ("(func (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))", "threads"),
        ("(func (drop (i32x4.relaxed_trunc_f32x4_s (v128.const i64x2 0 0))))", "relaxed"),
    ] {
        let bytes = component::of(
            component::POLICY,
            "router",
            &GOOD.replacen("(module", &format!("(module {part}"), 1),
        );
        let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::Invalid);
        assert!(error.what.starts_with("cannot be compiled: ") && error.what.contains(feature), "{error}");
        assert!(error.to_string().contains("without threads"), "{error}");
    }
}

#[test]
fn the_component_model_s_own_threads_are_not_compiled() {
    let (engine, _guard) = engine();
    let bytes = wat::parse_str(include_str!("thread_spawn.wat")).expect("valid WAT");
    let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::Invalid);
    assert!(error.what.contains("shared-everything-threads"), "{error}");
}
