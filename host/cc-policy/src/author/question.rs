//! A question for a plugin as an author writes it, and the answer as JSON.

use std::collections::BTreeMap;

use cc_domain::{Candidate, Checksum, Choice, ModelToScore, Role, RouteRequest, RunFacts, SecretFinding};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::engine::{Plugin, PluginError, World};

/// One call of a plugin.
#[derive(Clone, Debug)]
pub(super) enum Question {
    Route { request: RouteRequest, candidates: Vec<Candidate>, proposal: Option<Choice> },
    Score { roles: Vec<Role>, models: Vec<ModelToScore> },
    Review(Box<RunFacts>),
    Rules,
    Classify(Vec<SecretFinding>),
    Templates,
    Render { name: String, variables: Vec<(String, String)> },
}

/// The functions of a world.
pub(super) const fn calls(world: World) -> &'static [&'static str] {
    match world {
        World::Router => &["route"],
        World::ModelScorer => &["score"],
        World::RunReviewer => &["review"],
        World::SecretScanner => &["rules", "classify"],
        World::PromptPack => &["templates", "render"],
    }
}

impl Question {
    /// Reads the arguments of a call. What is left out has a plain default; `attributes` and `variables` are tables.
    pub(super) fn read(world: World, call: Option<&str>, input: &Value) -> Result<Self, String> {
        let known = calls(world);
        let call = match (call, known) {
            (Some(call), _) => call,
            (None, [only]) => only,
            (None, _) => return Err(format!("it needs a 'call': one of {}", known.join(", "))),
        };
        if !known.contains(&call) {
            return Err(format!("a {world} has no function '{call}'; it has {}", known.join(", ")));
        }
        match call {
            "route" => route(input),
            "score" => score(input),
            "review" => typed(review(input)?).map(|run| Self::Review(Box::new(run))),
            "classify" => classify(input),
            "render" => render(input),
            _ => {
                keys(input, call, &[])?;
                Ok(if call == "rules" { Self::Rules } else { Self::Templates })
            }
        }
    }

    /// Asks, on a fresh instance.
    pub(super) fn ask(&self, plugin: &Plugin) -> Result<Value, PluginError> {
        let answer = match self {
            Self::Route { request, candidates, proposal } => {
                json(plugin.route(request, candidates, proposal.as_ref())?)
            }
            Self::Score { roles, models } => json(plugin.score(roles, models)?),
            Self::Review(run) => json(plugin.review(run)?),
            Self::Rules => json(plugin.rules()?),
            Self::Classify(findings) => json(plugin.classify(findings)?),
            Self::Templates => json(plugin.templates()?),
            Self::Render { name, variables } => json(plugin.render(name, variables)?),
        };
        Ok(answer)
    }
}

/// The host's types always can be JSON.
fn json(answer: impl serde::Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or(Value::Null)
}

fn route(input: &Value) -> Result<Question, String> {
    keys(input, "route", &["request", "candidates", "proposal"])?;
    let request = json!({ "role": Role::DEFAULT, "task_type": null, "write": false, "attributes": [] });
    let candidate = json!({
        "profile_id": "", "profile_name": null, "model": "", "current": false, "usable": true, "score": 5.0, "attributes": []
    });
    let choice = json!({ "profile_id": "", "model": "", "reason": "" });
    let mut candidates = each(input, "candidates", &candidate)?;
    for candidate in &mut candidates {
        if candidate["profile_name"].is_null() {
            candidate["profile_name"] = candidate["profile_id"].clone();
        }
    }
    Ok(Question::Route {
        request: typed(filled(&request, input.get("request"), "request")?)?,
        candidates: typed(Value::Array(candidates))?,
        proposal: match input.get("proposal").filter(|proposal| !proposal.is_null()) {
            Some(proposal) => Some(typed(filled(&choice, Some(proposal), "proposal")?)?),
            None => None,
        },
    })
}

fn score(input: &Value) -> Result<Question, String> {
    keys(input, "score", &["roles", "models"])?;
    let model = json!({ "profile_id": "", "model": "", "attributes": [] });
    Ok(Question::Score {
        roles: typed(input.get("roles").cloned().unwrap_or(json!([Role::DEFAULT])))?,
        models: typed(Value::Array(each(input, "models", &model)?))?,
    })
}

fn review(input: &Value) -> Result<Value, String> {
    let nothing = RunFacts { role: Role::DEFAULT.into(), status: "finished".into(), ..RunFacts::default() };
    let mut run = filled(&json(nothing), Some(input), "input")?;
    let tool = json!({ "name": "", "calls": 1, "failed": 0, "repeated": 1 });
    let command = json!({ "line": "", "exit_code": null, "test": false });
    run["tools"] = each(&run, "tools", &tool)?.into();
    run["commands"] = each(&run, "commands", &command)?.into();
    Ok(run)
}

fn classify(input: &Value) -> Result<Question, String> {
    keys(input, "classify", &["findings"])?;
    let finding = json!({
        "rule_id": "", "secret": "", "key": null, "path": null, "before": "", "after": "", "entropy": 4.0,
        "checksum": json(Checksum::Absent), "depth": 0, "attributes": []
    });
    Ok(Question::Classify(typed(Value::Array(each(input, "findings", &finding)?))?))
}

fn render(input: &Value) -> Result<Question, String> {
    keys(input, "render", &["name", "variables"])?;
    let name = input.get("name").and_then(Value::as_str).ok_or("input.name is missing: name a template")?;
    let variables = input.get("variables").map_or(Ok(Vec::new()), |table| pairs(table, "input.variables"))?;
    Ok(Question::Render { name: name.into(), variables })
}

/// The input of a call has no other keys than these.
fn keys(input: &Value, call: &str, known: &[&str]) -> Result<(), String> {
    let given = match input {
        Value::Null => return Ok(()),
        Value::Object(given) => given,
        _ => return Err("input is no table".into()),
    };
    match given.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) if known.is_empty() => Err(format!("input.{key} is unknown: {call} takes no input")),
        Some(key) => Err(format!("input.{key} is unknown; {call} takes {}", known.join(", "))),
        None => Ok(()),
    }
}

/// The tables of an array, each with its defaults.
fn each(input: &Value, key: &str, default: &Value) -> Result<Vec<Value>, String> {
    let list = match input.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(format!("{key} is no list")),
    };
    list.iter().enumerate().map(|(at, one)| filled(default, Some(one), &format!("{key}[{at}]"))).collect()
}

/// A table over its defaults: an unknown key is a mistake, and `attributes` may be a table.
fn filled(default: &Value, given: Option<&Value>, at: &str) -> Result<Value, String> {
    let Value::Object(mut whole) = default.clone() else { return Ok(default.clone()) };
    let nothing = Map::new();
    let given = match given {
        None | Some(Value::Null) => &nothing,
        Some(Value::Object(given)) => given,
        Some(_) => return Err(format!("{at} is no table")),
    };
    for (key, value) in given {
        if !whole.contains_key(key) {
            let known: Vec<_> = whole.keys().map(String::as_str).collect();
            return Err(format!("{at}.{key} is unknown; it may have {}", known.join(", ")));
        }
        let value = if key == "attributes" { json(pairs(value, at)?) } else { value.clone() };
        whole.insert(key.clone(), value);
    }
    Ok(Value::Object(whole))
}

/// A table of texts, numbers or truth values as key and text; a list of pairs stays as it is.
fn pairs(value: &Value, at: &str) -> Result<Vec<(String, String)>, String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Pairs {
        Table(BTreeMap<String, crate::toml_text::Setting>),
        List(Vec<(String, String)>),
    }
    match Pairs::deserialize(value) {
        Ok(Pairs::Table(table)) => Ok(table.into_iter().map(|(key, value)| (key, value.0)).collect()),
        Ok(Pairs::List(list)) => Ok(list),
        Err(_) => Err(format!("{at}: its values must be texts, numbers or true or false")),
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_a_plain_default() {
        let input = json!({ "candidates": [{ "profile_id": "p", "attributes": { "price.output": 2.5, "current": true } }] });
        let Ok(Question::Route { request, candidates, proposal: None }) =
            Question::read(World::Router, None, &input)
        else {
            panic!("no route");
        };
        assert_eq!(request.role, Role::default());
        let candidate = &candidates[0];
        assert!(candidate.usable && candidate.profile_name == "p");
        let attributes = [("current", "true"), ("price.output", "2.5")];
        assert_eq!(candidate.attributes, attributes.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn every_world_has_a_question_and_every_mistake_a_name() {
        for world in World::ALL {
            for call in calls(world) {
                let input = if *call == "render" { json!({ "name": "x" }) } else { Value::Null };
                assert!(Question::read(world, Some(call), &input).is_ok(), "{world} {call}");
            }
        }
        for (world, call, input, word) in [
            (World::PromptPack, None, json!({}), "one of templates, render"),
            (World::Router, Some("score"), json!({}), "it has route"),
            (World::Router, None, json!({ "candidate": [] }), "input.candidate is unknown"),
            (World::Router, None, json!({ "candidates": [{ "modell": "" }] }), "candidates[0].modell"),
            (World::Router, None, json!({ "candidates": [{ "attributes": { "a": [] } }] }), "its values"),
            (World::Router, None, json!({ "candidates": 1 }), "no list"),
            (World::RunReviewer, None, json!({ "commands": [{ "test": "yes" }] }), "boolean"),
            (World::PromptPack, Some("render"), json!({}), "name a template"),
            (World::SecretScanner, Some("rules"), json!({ "x": 1 }), "takes no input"),
        ] {
            let error = Question::read(world, call, &input).expect_err(word);
            assert!(error.contains(word), "{error}");
        }
    }
}
