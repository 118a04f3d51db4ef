//! Adding and removing plugins of the user's.

use std::fs;

use cc_domain::Said;
use cc_policy::{PolicyError, Status, add_local, remove};

use crate::kit::{Say, World, chosen, package_for, route, router, said, status};

#[test]
fn bytes_that_differ_from_the_lock_do_not_load() {
    let world = World::new();
    let added = world.add_router("team.router", Say::Choose("p1", "k2"));
    let policy = world.policy();
    assert_eq!(chosen(&policy), "p1");
    let path = added.folder.join("plugin.wasm");
    let bytes = fs::read(&path).expect("readable");
    fs::write(&path, [&bytes[..], b"\0"].concat()).expect("written");
    let (state, reason) = status(&policy, "team.router").expect("listed");
    assert_eq!(state, Status::Changed);
    assert!(reason.contains("add it again"), "{reason}");
    assert_eq!(said(&route(&policy).expect("routed"), "team.router"), Some(Said::Failed));
    fs::write(&path, &bytes).expect("written");
    assert_eq!(chosen(&policy), "p1");
}

#[test]
fn a_plugin_that_cannot_load_is_kept_with_its_reason() {
    let world = World::new();
    let added = world.add_router("team.router", Say::Keep);
    let policy = world.policy();
    package_for(&added.folder, "team.router", "router", &router(Say::Keep), ">=7.0.0");
    let (state, reason) = status(&policy, "team.router").expect("listed");
    assert_eq!(state, Status::Incompatible);
    assert!(reason.contains("upgrade cc-orchestrator"), "{reason}");
    fs::remove_file(added.folder.join("plugin.toml")).expect("removed");
    assert_eq!(status(&policy, "team.router").map(|(state, _)| state), Some(Status::Broken));
    world.edit("plugins.lock", "world = \"router\"", "world = \"oracle\"");
    assert!(status(&policy, "team.router").is_some());
    assert!(added.folder.join("plugin.wasm").exists());
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let world = World::new();
    let folder = world.source("team.router", "router", &router(Say::Keep));
    let refused = |word: &str| {
        let error = add_local(&world.home(), &folder).expect_err(word).to_string();
        assert!(error.contains(word), "{error}");
        assert!(!world.home().exists());
    };
    package_for(&folder, "team.router", "router", &router(Say::Keep), "<0.1.0");
    refused("upgrade the plugin");
    package_for(&folder, "team.router", "prompt-pack", &router(Say::Keep), "*");
    refused("is a router, and its manifest says prompt-pack");
    package_for(&folder, "team.router", "router", b"\0asm\x01\0\0\0", "*");
    refused("core WebAssembly module");
    package_for(&folder, "team.router", "router", &router(Say::Keep), "*");
    fs::write(folder.join("plugin.wasm"), router(Say::Deny("no"))).expect("written");
    refused("another plugin.wasm than its plugin.toml says");
    fs::remove_file(folder.join("plugin.toml")).expect("removed");
    refused("there is no plugin.toml");
}

#[test]
fn adding_again_keeps_the_place_and_what_was_there_before() {
    let world = World::new();
    let first = world.add_router("team.router", Say::Choose("p1", "k2"));
    world.add_router("team.other", Say::Keep);
    let policy = world.policy();
    let again = world.add_router("team.router", Say::Choose("p3", "4.6"));
    assert_eq!((again.plugin.order, again.replaced), (first.plugin.order, Some(first.plugin)));
    assert_eq!(again.backups.len(), 2);
    assert!(again.backups.iter().any(|backup| backup.join("plugin.wasm").exists()));
    assert_eq!(chosen(&policy), "p3");
}

#[test]
fn removing_takes_a_plugin_out_and_keeps_its_files() {
    let world = World::new();
    world.add_router("team.router", Say::Choose("p1", "k2"));
    let policy = world.policy();
    assert_eq!(chosen(&policy), "p1");
    let id = "team.router".parse().expect("an id");
    let removed = remove(&world.home(), &id).expect("removed");
    assert!(removed.backups.iter().any(|backup| backup.join("1.0.0/plugin.wasm").exists()));
    assert_eq!(status(&policy, "team.router"), None);
    assert_ne!(chosen(&policy), "p1");
    assert!(matches!(remove(&world.home(), &id), Err(PolicyError::Refused(_))));
}
