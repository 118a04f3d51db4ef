//! Signed folders, places and promotion, without a network.

use std::{fs, io::Cursor};

use cc_policy::{
    Consent, Parcel, Place, Policy, PolicyConfig, PolicyError, Status, add, add_key, forgive, promote,
    set_place,
};
use minisign::KeyPair;

use crate::kit::{Say, World, chosen, route, router, said, status};

fn sign(folder: &std::path::Path, pair: &KeyPair) {
    let manifest = fs::read(folder.join("plugin.toml")).expect("readable");
    let signature = minisign::sign(None, &pair.sk, Cursor::new(manifest), None, None).expect("a signature");
    fs::write(folder.join("plugin.toml.minisig"), signature.to_string()).expect("written");
}

#[test]
fn a_signed_folder_is_held_to_its_signature_too() {
    let world = World::new();
    let pair = KeyPair::generate_unencrypted_keypair().expect("a key");
    let name: cc_policy::KeyName = "acme".parse().expect("a name");
    add_key(&world.home(), name.clone(), &pair.pk.to_base64()).expect("pinned");
    let folder = world.source("team.router", "router", &router(Say::Choose("p1", "k2")));
    sign(&folder, &pair);
    let added =
        add(&world.home(), &Parcel::read(&folder).expect("read"), &Consent::default()).expect("added");
    assert_eq!(added.plugin.signed_by, Some(name));
    assert_eq!(chosen(&world.policy()), "p1");

    fs::write(folder.join("plugin.wasm"), router(Say::Choose("p3", "4.6"))).expect("written");
    let error =
        add(&world.home(), &Parcel::read(&folder).expect("read"), &Consent::default()).expect_err("other");
    assert!(error.to_string().contains("another plugin.wasm"), "{error}");
    let text = fs::read_to_string(folder.join("plugin.toml")).expect("readable") + "# more\n";
    fs::write(folder.join("plugin.toml"), text).expect("written");
    fs::write(folder.join("plugin.wasm"), router(Say::Choose("p1", "k2"))).expect("written");
    let error =
        add(&world.home(), &Parcel::read(&folder).expect("read"), &Consent::default()).expect_err("broken");
    assert!(matches!(error, PolicyError::NotTrusted(_)), "{error}");
}

#[test]
fn the_users_order_decides_who_outranks_whom() {
    let world = World::new();
    for (id, say) in
        [("a.one", Say::Choose("p1", "k2")), ("b.two", Say::Choose("p3", "4.6")), ("c.three", Say::Keep)]
    {
        world.add_router(id, say);
    }
    let policy = world.policy();
    assert_eq!(chosen(&policy), "p3");
    let id = |text: &str| text.parse().expect("an id");
    let order = |what: &str, place: Place| {
        let all = set_place(&world.home(), &id(what), &place).expect("moved");
        all.iter().map(|plugin| plugin.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(order("a.one", Place::Last), ["b.two", "c.three", "a.one"]);
    assert_eq!(chosen(&policy), "p1");
    assert_eq!(order("a.one", Place::Before(id("c.three"))), ["b.two", "a.one", "c.three"]);
    assert_eq!(order("c.three", Place::First), ["c.three", "b.two", "a.one"]);
    assert_eq!(order("b.two", Place::After(id("a.one"))), ["c.three", "a.one", "b.two"]);
    assert_eq!(chosen(&policy), "p3");
    assert!(set_place(&world.home(), &id("a.one"), &Place::Before(id("a.one"))).is_err());
    assert!(set_place(&world.home(), &id("a.one"), &Place::After(id("d.none"))).is_err());
}

#[test]
fn a_shadow_is_asked_at_its_place_and_changes_nothing() {
    let world = World::new();
    world.add_router("a.one", Say::Choose("p1", "k2"));
    let folder = world.source("b.two", "router", &router(Say::Choose("p3", "4.6")));
    let shadow = Consent { shadow: true, ..Consent::default() };
    add(&world.home(), &Parcel::read(&folder).expect("read"), &shadow).expect("added");
    let policy = world.policy();
    let decision = route(&policy).expect("routed");
    assert_eq!((decision.choice.profile_id.as_str(), said(&decision, "b.two")), ("p1", None));
    let seen = &decision.shadows[0];
    assert_eq!((seen.differs, seen.would_choose.as_ref().map(|c| c.profile_id.as_str())), (true, Some("p3")));
    promote(&world.home(), &"b.two".parse().expect("an id")).expect("promoted");
    assert_eq!(chosen(&policy), "p3");
    assert!(promote(&world.home(), &"b.two".parse().expect("an id")).is_err());
    let scanner = world.source("c.scan", "secret-scanner", &crate::kit::scanner(true));
    let error = add(&world.home(), &Parcel::read(&scanner).expect("read"), &shadow).expect_err("no router");
    assert!(error.to_string().contains("only routers"), "{error}");
}

#[test]
fn a_scanner_that_fails_is_never_set_aside_and_a_router_is() {
    let world = World::new();
    world.add("a.scan", "secret-scanner", &crate::kit::scanner(false));
    world.add_router("b.router", Say::Trap);
    let policy = world.policy();
    for _ in 0..4 {
        assert!(policy.secret_rules().is_err(), "without all rules nothing starts");
        route(&policy).expect("the layer below decides");
    }
    assert_eq!(status(&policy, "a.scan").map(|(state, _)| state), Some(Status::Ready));
    assert_eq!(status(&policy, "b.router").map(|(state, _)| state), Some(Status::SetAside));
    assert!(forgive(&world.home(), &"b.router".parse().expect("an id")).expect("forgiven"));
    assert_eq!(status(&policy, "b.router").map(|(state, _)| state), Some(Status::Ready));
}

#[test]
fn a_plugin_is_tried_as_if_it_was_added() {
    let world = World::new();
    world.add_router("a.one", Say::Choose("p1", "k2"));
    let folder = world.source("a.one", "router", &router(Say::Choose("p3", "4.6")));
    let config = PolicyConfig { home: world.home(), project: Some(world.project()) };
    assert_eq!(chosen(&Policy::trying(config, &folder).expect("a policy")), "p3");
    assert_eq!(chosen(&world.policy()), "p1", "nothing was added");
}
