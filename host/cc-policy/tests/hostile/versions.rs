//! Plugins built against another contract than the host's.

use cc_domain::Verdict;
use cc_policy::engine::{PluginErrorKind, World, inspect};

use crate::{GOOD, assert_refused, component, engine, load, route, spec};

/// The contract with another version, and with more in its host interface.
fn contract(version: &str, more: &str) -> String {
    let host = "config: func(key: string) -> option<string>;";
    component::POLICY
        .replace("policy@1.0.0", &format!("policy@{version}"))
        .replace(host, &format!("{host}\n{more}"))
}

/// The good router, built against that version.
fn good(version: &str) -> String {
    GOOD.replace("@1.0.0", &format!("@{version}"))
}

#[test]
fn a_newer_major_says_what_to_upgrade() {
    let (engine, _guard) = engine();
    let bytes = component::of(&contract("2.0.0", ""), "router", &good("2.0.0"));
    let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::NewerPolicy);
    let text = "needs policy 2.x, and this host offers 1.0; upgrade cc-orchestrator, or build the plugin against policy 1.0";
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn a_newer_minor_runs_unless_it_uses_what_is_new() {
    let (engine, _guard) = engine();
    let bytes = component::of(&contract("1.7.0", ""), "router", &good("1.7.0"));
    assert_eq!(inspect(&bytes).expect("a router").policy.to_string(), "1.7.0");
    assert_eq!(route(&load(engine, &bytes).expect("it loads")), Ok(Verdict::Keep));

    let import = "(module (import \"cc-orchestrator:policy/host@1.7.0\" \"today\" (func (result i32)))";
    let newer = good("1.7.0").replacen("(module", import, 1);
    let bytes = component::of(&contract("1.7.0", "today: func() -> u32;"), "router", &newer);
    let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::NewerPolicy);
    assert!(error.what.contains("today"), "{error}");
}

#[test]
fn another_world_than_the_manifest_says_is_refused() {
    let (engine, _guard) = engine();
    let pack = component::of(component::POLICY, "prompt-pack", include_str!("huge_string.wat"));
    let error = assert_refused(engine, load(engine, &pack), PluginErrorKind::WrongWorld);
    assert!(error.what.contains("is a prompt-pack, and its manifest calls it a router"), "{error}");
    let stranger = component::of(
        "package team:stranger; world w { export run: func(); }",
        "w",
        "(module (func (export \"run\")))",
    );
    assert_refused(engine, load(engine, &stranger), PluginErrorKind::WrongWorld);
}

#[test]
fn functions_of_other_types_are_found_when_it_is_loaded() {
    let (engine, _guard) = engine();
    let wit = component::POLICY.replace("deny(string)", "deny");
    let bytes = component::of(&wit, "router", GOOD);
    let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::WrongWorld);
    assert!(error.what.contains("other types than policy 1.x"), "{error}");
}

#[test]
fn a_router_is_no_prompt_pack() {
    let (engine, _guard) = engine();
    let bytes = component::of(component::POLICY, "router", GOOD);
    let plugin = engine.load(&bytes, &spec(&bytes, World::Router)).expect("it loads");
    assert_refused(engine, plugin.render("x", &[]), PluginErrorKind::WrongWorld);
}
