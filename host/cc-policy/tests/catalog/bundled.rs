//! The committed components are built from the committed sources.

use std::path::Path;

use cc_policy::{BUNDLED, LockedBundle, Manifest, engine::digest, read_bundled_lock};

#[test]
fn the_bundled_components_are_those_of_the_lock_and_of_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let lock = read_bundled_lock(&root).expect("a lock");
    assert_eq!(
        lock.plugin.iter().map(|plugin| plugin.name.as_str()).collect::<Vec<_>>(),
        BUNDLED.map(|b| b.name)
    );
    let mut stale = Vec::new();
    for (locked, bundled) in lock.plugin.iter().zip(BUNDLED) {
        let manifest = Manifest::parse(bundled.name, bundled.manifest).expect("a manifest");
        assert_eq!((&manifest.id, manifest.version.to_string()), (&locked.id, locked.version.clone()));
        assert_eq!((manifest.world, manifest.sha256.as_ref()), (locked.world, Some(&locked.sha256)));
        assert_eq!(digest(bundled.component), locked.sha256, "{}", locked.name);
        if LockedBundle::source_digest(&root, &locked.name).expect("sources") != locked.source_sha256 {
            stale.push(locked.name.as_str());
        }
    }
    assert!(
        stale.is_empty(),
        "{stale:?} changed: run `cargo run -p cc-orchestrator -- plugin build --bundled .`"
    );
}
