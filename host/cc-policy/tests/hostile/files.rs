//! Files that are no plugin.

use std::fs::File;

use cc_policy::engine::{Limits, PluginErrorKind, PluginSpec, World, inspect, read_component};

use crate::{GOOD, assert_good_plugin_works, assert_refused, component, engine, load, memory::growth, spec};

fn good() -> Vec<u8> {
    component::of(component::POLICY, "router", GOOD)
}

#[test]
fn a_sparse_gigabyte_is_refused_unread() {
    let (engine, _guard) = engine();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plugin.wasm");
    File::create(&path).and_then(|file| file.set_len(1 << 30)).expect("a sparse file");
    let grown = growth(|| {
        let error = read_component(&path, Limits::default().component_bytes).expect_err("too large");
        assert_eq!(error.kind, PluginErrorKind::TooLarge);
        assert!(
            error.to_string().contains("1073741824 bytes, and its limit is 8388608; make it smaller"),
            "{error}"
        );
    });
    assert!(grown < 1 << 20, "the host grew by {grown} bytes");
    assert_good_plugin_works(engine);
}

#[test]
fn a_component_above_its_own_limit_is_refused() {
    let (engine, _guard) = engine();
    let bytes = good();
    let limits = Limits { component_bytes: bytes.len() as u64 - 1, ..Limits::default() };
    let answer = engine.load(&bytes, &PluginSpec { limits, ..spec(&bytes, World::Router) });
    assert_refused(engine, answer, PluginErrorKind::TooLarge);
}

#[test]
fn a_file_cut_anywhere_is_never_run() {
    let (engine, _guard) = engine();
    let whole = good();
    assert_eq!(inspect(&whole).expect("a router").world, World::Router);
    for length in 0..whole.len() {
        // Between two sections, what is left is a component; without its export it is of no world.
        let kind = inspect(&whole[..length]).map_err(|error| error.kind);
        let fits = matches!(kind, Ok(_) | Err(PluginErrorKind::Truncated | PluginErrorKind::WrongWorld));
        assert!(fits, "cut to {length}: {kind:?}");
    }
    assert_refused(engine, load(engine, &whole[..whole.len() / 2]), PluginErrorKind::Truncated);
}

#[test]
fn a_core_module_and_a_text_are_no_components() {
    let (engine, _guard) = engine();
    let core = wat::parse_str(GOOD).expect("a core module");
    let error = assert_refused(engine, load(engine, &core), PluginErrorKind::NotAComponent);
    assert!(error.to_string().contains("core WebAssembly module, not a component; build it with"), "{error}");
    assert_refused(engine, load(engine, b"export function route() {}"), PluginErrorKind::NotAComponent);
}

#[test]
fn another_content_than_was_installed_is_refused() {
    let (engine, _guard) = engine();
    let bytes = good();
    let answer = engine.load(&bytes, &PluginSpec { digest: "0".repeat(64), ..spec(&bytes, World::Router) });
    let error = assert_refused(engine, answer, PluginErrorKind::Digest);
    assert!(error.what.contains(&spec(&bytes, World::Router).digest), "{error}");
}

#[test]
fn a_damaged_or_foreign_cache_entry_is_compiled_again() {
    let (_, _guard) = engine();
    let home = tempfile::tempdir().expect("a folder");
    let cached = cc_policy::engine::Engine::start(Some(home.path())).expect("an engine");
    assert_good_plugin_works(&cached);
    let entries = || std::fs::read_dir(home.path().join("compiled")).expect("the cache").collect::<Vec<_>>();
    assert_eq!(entries().len(), 1);
    let entry = entries().remove(0).expect("an entry").path();
    let whole = std::fs::read(&entry).expect("an entry");

    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    File::open(&entry).and_then(|file| file.set_modified(long_ago)).expect("aged");
    assert_good_plugin_works(&cached);
    let used = std::fs::metadata(&entry).and_then(|metadata| metadata.modified()).expect("a time");
    assert!(used > long_ago, "the entry was not used");

    std::fs::write(&entry, &whole[..whole.len() / 2]).expect("torn");
    assert_good_plugin_works(&cached);
    assert_eq!(std::fs::read(&entry).expect("an entry").len(), whole.len());
}
