//! Secret rules: all scanners or none.

use cc_policy::{PolicyError, Status, read_rules, set_enabled, trust};

use crate::kit::{World, scanner, status};

#[test]
fn the_rules_are_kept_in_a_file_that_needs_no_engine() {
    let world = World::new();
    let set = world.policy().secret_rules().expect("rules");
    assert_eq!(read_rules(&set.file).expect("readable"), set.rules);
    assert!(set.file.starts_with(world.home().join("cache/secret-rules")));
    let later = world.policy();
    assert_eq!(later.secret_rules().expect("rules"), set);
    assert!(!later.engine_started());
    world.add("team.scanner", "secret-scanner", &scanner(true));
    assert_ne!(later.secret_rules().expect("rules").digest, set.digest);
}

#[test]
fn one_scanner_that_fails_fails_them_all_until_it_is_switched_off() {
    let world = World::new();
    world.add("team.scanner", "secret-scanner", &scanner(false));
    let policy = world.policy();
    let error = policy.secret_rules().expect_err("refused");
    assert!(
        matches!(error, PolicyError::FailClosed(_)) && error.to_string().contains("team.scanner"),
        "{error}"
    );
    set_enabled(&world.home(), &"team.scanner".parse().expect("an id"), false).expect("switched");
    policy.secret_rules().expect("rules");
}

#[test]
fn a_changed_scanner_is_no_missing_scanner() {
    let world = World::new();
    let policy = world.policy();
    world.project_plugin("shop.scanner", "secret-scanner", &scanner(true));
    policy.secret_rules().expect("a stranger's scanner is not asked");
    trust(&world.home(), &world.project()).expect("trusted");
    policy.secret_rules().expect("rules");
    world.project_plugin("shop.scanner", "secret-scanner", &scanner(false));
    assert_eq!(status(&policy, "shop.scanner").map(|(state, _)| state), Some(Status::Changed));
    assert!(matches!(policy.secret_rules(), Err(PolicyError::FailClosed(_))));
}
