//! Three layers of routers, and the override above them.

use std::{path::Path, thread};

use cc_domain::{Layer, Said};
use cc_policy::{PolicyError, Status, engine::digest, trust};

use crate::kit::{Say, World, candidates, chosen, request, route, router, said, status};

#[test]
fn the_default_plugins_decide_in_an_empty_home() {
    let world = World::new();
    let decision = route(&world.policy()).expect("routed");
    let step = decision.trace.first().expect("a step");
    assert_eq!(
        (step.who.as_str(), step.plugin.as_ref().map(|p| p.layer)),
        ("cc.router", Some(Layer::Bundled))
    );
    assert_ne!(step.said, Said::Failed, "{}", step.reason);
}

#[test]
fn listing_plugins_and_reading_overrides_starts_no_engine_and_writes_nothing() {
    let world = World::new();
    let policy = world.policy();
    assert_eq!(policy.plugins().len(), 5);
    policy.overrides().expect("none set");
    assert!(!policy.engine_started() && !world.home().exists());
    route(&policy).expect("routed");
    assert!(policy.engine_started());
}

#[test]
fn each_layer_sees_and_may_replace_what_the_one_below_chose() {
    let world = World::new();
    world.add_router("team.first", Say::Choose("p1", "k2"));
    let top = router(Say::Choose("p3", "4.6"));
    world.project_plugin("shop.top", "router", &top);
    trust(&world.home(), &world.project()).expect("trusted");
    let decision = route(&world.policy()).expect("routed");
    assert_eq!((decision.choice.profile_id.as_str(), decision.choice.reason.as_str()), ("p3", "because"));
    let layers: Vec<_> =
        decision.trace.iter().filter_map(|step| step.plugin.as_ref()).map(|p| p.layer).collect();
    assert_eq!(layers, [Layer::Bundled, Layer::User, Layer::Project]);
    let spoke = decision.trace.last().and_then(|step| step.plugin.clone()).expect("a plugin");
    assert_eq!(spoke.digest, digest(&top));
}

#[test]
fn a_router_that_traps_or_names_nothing_leaves_the_layer_below_standing() {
    for bad in [Say::Trap, Say::Choose("p9", "k2")] {
        let world = World::new();
        world.add_router("a.good", Say::Choose("p1", "k2"));
        world.add_router("b.bad", bad);
        let decision = route(&world.policy()).expect("routed");
        assert_eq!(
            (decision.choice.profile_id.as_str(), said(&decision, "b.bad")),
            ("p1", Some(Said::Failed))
        );
    }
}

#[test]
fn a_denial_stops_the_chain_and_only_the_override_goes_past_it() {
    let world = World::new();
    world.add_router("a.no", Say::Deny("not today"));
    world.add_router("b.late", Say::Choose("p1", "k2"));
    let policy = world.policy();
    let Err(PolicyError::Denied { who, reason, trace }) = route(&policy) else { panic!("denied") };
    assert_eq!((who.as_str(), reason.as_str()), ("a.no (user layer)", "not today"));
    assert!(trace.iter().all(|step| step.who != "b.late"));
    let explicit = policy.route(&request(), &candidates(), Some("Kimi"));
    assert!(matches!(explicit, Err(PolicyError::Denied { .. })));
    world.write("overrides.toml", "[preferred_profiles]\nreview = \"深度求索\"\n");
    assert_eq!(chosen(&policy), "p2");
    world.write("overrides.toml", "[preferred_profiles]\nreview = \"求索\"\n");
    assert!(matches!(route(&policy), Err(PolicyError::Denied { .. })));
}

#[test]
fn the_lock_orders_a_layer_and_a_running_server_sees_it_change() {
    let world = World::new();
    let first = world.add_router("a.first", Say::Choose("p1", "k2"));
    world.add_router("b.second", Say::Choose("p3", "4.6"));
    let policy = world.policy();
    assert_eq!(chosen(&policy), "p3");
    world.edit("plugins.lock", &format!("order = {}\n", first.plugin.order), "order = 99\n");
    assert_eq!(chosen(&policy), "p1");
    let id = "a.first".parse().expect("an id");
    cc_policy::set_enabled(&world.home(), &id, false).expect("switched");
    assert_eq!(chosen(&policy), "p3");
    assert_eq!(status(&policy, "a.first").map(|(status, _)| status), Some(Status::Disabled));
}

#[test]
fn a_broken_overrides_file_stops_decisions_and_says_where_it_is_wrong() {
    let world = World::new();
    let policy = world.policy();
    world.write("overrides.toml", "notes = \"x\"\n[preferred_model]\nreview = \"k2\"\n");
    let error = route(&policy).expect_err("refused").to_string();
    assert!(error.contains("overrides.toml, line 2") && error.contains("backups"), "{error}");
    world.write("overrides.toml", "[preferred_models]\nreview = \"k2\"\n");
    assert_eq!(chosen(&policy), "p1");
}

#[test]
fn a_broken_lock_stops_decisions_and_is_listed() {
    let world = World::new();
    world.write("plugins.lock", "[[plugin]]\nid = 7\n");
    let policy = world.policy();
    let error = route(&policy).expect_err("refused").to_string();
    assert!(error.contains("plugins.lock, line 2"), "{error}");
    let plugins = policy.plugins();
    assert_eq!((plugins.len(), plugins[5].status), (6, Status::Broken));
    assert!(plugins[5].reason.as_ref().is_some_and(|reason| reason.contains("line 2")));
}

#[test]
fn calls_run_at_the_same_time_on_one_policy() {
    let world = World::new();
    world.add_router("team.first", Say::Choose("p3", "4.6"));
    let policy = world.policy();
    thread::scope(|scope| {
        let calls: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (chosen(&policy), policy.plugins().len()))).collect();
        assert!(calls.into_iter().all(|call| call.join().expect("no panic") == ("p3".to_owned(), 6)));
    });
}

#[test]
fn a_project_that_is_gone_is_no_error() {
    let world = World::new();
    let project = Some(Path::new("/there/is/no/such/project").to_path_buf());
    let policy = cc_policy::Policy::new(cc_policy::PolicyConfig { home: world.home(), project });
    assert_eq!(policy.plugins().len(), 5);
}
