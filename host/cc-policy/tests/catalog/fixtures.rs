//! Components built against published policy versions load for ever.

use std::{fs, path::Path};

use cc_domain::{ModelToScore, RunFacts, Verdict};
use cc_policy::engine::{Engine, Limits, Plugin, PluginSpec, World, digest, inspect};

use crate::kit::{candidates, request};

fn load(engine: &Engine, name: &str, world: World) -> Plugin {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy-1.0").join(format!("{name}.wasm"));
    let bytes = fs::read(path).expect("the fixture");
    let found = inspect(&bytes).expect("a component");
    assert_eq!((found.world, found.policy.to_string()), (world, "1.0.0".to_owned()), "{name}");
    let spec = PluginSpec {
        id: format!("cc.{name}"),
        version: "0.1.0".into(),
        digest: digest(&bytes),
        world,
        limits: Limits::default(),
        config: Vec::new(),
    };
    engine.load(&bytes, &spec).expect("it loads")
}

#[test]
fn components_of_policy_1_0_load_and_answer() {
    let engine = Engine::start(None).expect("an engine");
    let router = load(&engine, "router", World::Router);
    let verdict = router.route(&request(), &candidates(), None).expect("a verdict");
    assert!(matches!(verdict, Verdict::Choose(_)), "{verdict:?}");

    let model = ModelToScore { profile_id: "p1".into(), model: "k2".into(), attributes: Vec::new() };
    let scorer = load(&engine, "model-scorer", World::ModelScorer);
    assert_eq!(scorer.score(&[request().role], &[model]).expect("scores").len(), 1);

    let reviewer = load(&engine, "run-reviewer", World::RunReviewer);
    reviewer.review(&RunFacts::default()).expect("a review");

    let scanner = load(&engine, "secret-rules", World::SecretScanner);
    assert!(scanner.rules().expect("rules").len() > 50);

    let pack = load(&engine, "prompt-pack", World::PromptPack);
    assert!(!pack.templates().expect("templates").is_empty());
}
