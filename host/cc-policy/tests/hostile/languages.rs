//! `plugins/hostile`: one router in Rust, JavaScript and Python that reaches for what no plugin may have. Each is built as
//! its author would build it; every attempt ends as it is written here, and nothing of this machine gets in.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use cc_domain::{RouteRequest, Said, Verdict};
use cc_policy::{
    BuildOptions, LOCK, Manifest, Policy, PolicyConfig, add_local, build_plugin,
    engine::{Engine, Plugin, PluginErrorKind, PluginSpec, read_component},
};

use self::End::{Breaks, Same, Says};
use crate::{assert_good_plugin_works, bounds::MOST_GROWTH, candidate, engine, memory::growth};

/// How an attempt ends.
enum End {
    /// The plugin got this answer, and went on.
    Says(&'static str),
    /// It got something that begins so, and that is the same in every call.
    Same(&'static str),
    /// The call ends here, and the error names the plugin.
    Breaks(PluginErrorKind),
}

/// What Rust's library says of everything that the target does not have.
const UNSUPPORTED: End = Says("operation not supported on this platform");

const RUST: [(&str, End); 22] = [
    ("read-file", UNSUPPORTED),
    ("write-file", UNSUPPORTED),
    ("list-folder", UNSUPPORTED),
    ("connect", UNSUPPORTED),
    ("look-up", UNSUPPORTED),
    ("clock", Breaks(PluginErrorKind::Trap)),
    ("monotonic-clock", Breaks(PluginErrorKind::Trap)),
    ("sleep", Breaks(PluginErrorKind::Trap)),
    ("environment", Says("environment variable not found")),
    ("arguments", Says("got 0")),
    ("folder", UNSUPPORTED),
    ("hash-seed", Same("got ")),
    ("thread", UNSUPPORTED),
    ("processors", Says("the number of hardware threads is not known for the target platform")),
    ("process", UNSUPPORTED),
    ("process-id", Breaks(PluginErrorKind::Trap)),
    ("standard-input", Says("got 0")),
    ("standard-output", Says("got ()")),
    (
        "four-gigabytes",
        Says("memory allocation failed because the computed capacity exceeded the collection's maximum"),
    ),
    ("one-gigabyte", Says("memory allocation failed because the memory allocator returned an error")),
    ("memory", Breaks(PluginErrorKind::OutOfMemory)),
    ("memory-politely", Says("got less than 32 MiB")),
];

const JAVASCRIPT: [(&str, End); 21] = [
    ("read-file", Says("ReferenceError: require is not defined")),
    ("load-module", Says("ReferenceError: std is not defined")),
    ("list-folder", Says("ReferenceError: os is not defined")),
    ("connect", Says("ReferenceError: fetch is not defined")),
    ("socket", Says("ReferenceError: WebSocket is not defined")),
    ("clock", Breaks(PluginErrorKind::Trap)),
    ("monotonic-clock", Breaks(PluginErrorKind::Trap)),
    ("time-zone", Says("got 0")),
    ("sleep", Says("ReferenceError: setTimeout is not defined")),
    ("environment", Says("ReferenceError: process is not defined")),
    ("arguments", Says("ReferenceError: scriptArgs is not defined")),
    ("pseudo-random", Same("got 0.")),
    ("system-random", Says("ReferenceError: crypto is not defined")),
    ("thread", Says("ReferenceError: Worker is not defined")),
    ("wait", Says("ReferenceError: Atomics is not defined")),
    ("machine-code", Says("ReferenceError: WebAssembly is not defined")),
    ("standard-output", Says("ReferenceError: console is not defined")),
    ("four-gigabytes", Says("RangeError: invalid array buffer length")),
    ("one-gigabyte", Says("InternalError: out of memory")),
    ("memory", Breaks(PluginErrorKind::OutOfMemory)),
    ("memory-politely", Says("got less than 32 MiB")),
];

const PYTHON: [(&str, End); 24] = [
    ("read-file", Breaks(PluginErrorKind::Trap)),
    ("write-file", Breaks(PluginErrorKind::Trap)),
    ("list-folder", Breaks(PluginErrorKind::Trap)),
    ("load-module", Breaks(PluginErrorKind::Trap)),
    ("connect", Breaks(PluginErrorKind::Trap)),
    ("look-up", Breaks(PluginErrorKind::Trap)),
    ("clock", Breaks(PluginErrorKind::Trap)),
    ("monotonic-clock", Breaks(PluginErrorKind::Trap)),
    ("sleep", Breaks(PluginErrorKind::Trap)),
    ("environment", Says("got {}")),
    ("arguments", Says("got []")),
    ("process-id", Says("got 42")),
    ("pseudo-random", Same("got [0.")),
    ("hash-seed", Same("got ")),
    ("system-random", Breaks(PluginErrorKind::Trap)),
    ("secret", Breaks(PluginErrorKind::Trap)),
    ("thread", Says("RuntimeError: can't start new thread")),
    ("fork", Says("AttributeError: module 'os' has no attribute 'fork'")),
    ("process", Says("OSError: [Errno 58] wasi does not support processes.")),
    ("standard-input", Breaks(PluginErrorKind::Trap)),
    ("standard-output", Breaks(PluginErrorKind::Trap)),
    ("four-gigabytes", Says("OverflowError: cannot fit 'int' into an index-sized integer")),
    ("memory", Breaks(PluginErrorKind::OutOfMemory)),
    ("memory-politely", Says("got 'less than 32 MiB'")),
];

#[test]
fn rust_gets_at_nothing() {
    if there("rustc", &["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]) {
        gets_at_nothing("rust", &RUST);
    }
}

#[test]
fn javascript_gets_at_nothing() {
    if there("componentize-qjs", &["--help"]) {
        gets_at_nothing("javascript", &JAVASCRIPT);
    }
}

#[test]
fn python_gets_at_nothing() {
    if there("componentize-py", &["--help"]) {
        gets_at_nothing("python", &PYTHON);
    }
}

/// Whether what builds a language's plugins is here; says so when it is not.
fn there(program: &str, arguments: &[&str]) -> bool {
    let name =
        if cfg!(windows) && program.ends_with("qjs") { format!("{program}.cmd") } else { program.into() };
    let said = Command::new(name).args(arguments).output().ok().filter(|said| said.status.success());
    let there = said.is_some_and(|said| {
        program != "rustc" || Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_dir()
    });
    if !there {
        #[allow(clippy::print_stderr)] // the only way for a test to say that it proved less than it could
        {
            eprintln!("skipped: {program} is not here to build the hostile plugin");
        }
    }
    there
}

fn gets_at_nothing(language: &str, attempts: &[(&str, End)]) {
    let (engine, _guard) = engine();
    let home = tempfile::tempdir().expect("a home");
    let package = built(language, home.path());
    // The policy's own cache: the component is compiled once for all that follows.
    let caching = Engine::start(Some(&home.path().join("cache"))).expect("an engine");
    let plugin = loaded(&caching, &package);
    let grown = growth(|| {
        for (role, end) in attempts {
            assert_ends(&plugin, role, end);
        }
    });
    assert!(grown < MOST_GROWTH, "the host grew by {grown} bytes");
    assert_good_plugin_works(engine);
    let (broken, _) = attempts.iter().find(|(role, _)| *role == "clock").expect("an attempt");
    assert_the_layer_below_decides(home.path(), &package, broken);
    assert_the_layer_below_decides(home.path(), &package, "memory");
}

fn built(language: &str, home: &Path) -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // What Rust plugins depend on is built once for all tests of the workspace.
    let target_dir = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("author"));
    let options = BuildOptions { target_dir, locked: true, offline: true };
    let package = home.join("package");
    build_plugin(&repository.join("plugins/hostile").join(language), &package, &options)
        .expect("it is built");
    package
}

fn loaded(engine: &Engine, package: &Path) -> Plugin {
    let manifest = Manifest::read(package).expect("a manifest");
    let limits = manifest.granted();
    let bytes = read_component(&package.join("plugin.wasm"), limits.component_bytes).expect("a component");
    let spec = PluginSpec {
        id: manifest.id.to_string(),
        version: manifest.version.to_string(),
        digest: manifest.sha256.clone().expect("a digest"),
        world: manifest.world,
        limits,
        config: Vec::new(),
    };
    engine.load(&bytes, &spec).expect("it loads")
}

fn request(role: &str) -> RouteRequest {
    let role = role.parse().expect("a role");
    RouteRequest { role, task_type: None, write: false, attributes: vec![] }
}

fn assert_ends(plugin: &Plugin, role: &str, end: &End) {
    let [answer, again] = [(); 2].map(|()| plugin.route(&request(role), &[candidate()], None));
    assert_eq!(answer, again, "{role} in another call");
    match (answer, end) {
        (Ok(Verdict::Deny(said)), Says(expected)) => assert_eq!(said, *expected, "{role}"),
        (Ok(Verdict::Deny(said)), Same(start)) => assert!(said.starts_with(start), "{role}: {said}"),
        (Err(error), Breaks(kind)) => {
            assert_eq!(error.kind, *kind, "{role}: {error}");
            assert!(
                error.to_string().starts_with(&format!("plugin '{}' 0.1.0 ", plugin.id())),
                "{role}: {error}"
            );
        }
        (answer, _) => panic!("{role} ended with {answer:?}"),
    }
}

/// As the user's own plugin, in a home like any other.
fn assert_the_layer_below_decides(home: &Path, package: &Path, role: &str) {
    if !home.join(LOCK).is_file() {
        add_local(home, package).expect("added");
    }
    let policy = Policy::new(PolicyConfig { home: home.into(), project: None });
    let decision = policy.route(&request(role), &[candidate()], None).expect("routed");
    let step = decision.trace.iter().find(|step| step.who.starts_with("hostile.")).expect("it was asked");
    assert_eq!((step.said, decision.choice.profile_id.as_str()), (Said::Failed, "p1"), "{}", step.reason);
    assert!(step.reason.contains(&step.who), "{}", step.reason);
}
