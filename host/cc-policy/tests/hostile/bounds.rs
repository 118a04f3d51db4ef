//! Plugins that take too much: time, memory, stack, answer.

use cc_policy::engine::{Limits, PluginErrorKind, PluginSpec, World};

use crate::{GOOD, assert_refused, component, engine, load, memory::growth, route, router, spec};

/// What a hostile plugin may cost the host at its peak: its own 32 MiB, and room for the rest of the test.
pub(crate) const MOST_GROWTH: u64 = 64 << 20;

#[test]
fn an_endless_loop_ends_at_its_deadline() {
    let (engine, _guard) = engine();
    let plugin = router(engine, include_str!("endless_loop.wat")).expect("it loads");
    let error = assert_refused(engine, route(&plugin), PluginErrorKind::DeadlineExceeded);
    assert!(
        error.to_string().contains("ran past its deadline of 100 ms; make it faster, or raise deadline_ms")
    );
}

#[test]
fn an_endless_loop_on_the_engine_for_large_plugins_ends_too() {
    let (engine, _guard) = engine();
    let bytes = component::of(component::POLICY, "router", include_str!("endless_loop.wat"));
    let mut spec = spec(&bytes, World::Router);
    spec.limits.memory_bytes = 64 << 20;
    let plugin = engine.load(&bytes, &spec).expect("it loads");
    assert_refused(engine, route(&plugin), PluginErrorKind::DeadlineExceeded);
}

#[test]
fn an_endless_loop_at_the_start_ends_while_it_is_loaded() {
    let (engine, _guard) = engine();
    let looping = include_str!("trap_in_start.wat").replace("(unreachable)", "(loop $again (br $again))");
    let error = assert_refused(engine, router(engine, &looping), PluginErrorKind::DeadlineExceeded);
    assert!(error.what.contains("while it started"), "{error}");
}

#[test]
fn a_memory_bomb_gets_its_limit_and_no_more() {
    let (engine, _guard) = engine();
    let plugin = router(engine, include_str!("memory_bomb.wat")).expect("it loads");
    let grown = growth(|| {
        let error = assert_refused(engine, route(&plugin), PluginErrorKind::OutOfMemory);
        assert!(error.to_string().contains("more memory than its limit of 32 MiB; "), "{error}");
    });
    assert!(grown < MOST_GROWTH, "the host grew by {grown} bytes");
}

#[test]
fn four_gigabytes_at_the_start_are_refused_while_it_is_loaded() {
    let (engine, _guard) = engine();
    let greedy = GOOD.replace("(memory (export \"memory\") 1)", "(memory (export \"memory\") 65536)");
    let grown = growth(|| {
        let error = assert_refused(engine, router(engine, &greedy), PluginErrorKind::OutOfMemory);
        assert!(error.what.contains("its limit of 32 MiB while it started"), "{error}");
    });
    assert!(grown < MOST_GROWTH, "the host grew by {grown} bytes");
}

#[test]
fn a_limit_below_the_pools_holds_too() {
    let (engine, _guard) = engine();
    let bytes = component::of(component::POLICY, "router", include_str!("memory_bomb.wat"));
    let limits = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    let plugin =
        engine.load(&bytes, &PluginSpec { limits, ..spec(&bytes, World::Router) }).expect("it loads");
    let error = assert_refused(engine, route(&plugin), PluginErrorKind::OutOfMemory);
    assert!(error.what.contains("1 MiB"), "{error}");
    let limits = Limits { memory_bytes: 1 << 10, ..Limits::default() };
    let too_small = engine.load(&bytes, &PluginSpec { limits, ..spec(&bytes, World::Router) });
    assert_refused(engine, too_small, PluginErrorKind::OutOfMemory);
}

#[test]
fn deep_recursion_ends_before_the_hosts_stack_does() {
    let (engine, _guard) = engine();
    let plugin = router(engine, include_str!("deep_recursion.wat")).expect("it loads");
    assert_refused(engine, route(&plugin), PluginErrorKind::StackOverflow);
}

#[test]
fn a_trap_at_the_start_is_told_when_it_is_loaded() {
    let (engine, _guard) = engine();
    let error =
        assert_refused(engine, router(engine, include_str!("trap_in_start.wat")), PluginErrorKind::Trap);
    assert!(error.what.starts_with("trapped while it started"), "{error}");
}

#[test]
fn a_hundred_megabytes_of_answer_are_not_taken() {
    let (engine, _guard) = engine();
    let bytes = component::of(component::POLICY, "prompt-pack", include_str!("huge_string.wat"));
    let mut spec = spec(&bytes, World::PromptPack);
    spec.limits = Limits { memory_bytes: 128 << 20, ..Limits::default() };
    let plugin = engine.load(&bytes, &spec).expect("it loads");
    let grown = growth(|| {
        assert_refused(engine, plugin.render("x", &[]), PluginErrorKind::OutputTooLarge);
        let error = assert_refused(engine, plugin.templates(), PluginErrorKind::OutputTooLarge);
        assert!(error.what.contains("4194304 bytes"), "{error}");
    });
    assert!(grown < MOST_GROWTH, "the host grew by {grown} bytes");
}

#[test]
fn an_answer_outside_its_memory_breaks_the_contract() {
    let (engine, _guard) = engine();
    let plugin = router(engine, include_str!("wild_answer.wat")).expect("it loads");
    assert_refused(engine, route(&plugin), PluginErrorKind::BadOutput);
}

#[test]
fn a_failure_is_told_in_one_plain_line() {
    let (engine, _guard) = engine();
    let plugin = router(engine, include_str!("rude_failure.wat")).expect("it loads");
    let error = route(&plugin).expect_err("a failure");
    assert_eq!((error.kind, error.hint.as_deref()), (PluginErrorKind::Said, None));
    assert_eq!(error.to_string(), "plugin 'team.hostile' 6.6.6 failed: no [2J route   here");
}

#[test]
fn more_calls_at_once_than_the_pool_has_slots_all_get_an_answer() {
    let (engine, _guard) = engine();
    let plugin = router(engine, GOOD).expect("it loads");
    std::thread::scope(|scope| {
        let calls = (0..32).map(|_| scope.spawn(|| route(&plugin))).collect::<Vec<_>>();
        assert!(calls.into_iter().all(|call| call.join().expect("no panic").is_ok()));
    });
}

#[test]
fn a_component_of_several_parts_with_memories_of_their_own_is_compiled() {
    let (engine, _one) = engine();
    let bytes = wat::parse_str(include_str!("two_memories.wat")).expect("valid WAT");
    // Its function has another type than the contract's, which is seen once it is compiled and started.
    let error = assert_refused(engine, load(engine, &bytes), PluginErrorKind::WrongWorld);
    assert!(error.what.contains("functions of other types"), "{error}");
}
