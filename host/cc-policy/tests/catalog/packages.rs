//! What is said of a package before it is added.

use std::fs;

use cc_policy::{engine::World as Kind, inspect_package, validate_package};

use crate::kit::{Say, World, package_for, router};

#[test]
fn a_good_package_is_described() {
    let world = World::new();
    let folder = world.source("team.router", "router", &router(Say::Keep));
    let report = validate_package(&folder, None);
    assert!(report.ok, "{:?}", report.problems);
    assert_eq!((report.world, report.policy.as_deref()), (Some(Kind::Router), Some("1.0.0")));
    assert_eq!(report.exports, ["cc-orchestrator:policy/routing@1.0.0"]);
    assert_eq!(report, inspect_package(&folder.join("plugin.wasm")));
}

#[test]
fn every_problem_is_named_at_once() {
    let world = World::new();
    let folder = world.source("team.router", "router", &router(Say::Keep));
    package_for(&folder, "team.router", "prompt-pack", &router(Say::Keep), ">=7.0.0");
    fs::write(folder.join("plugin.wasm"), router(Say::Trap)).expect("written");
    let report = inspect_package(&folder);
    assert!(!report.ok);
    for word in ["upgrade cc-orchestrator", "the component is a router", "sha256"] {
        assert!(
            report.problems.iter().any(|problem| problem.contains(word)),
            "{word}: {:?}",
            report.problems
        );
    }
}

#[test]
fn a_folder_without_a_plugin_is_a_report_too() {
    let world = World::new();
    let report = validate_package(&world.project(), None);
    assert_eq!((report.ok, report.problems.len(), report.manifest), (false, 1, None));
}
