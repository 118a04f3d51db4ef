//! From preferences and history to values of `overrides.toml`, each with its reason. Pure: reads and writes nothing.

use std::collections::BTreeMap;

use cc_domain::Role;
use serde_json::{Map, Value, json};

use crate::OpError;

/// Preferences that mean a value.
pub(crate) const KNOWN: [&str; 6] = ["favor", "explore", "avoid", "prefer", "escalate_after", "pin_winners"];

const ROUTER: &str = "cc.router";
const SCORER: &str = "cc.model-scorer";
/// Graded runs of a model in a role before they can settle anything.
const ENOUGH: u32 = 20;
/// How sure a bound is to hold: 19 of 20 times.
const DOUBT: f64 = 0.05;

/// A value to set; null takes the user's own away, so that the default counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) path: Vec<String>,
    pub(crate) value: Value,
    pub(crate) reason: String,
}

/// A model's graded runs in a role.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Graded {
    pub(crate) model: String,
    pub(crate) graded: u32,
    /// 0 to 100.
    pub(crate) mean: f64,
}

/// What names can mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) models: Vec<String>,
    /// Ids, and names that only one profile has.
    pub(crate) profiles: Vec<String>,
}

/// What preferences come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Calibration {
    pub(crate) settings: Vec<Setting>,
    /// What history would settle, if it were asked to.
    pub(crate) suggestions: Vec<Setting>,
    /// Preferences that mean no value, a line each.
    pub(crate) notes: Vec<(String, String)>,
}

/// Reads preferences against what there is.
pub(crate) fn of(
    preferences: &Map<String, Value>,
    names: &Names,
    history: &BTreeMap<Role, Vec<Graded>>,
) -> Result<Calibration, OpError> {
    let mut all = Calibration::default();
    for (key, value) in preferences {
        match key.as_str() {
            "favor" => all.settings.extend(favor(value)?),
            "explore" => all.settings.push(explore(value)?),
            "escalate_after" => all.settings.push(escalate_after(value)?),
            "avoid" => all.settings.push(avoid(value, names)?),
            "prefer" => all.settings.extend(prefer(value, names)?),
            "pin_winners" => {
                value.as_bool().ok_or_else(|| wrong(key, "true or false"))?;
            }
            _ => {
                all.notes.push((key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            }
        }
    }
    let winners = history.iter().filter_map(|(role, models)| winner(role, models));
    if preferences.get("pin_winners") == Some(&Value::Bool(true)) {
        // What the user says of a role counts more than what its history says.
        let said: Vec<Vec<String>> = all.settings.iter().map(|setting| setting.path.clone()).collect();
        all.settings.extend(winners.filter(|setting| !said.contains(&setting.path)));
    } else {
        all.suggestions = winners.collect();
    }
    Ok(all)
}

fn wrong(key: &str, wanted: &str) -> OpError {
    OpError::invalid(format!("'preferences.{key}' does not fit"), format!("use {wanted}"))
}

fn plugin(plugin: &str, key: &str, value: Value, reason: impl Into<String>) -> Setting {
    let path = ["plugins", plugin, key].map(str::to_owned).to_vec();
    Setting { path, value, reason: reason.into() }
}

fn favor(value: &Value) -> Result<[Setting; 2], OpError> {
    let (price, speed, why) = match value.as_str() {
        Some("quality") => {
            (json!(0.3), Value::Null, "a tenfold price counts a third of what it does by default")
        }
        Some("cost") => (json!(2), Value::Null, "a tenfold price counts twice what it does by default"),
        Some("speed") => (Value::Null, json!(0.4), "each point of speed is worth 0.4 points of score"),
        Some("balance") => (Value::Null, Value::Null, "price and speed count as they do by default"),
        _ => return Err(wrong("favor", "quality, cost, speed or balance")),
    };
    let set = |key, value| plugin(ROUTER, key, value, why);
    Ok([set("price_weight", price), set("speed_weight", speed)])
}

fn explore(value: &Value) -> Result<Setting, OpError> {
    let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
    let share = share.ok_or_else(|| wrong("explore", "a number from 0 (never) to 1"))?;
    Ok(plugin(SCORER, "exploration", json!(share), "models that were hardly tried are trusted so much more"))
}

fn escalate_after(value: &Value) -> Result<Setting, OpError> {
    let times = value.as_u64().filter(|times| *times <= 20);
    let times = times.ok_or_else(|| wrong("escalate_after", "a whole number from 0 (never) to 20"))?;
    let why = "failed verifications of one model, after which the next stronger one gets the job";
    Ok(plugin(ROUTER, "escalate_after", json!(times), why))
}

fn avoid(value: &Value, names: &Names) -> Result<Setting, OpError> {
    let fits = |name: &str| !name.trim().is_empty() && !name.contains(',');
    let wanted = || wrong("avoid", "a list of models, profile ids or names, none with a comma in it");
    let list = value.as_array().ok_or_else(wanted)?;
    let all: Vec<&str> = list.iter().filter_map(Value::as_str).filter(|name| fits(name)).collect();
    if all.len() != list.len() {
        return Err(wanted());
    }
    let there = |name: &str| names.models.iter().chain(&names.profiles).any(|own| own == name);
    let missing: Vec<&str> = all.iter().copied().filter(|name| !there(name)).collect();
    let mut reason = "taken only when nothing else can run".to_owned();
    if !missing.is_empty() {
        reason.push_str(&format!("; there is no model or profile {} now", missing.join(", ")));
    }
    let value = if all.is_empty() { Value::Null } else { all.join(",").into() };
    Ok(plugin(ROUTER, "avoid", value, reason))
}

fn prefer(value: &Value, names: &Names) -> Result<Vec<Setting>, OpError> {
    let wanted = "an object of role, task type or default to a model or profile; null takes it back";
    let roles = value.as_object().ok_or_else(|| wrong("prefer", wanted))?;
    let mut settings = Vec::new();
    for (role, name) in roles {
        let role: Role =
            role.parse().map_err(|error| OpError::invalid(format!("{error}"), "name another role"))?;
        settings.extend(preferred(&role, name, names)?);
    }
    Ok(settings)
}

fn preferred(role: &Role, name: &Value, names: &Names) -> Result<Vec<Setting>, OpError> {
    let set = |table: &str, value: Value, why: &str| Setting {
        path: vec![table.to_owned(), role.to_string()],
        value,
        reason: why.to_owned(),
    };
    let why = "you prefer it; it has the last word";
    match name {
        Value::Null => {
            let back = |table| set(table, Value::Null, "you prefer none any more");
            Ok(vec![back("preferred_models"), back("preferred_profiles")])
        }
        Value::String(name) if names.models.contains(name) => {
            Ok(vec![set("preferred_models", json!(name), why)])
        }
        Value::String(name) if names.profiles.contains(name) => {
            Ok(vec![set("preferred_profiles", json!(name), why)])
        }
        other => Err(OpError::invalid(
            format!("'preferences.prefer.{role}' is {other}, which is no model and no profile that is there"),
            "cc_list_profiles has their exact names; use the id of a profile whose name several have",
        )),
    }
}

/// The model whose worst credible mean in a role is above the best credible one of every other that was tried enough.
fn winner(role: &Role, models: &[Graded]) -> Option<Setting> {
    let tried: Vec<&Graded> = models.iter().filter(|model| model.graded >= ENOUGH).collect();
    let best = tried.iter().max_by(|a, b| a.mean.total_cmp(&b.mean))?;
    let others: Vec<&&Graded> = tried.iter().filter(|other| other.model != best.model).collect();
    let clear = |other: &&&Graded| best.mean - doubt(best.graded) > other.mean + doubt(other.graded);
    if others.is_empty() || !others.iter().all(clear) {
        return None;
    }
    let second = others.iter().max_by(|a, b| a.mean.total_cmp(&b.mean))?;
    Some(Setting {
        path: vec!["preferred_models".into(), role.to_string()],
        value: json!(best.model),
        reason: format!(
            "{} graded runs of it went {:.0} of 100 on average, {} of {} went {:.0}",
            best.graded, best.mean, second.graded, second.model, second.mean
        ),
    })
}

/// Hoeffding's bound: how far a mean of so many grades may be from the true one, whatever their distribution.
fn doubt(graded: u32) -> f64 {
    100.0 * ((1.0 / DOUBT).ln() / (2.0 * f64::from(graded))).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names { models: own(&["glm-5.2", "opus"]), profiles: own(&["id-1", "深度求索"]) }
    }

    fn calibrated(preferences: Value) -> Result<Calibration, OpError> {
        of(preferences.as_object().unwrap(), &names(), &BTreeMap::new())
    }

    fn set(preferences: Value) -> Vec<(String, Value)> {
        let all = calibrated(preferences).unwrap().settings;
        all.into_iter().map(|setting| (setting.path.join("/"), setting.value)).collect()
    }

    #[test]
    fn each_preference_becomes_its_values() {
        let all = set(json!({
            "avoid": ["opus", "id-1"], "escalate_after": 1, "explore": 0.2, "favor": "quality",
            "prefer": { "review": "opus", "testing": "深度求索", "ops": null }
        }));
        let expected = [
            ("plugins/cc.router/avoid", json!("opus,id-1")),
            ("plugins/cc.router/escalate_after", json!(1)),
            ("plugins/cc.model-scorer/exploration", json!(0.2)),
            ("plugins/cc.router/price_weight", json!(0.3)),
            ("plugins/cc.router/speed_weight", Value::Null),
            ("preferred_models/ops", Value::Null),
            ("preferred_profiles/ops", Value::Null),
            ("preferred_models/review", json!("opus")),
            ("preferred_profiles/testing", json!("深度求索")),
        ];
        assert_eq!(all, expected.map(|(path, value)| (path.to_owned(), value)));
    }

    #[test]
    fn what_means_no_value_is_a_note() {
        let all = calibrated(json!({ "tone": "brief", "weights": { "a": 1 } })).unwrap();
        let note = |key: &str, text: &str| (key.to_owned(), text.to_owned());
        assert_eq!(all.notes, [note("tone", "brief"), note("weights", "{\"a\":1}")]);
        assert!(all.settings.is_empty());
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_by_its_name() {
        for (preferences, word) in [
            (json!({ "favor": "beauty" }), "favor"),
            (json!({ "explore": 2 }), "explore"),
            (json!({ "avoid": "opus" }), "avoid"),
            (json!({ "avoid": ["a,b"] }), "avoid"),
            (json!({ "prefer": { "review": "nobody" } }), "nobody"),
            (json!({ "prefer": { "Re View": "opus" } }), "Re View"),
            (json!({ "escalate_after": 1.5 }), "escalate_after"),
            (json!({ "pin_winners": "yes" }), "pin_winners"),
        ] {
            let error = calibrated(preferences).unwrap_err();
            assert!(error.message.contains(word), "{error}");
        }
    }

    fn graded(model: &str, graded: u32, mean: f64) -> Graded {
        Graded { model: model.into(), graded, mean }
    }

    #[test]
    fn history_settles_only_what_it_makes_clear() {
        let role: Role = "review".parse().unwrap();
        let won = |models: &[Graded]| winner(&role, models).map(|setting| setting.value);
        assert_eq!(won(&[graded("a", 50, 90.0), graded("b", 50, 20.0)]), Some(json!("a")));
        assert_eq!(won(&[graded("a", 50, 90.0), graded("b", 50, 75.0)]), None, "too close");
        assert_eq!(won(&[graded("a", 9, 100.0), graded("b", 9, 0.0)]), None, "too few");
        assert_eq!(won(&[graded("a", 500, 90.0)]), None, "nothing to compare with");
    }

    #[test]
    fn winners_are_suggested_and_pinned_only_when_asked_for() {
        let role: Role = "review".parse().unwrap();
        let history = BTreeMap::from([(role, vec![graded("opus", 50, 90.0), graded("glm-5.2", 50, 20.0)])]);
        let with = |preferences: Value| of(preferences.as_object().unwrap(), &names(), &history).unwrap();
        let plain = with(json!({}));
        assert_eq!((plain.settings.len(), plain.suggestions.len()), (0, 1));
        let pinned = with(json!({ "pin_winners": true }));
        assert_eq!((pinned.settings.len(), pinned.suggestions.len()), (1, 0));
        let said = with(json!({ "pin_winners": true, "prefer": { "review": "glm-5.2" } }));
        assert_eq!(said.settings.iter().map(|s| &s.value).collect::<Vec<_>>(), [&json!("glm-5.2")]);
    }
}
