//! A project's plugins, before and after the user trusts them.

use std::fs;

use cc_policy::{Status, trust, untrust};

use crate::kit::{Say, World, chosen, package_for, router, scanner, status};

#[test]
fn a_project_decides_nothing_until_it_is_trusted() {
    let world = World::new();
    let policy = world.policy();
    world.project_plugin("shop.router", "router", &router(Say::Choose("p1", "k2")));
    let before = chosen(&policy);
    assert_ne!(before, "p1");
    let (state, reason) = status(&policy, "shop.router").expect("listed");
    assert_eq!(state, Status::Untrusted);
    assert!(reason.contains("not trusted"), "{reason}");
    let trusted = trust(&world.home(), &world.project()).expect("trusted");
    assert_eq!((trusted.project.plugins.len(), trusted.skipped.len()), (1, 0));
    assert_eq!(chosen(&policy), "p1");
    assert!(untrust(&world.home(), &world.project()).expect("taken back"));
    assert_eq!(chosen(&policy), before);
    assert!(!untrust(&world.home(), &world.project()).expect("nothing to take back"));
}

#[test]
fn changed_bytes_do_not_load_until_the_project_is_trusted_again() {
    let world = World::new();
    let policy = world.policy();
    world.project_plugin("shop.router", "router", &router(Say::Choose("p1", "k2")));
    trust(&world.home(), &world.project()).expect("trusted");
    assert_eq!(chosen(&policy), "p1");
    world.project_plugin("shop.router", "router", &router(Say::Choose("p3", "4.6 ")));
    assert_eq!(status(&policy, "shop.router").map(|(state, _)| state), Some(Status::Changed));
    assert_ne!(chosen(&policy), "p3");
    world.project_plugin("shop.router", "router", &router(Say::Choose("p3", "4.6")));
    trust(&world.home(), &world.project()).expect("trusted");
    assert_eq!(chosen(&policy), "p3");
}

#[test]
fn a_changed_manifest_counts_as_a_change() {
    let world = World::new();
    let folder = world.project_plugin("shop.router", "router", &router(Say::Choose("p1", "k2")));
    trust(&world.home(), &world.project()).expect("trusted");
    let path = folder.join("plugin.toml");
    let text = fs::read_to_string(&path).expect("readable");
    fs::write(&path, format!("{text}[config]\nfloor = 1\n")).expect("written");
    let policy = world.policy();
    let (state, reason) = status(&policy, "shop.router").expect("listed");
    assert_eq!(state, Status::Changed);
    assert!(reason.contains("plugin.toml changed"), "{reason}");
    assert_ne!(chosen(&policy), "p1");
}

#[test]
fn a_plugin_that_comes_later_is_not_trusted_with_the_others() {
    let world = World::new();
    let policy = world.policy();
    world.project_plugin("shop.a", "router", &router(Say::Keep));
    trust(&world.home(), &world.project()).expect("trusted");
    world.project_plugin("shop.b", "router", &router(Say::Choose("p1", "k2")));
    let (state, reason) = status(&policy, "shop.b").expect("listed");
    assert_eq!(state, Status::Untrusted);
    assert!(reason.contains("was not there"), "{reason}");
    assert_eq!(status(&policy, "shop.a").map(|(state, _)| state), Some(Status::Ready));
}

#[test]
fn folders_that_hold_no_plugin_are_named_and_not_trusted() {
    let world = World::new();
    let named_otherwise = world.project().join(".cc-orchestrator/plugins/shop.x");
    package_for(&named_otherwise, "shop.y", "router", &router(Say::Keep), "*");
    fs::create_dir_all(world.project().join(".cc-orchestrator/plugins/empty")).expect("a folder");
    let trusted = trust(&world.home(), &world.project()).expect("trusted");
    assert_eq!((trusted.project.plugins.len(), trusted.skipped.len()), (0, 2));
}

#[test]
fn a_trusted_plugin_that_is_gone_is_missed() {
    let world = World::new();
    let policy = world.policy();
    let folder = world.project_plugin("shop.scanner", "secret-scanner", &scanner(true));
    trust(&world.home(), &world.project()).expect("trusted");
    policy.secret_rules().expect("rules");
    fs::remove_dir_all(folder).expect("removed");
    assert_eq!(status(&policy, "shop.scanner").map(|(state, _)| state), Some(Status::Broken));
    assert!(policy.secret_rules().is_err());
    trust(&world.home(), &world.project()).expect("trusted without it");
    policy.secret_rules().expect("rules");
}

#[test]
fn a_stranger_s_project_cannot_stop_decisions() {
    let world = World::new();
    let plugins = world.project().join(".cc-orchestrator/plugins");
    for n in 0..65 {
        fs::create_dir_all(plugins.join(format!("p{n}"))).expect("a folder");
    }
    let policy = world.policy();
    chosen(&policy);
    let (state, reason) = status(&policy, "(unknown)").expect("listed");
    assert_eq!(state, Status::Untrusted);
    assert!(reason.contains("more than 64"), "{reason}");
}

#[test]
fn a_stranger_s_texts_cannot_drive_a_terminal() {
    let world = World::new();
    let folder = world.project_plugin("shop.router", "router", &router(Say::Keep));
    let text = fs::read_to_string(folder.join("plugin.toml")).expect("readable");
    fs::write(folder.join("plugin.toml"), format!("description = \"a\\u001b[2Jb\"\n{text}"))
        .expect("written");
    let plugins = world.policy().plugins();
    let found = plugins.iter().find(|plugin| plugin.id == "shop.router").expect("listed");
    assert!(found.description.as_ref().is_some_and(|text| text.starts_with('a') && !text.contains('\u{1b}')));
}
