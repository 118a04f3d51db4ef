//! Prompt packs, scorers and reviewers: the highest answers, the one below when it fails.

use cc_domain::{Layer, ModelToScore, Role, RunFacts, Said};

use crate::kit::{Memory, World, plugin};

const RENDER: [(&str, usize); 2] = [("templates", 0), ("render", 4)];

/// A pack whose every answer is a list of one template, `mine`; read as a text it is some bytes of its memory.
fn pack() -> Vec<u8> {
    // ok, list at 1036 of length 1; then name, title, description, kind and no variables.
    let memory = Memory::default().word(0).word(1036).word(1).text("mine").text("Mine").text("A test.");
    plugin("prompt-pack", "prompts", &RENDER, Some(&memory.word(0).word(0).word(0)))
}

#[test]
fn a_user_s_template_stands_beside_the_default_ones() {
    let world = World::new();
    let policy = world.policy();
    let before = policy.templates().expect("templates").len();
    world.add("team.pack", "prompt-pack", &pack());
    let templates = policy.templates().expect("templates");
    assert_eq!(templates.len(), before + 1);
    assert!(templates.iter().any(|template| template.name == "mine" && template.title == "Mine"));
    let rendered = policy.render("mine", &[]).expect("rendered");
    assert_eq!(rendered.plugin.map(|plugin| plugin.layer), Some(Layer::User));
    assert!(policy.render("no-such-template", &[]).is_err());
}

#[test]
fn a_pack_that_fails_leaves_the_default_ones() {
    let world = World::new();
    let policy = world.policy();
    let before = policy.templates().expect("templates");
    world.add("team.pack", "prompt-pack", &plugin("prompt-pack", "prompts", &RENDER, None));
    assert_eq!(policy.templates().expect("templates"), before);
}

#[test]
fn a_scorer_that_fails_leaves_it_to_the_default_one() {
    let world = World::new();
    world.add("team.scorer", "model-scorer", &plugin("model-scorer", "model-scoring", &[("score", 4)], None));
    let roles = [Role::default()];
    let models = [ModelToScore { profile_id: "p1".into(), model: "k2".into(), attributes: Vec::new() }];
    let answer = world.policy().score(&roles, &models).expect("scores");
    assert_eq!((answer.value.len(), answer.value[0].roles.len()), (1, 1));
    let steps: Vec<_> = answer.trace.iter().map(|step| (step.who.as_str(), step.said)).collect();
    assert_eq!(steps, [("team.scorer", Said::Failed), ("cc.model-scorer", Said::Chose)]);
}

#[test]
fn a_reviewer_that_fails_leaves_it_to_the_default_one() {
    let world = World::new();
    world.add("team.reviewer", "run-reviewer", &plugin("run-reviewer", "run-review", &[("review", 1)], None));
    let answer = world.policy().review(&RunFacts::default()).expect("a review");
    assert_eq!(answer.plugin.map(|plugin| plugin.id).as_deref(), Some("cc.run-reviewer"));
    assert_eq!(answer.trace.len(), 2);
}
