//! The predecessor's settings as overrides.

use cc_profiles::ProfileStore;
use serde_json::{Map, Value, json};

/// Overrides to merge, and what the user should know of each file.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pub(crate) overrides: Map<String, Value>,
    pub(crate) notes: Vec<String>,
}

/// Its keys that are ours, too, by the same name.
const QUEUE: [&str; 6] = [
    "max_concurrent",
    "default_priority",
    "default_timeout_seconds",
    "retry_failed_read_only",
    "retry_write_enabled",
    "stop_timed_out",
];
const COST_GUARD: [&str; 4] = ["max_concurrent", "max_timeout_seconds", "per_model", "output_budget"];

impl Imported {
    /// `queue_policy.json`.
    pub(crate) fn queue(&mut self, its: &Value) {
        self.section("queue", "queue_policy.json", its, &QUEUE);
    }

    /// `cost_guard.json`.
    pub(crate) fn cost_guard(&mut self, its: &Value) {
        self.section("cost_guard", "cost_guard.json", its, &COST_GUARD);
    }

    fn section(&mut self, key: &str, file: &str, its: &Value, known: &[&str]) {
        let mut taken = Map::new();
        for (name, value) in its.as_object().into_iter().flatten() {
            if known.contains(&name.as_str()) && !value.is_null() {
                taken.insert(name.clone(), without_nulls(value));
            } else if name != "updated_at" && !value.is_null() {
                self.notes.push(format!("{file}: there is no '{name}' here, it is left out"));
            }
        }
        if !taken.is_empty() {
            self.overrides.insert(key.to_owned(), Value::Object(taken));
        }
    }

    /// `local_policy.override.json`. It matched names that only contained the preference; here they are exact.
    pub(crate) fn preferences(&mut self, its: &Value, profiles: Option<&ProfileStore>) {
        for (table, models) in [("preferred_profiles", false), ("preferred_models", true)] {
            let mut taken = Map::new();
            for (key, wanted) in its[table].as_object().into_iter().flatten() {
                let Some(wanted) = wanted.as_str().filter(|text| !text.is_empty()) else { continue };
                match exact(wanted, models, profiles) {
                    Ok(name) => {
                        taken.insert(key.clone(), name.into());
                    }
                    Err(why) => self.notes.push(format!("{table}.{key} = '{wanted}' is left out: {why}")),
                }
            }
            if !taken.is_empty() {
                self.overrides.insert(table.to_owned(), Value::Object(taken));
            }
        }
        self.note(its["notes"].as_str());
    }

    /// `model_calibration.json`: free words that nothing ever read.
    pub(crate) fn calibration(&mut self, its: &Value) {
        let preferences = its["preferences"].as_object().filter(|all| !all.is_empty());
        let text = preferences.map(|all| Value::Object(all.clone()).to_string());
        self.note(text.as_deref());
        self.note(its["notes"].as_str());
        if text.is_some() {
            self.notes.push(
                "model_calibration.json: kept as notes; cc_calibrate_policy makes values of such preferences"
                    .to_owned(),
            );
        }
    }

    fn note(&mut self, text: Option<&str>) {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return };
        let before = self.overrides.get("notes").and_then(Value::as_str).map(|old| format!("{old}\n"));
        self.overrides.insert("notes".to_owned(), json!(format!("{}{text}", before.unwrap_or_default())));
    }

    /// Takes out what the user has set here already: that stays.
    pub(crate) fn without(&mut self, present: &Value) {
        let taken = std::mem::take(&mut self.overrides);
        for (key, value) in taken {
            match missing(&value, &present[&key]) {
                Some(rest) => drop(self.overrides.insert(key, rest)),
                None => self.notes.push(format!("{key}: you have set it here already, that stays")),
            }
        }
    }
}

/// The parts of `wanted` that `present` does not have.
fn missing(wanted: &Value, present: &Value) -> Option<Value> {
    match (wanted, present) {
        (wanted, Value::Null) => Some(wanted.clone()),
        (Value::Object(wanted), Value::Object(present)) => {
            let rest: Map<String, Value> = wanted
                .iter()
                .filter_map(|(key, value)| {
                    Some((key.clone(), missing(value, present.get(key).unwrap_or(&Value::Null))?))
                })
                .collect();
            (!rest.is_empty()).then_some(Value::Object(rest))
        }
        _ => None,
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(all) => all
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// The only profile (its id where its name is not the only one) or model that the predecessor's rule matches.
fn exact(wanted: &str, models: bool, profiles: Option<&ProfileStore>) -> Result<String, String> {
    let Some(profiles) = profiles else { return Err("CC Switch's profiles cannot be read".to_owned()) };
    let mut names: Vec<String> = if models {
        profiles.profiles.iter().flat_map(|p| p.models.iter().map(|model| model.name.clone())).collect()
    } else {
        let twice = |name: &str| profiles.profiles.iter().filter(|p| p.name == name).count() > 1;
        let name = |p: &cc_domain::Profile| if twice(&p.name) { p.id.clone() } else { p.name.clone() };
        profiles.profiles.iter().filter(|p| p.id == wanted || fits(&p.name, wanted)).map(name).collect()
    };
    if models {
        names.retain(|name| fits(name, wanted));
    }
    names.sort();
    names.dedup();
    if names.iter().any(|name| name == wanted) {
        return Ok(wanted.to_owned());
    }
    match names.as_slice() {
        [] => Err("nothing in CC Switch is called so".to_owned()),
        [only] => Ok(only.clone()),
        several => Err(format!("it fits several: {}", several.join(", "))),
    }
}

/// Either contains the other, by lower case. A text of nothing fits nothing.
fn fits(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (name.to_lowercase(), wanted.to_lowercase());
    !name.is_empty() && !wanted.is_empty() && (name.contains(&wanted) || wanted.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_taken_by_name_and_others_named() {
        let mut imported = Imported::default();
        imported.queue(
            &json!({ "max_concurrent": 5, "retry_write_enabled": 1, "updated_at": "x", "colour": "red" }),
        );
        imported
            .cost_guard(&json!({ "max_concurrent": 2, "per_model": { "m": { "max_timeout_seconds": 60 } },
            "output_budget": { "max_output_bytes": 9, "final_only": null }, "updated_at": null }));
        assert_eq!(
            Value::Object(imported.overrides),
            json!({
                "queue": { "max_concurrent": 5, "retry_write_enabled": 1 },
                "cost_guard": { "max_concurrent": 2, "per_model": { "m": { "max_timeout_seconds": 60 } },
                    "output_budget": { "max_output_bytes": 9 } },
            })
        );
        assert_eq!(imported.notes, ["queue_policy.json: there is no 'colour' here, it is left out"]);
    }

    #[test]
    fn what_is_set_here_stays() {
        let mut imported = Imported::default();
        imported.queue(&json!({ "max_concurrent": 5, "default_priority": 7 }));
        imported.calibration(&json!({ "preferences": { "speed": "high" }, "notes": "be kind" }));
        imported.without(&json!({ "queue": { "max_concurrent": 1 }, "notes": "mine" }));
        assert_eq!(Value::Object(imported.overrides), json!({ "queue": { "default_priority": 7 } }));
        assert!(imported.notes.iter().any(|note| note.starts_with("notes: you have set it")));
    }

    #[test]
    fn a_preference_is_made_exact_or_left_out() {
        assert!(fits("glm-5.2", "GLM") && fits("智谱", "智谱 GLM") && !fits("", "x") && !fits("a", ""));
        let mut imported = Imported::default();
        imported.preferences(&json!({ "preferred_models": { "review": "glm" } }), None);
        assert!(imported.overrides.is_empty() && imported.notes[0].contains("cannot be read"));
    }
}
