//! A question of each world, for plugins without fixtures.

use serde_json::{Value, json};

use super::{fixtures::Asked, question::Question};
use crate::{PolicyError, engine::World};

/// The sample of a world.
pub(super) fn of(world: World) -> Result<Asked, PolicyError> {
    let (call, input) = sample(world);
    let question = Question::read(world, Some(call), &input).map_err(PolicyError::Refused)?;
    Ok(Asked { name: format!("a sample {call}"), question, config: Vec::new() })
}

fn sample(world: World) -> (&'static str, Value) {
    let attributes =
        json!({ "price.input": 3, "price.output": 15, "history.runs": 20, "history.successes": 18 });
    match world {
        World::Router => {
            let candidate =
                |name: &str| json!({ "profile_id": name, "model": name, "attributes": attributes });
            ("route", json!({ "candidates": (["a", "b", "c", "d"].map(candidate)) }))
        }
        World::ModelScorer => {
            let model = |name: &str| json!({ "profile_id": "p", "model": name, "attributes": attributes });
            (
                "score",
                json!({ "roles": ["review", "implementation"], "models": (["glm-4.6", "kimi-k2"].map(model)) }),
            )
        }
        World::RunReviewer => {
            let commands = json!([{ "line": "cargo test", "exit_code": 0, "test": true }]);
            ("review", json!({ "write": true, "final_text": "Done.", "commands": commands }))
        }
        World::SecretScanner => ("rules", Value::Null),
        World::PromptPack => ("templates", Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_has_a_sample() {
        assert!(World::ALL.into_iter().all(|world| of(world).is_ok()));
    }
}
