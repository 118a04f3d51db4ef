//! Changing `overrides.toml` from JSON, with the user's comments and order kept.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::{HINT, Overrides, path};
use crate::{PolicyError, files, toml_text};

/// What a merge came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Merged {
    /// The overrides file.
    pub path: PathBuf,
    /// It was written.
    pub applied: bool,
    /// The overrides after the merge.
    pub policy: Overrides,
    /// The file as it was before, when it was replaced.
    pub backup: Option<PathBuf>,
    /// Its text before.
    #[serde(skip)]
    pub before: String,
    /// Its text after.
    #[serde(skip)]
    pub after: String,
}

/// Merges `config` into the home's overrides, and writes them when `apply` is set.
///
/// `config` is an object with keys of [`Overrides::KEYS`]. Objects merge, other values replace, and null removes.
///
/// # Errors
/// An unknown key, a value of another kind, or an overrides file that cannot be read; nothing is written then.
pub fn merge_overrides(home: &Path, config: &Value, apply: bool) -> Result<Merged, PolicyError> {
    let _guard = if apply { Some(files::guard(home)?) } else { None };
    let path = path(home);
    let before = files::read_text(&path)?.unwrap_or_default();
    let after = merged_text(&toml_text::shown(&path), &before, config)?;
    let policy = Overrides::parse("the merged overrides", &after)?;
    let changed = apply && after != before;
    let backup = if changed { files::back_up(home, &path)? } else { None };
    if changed {
        files::write(&path, after.as_bytes())?;
    }
    Ok(Merged { path, applied: apply, policy, backup, before, after })
}

pub(crate) fn merged_text(file: &str, before: &str, config: &Value) -> Result<String, PolicyError> {
    Overrides::parse(file, before)?;
    let mut document: DocumentMut = before.parse().map_err(|error: toml_edit::TomlError| {
        toml_text::at(file, before, error.span(), error.message(), HINT)
    })?;
    for (key, value) in object("the override", config)? {
        merge_key(&mut document, key, value)?;
    }
    Ok(document.to_string())
}

fn merge_key(document: &mut DocumentMut, key: &str, value: &Value) -> Result<(), PolicyError> {
    match value {
        _ if !Overrides::KEYS.contains(&key) => {
            let keys = Overrides::KEYS.join(", ");
            Err(refused(format!("there is no override '{key}'; there are {keys}")))
        }
        Value::Null => {
            document.remove(key);
            Ok(())
        }
        text if key == "notes" => set(document.as_table_mut(), key, text),
        entries => {
            // `[plugins]` of its own would only be a line more: its content is in tables below it.
            let implicit = object(key, entries)?.values().all(Value::is_object);
            merge_table(table(document.as_table_mut(), key, implicit)?, key, entries)
        }
    }
}

fn merge_table(into: &mut dyn TableLike, name: &str, entries: &Value) -> Result<(), PolicyError> {
    object(name, entries)?.iter().try_for_each(|(key, value)| match value {
        Value::Object(_) => merge_table(table(into, key, false)?, key, value),
        value => set(into, key, value),
    })
}

/// Sets one value, or removes it when it is null. A replaced value keeps the comment behind it.
fn set(table: &mut dyn TableLike, key: &str, value: &Value) -> Result<(), PolicyError> {
    if value.is_null() {
        table.remove(key);
        return Ok(());
    }
    let mut new = plain(key, value)?;
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => {
            table.insert(key, Item::Value(new));
        }
    }
    Ok(())
}

/// A value that is no table.
fn plain(key: &str, value: &Value) -> Result<toml_edit::Value, PolicyError> {
    match value {
        Value::String(text) => Ok(text.into()),
        Value::Bool(truth) => Ok((*truth).into()),
        Value::Number(number) => self::number(key, number),
        Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| plain(key, item)).collect();
            Ok(toml_edit::Value::from_iter(items?))
        }
        _ => Err(refused(format!("'{key}' is to be a text, a number, true, false, a list of these or null"))),
    }
}

fn number(key: &str, number: &serde_json::Number) -> Result<toml_edit::Value, PolicyError> {
    let whole = number.as_i64().map(toml_edit::Value::from);
    let value = whole.or_else(|| number.as_f64().map(toml_edit::Value::from));
    value.ok_or_else(|| refused(format!("'{key}' is a number that TOML cannot hold")))
}

/// The table of that name, made when it is missing.
fn table<'a>(
    parent: &'a mut dyn TableLike,
    name: &str,
    implicit: bool,
) -> Result<&'a mut dyn TableLike, PolicyError> {
    if parent.get(name).is_none() {
        let mut new = Table::new();
        new.set_implicit(implicit);
        parent.insert(name, Item::Table(new));
    }
    let found = parent.get_mut(name).and_then(Item::as_table_like_mut);
    found.ok_or_else(|| refused(format!("'{name}' in the overrides file is no table")))
}

fn object<'a>(name: &str, value: &'a Value) -> Result<&'a Map<String, Value>, PolicyError> {
    value.as_object().ok_or_else(|| refused(format!("'{name}' is to be an object")))
}

fn refused(message: String) -> PolicyError {
    PolicyError::Refused(message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BEFORE: &str =
        "# mine\nnotes = \"old\" # why\n\n[preferred_models]\n# reviews matter\nreview = \"a\" # best\n";

    fn merged(config: Value) -> Result<String, PolicyError> {
        merged_text("overrides.toml", BEFORE, &config)
    }

    #[test]
    fn a_merge_keeps_comments_and_order() {
        let config = json!({"preferred_models": {"review": "b", "default": "c"}, "plugins": {"cc.router": {"floor": 7}}});
        let expected = "# mine\nnotes = \"old\" # why\n\n[preferred_models]\n# reviews matter\nreview = \"b\" # best\n\
                        default = \"c\"\n\n[plugins.\"cc.router\"]\nfloor = 7\n";
        assert_eq!(merged(config).expect("merged"), expected);
    }

    #[test]
    fn what_runs_do_by_default_is_set_and_checked() {
        let set =
            merged(json!({"runs": {"on_limit": "failover", "answer_within_seconds": 60}})).expect("merged");
        assert!(set.ends_with("\n[runs]\nanswer_within_seconds = 60\non_limit = \"failover\"\n"), "{set}");
        let home = tempfile::tempdir().expect("a home");
        let refused = merge_overrides(home.path(), &json!({"runs": {"on_limit": "sleep"}}), true);
        assert!(refused.expect_err("refused").to_string().contains("failover"));
    }

    #[test]
    fn tables_in_tables_and_lists_are_merged() {
        let config = json!({"cost_guard": {"usd": {"day": 5}, "profiles": {"深度求索": {"usd": 0.5}}},
                            "boundaries": {"/work/secret": {"profiles": ["a", "b"]}}});
        let set = merged(config).expect("merged");
        let overrides = Overrides::parse("overrides.toml", &set).expect("overrides");
        assert_eq!(overrides.cost_guard.usd.day, Some(5.0), "{set}");
        assert_eq!(overrides.cost_guard.profiles["深度求索"].usd, Some(0.5));
        assert_eq!(overrides.boundaries["/work/secret"].profiles.len(), 2);
        assert!(set.contains("[cost_guard.usd]\nday = 5\n"), "{set}");
    }

    #[test]
    fn null_removes_a_value_or_a_whole_table() {
        let one = merged(json!({"preferred_models": {"review": null}})).expect("merged");
        assert!(one.contains("[preferred_models]") && !one.contains("review ="), "{one}");
        let all = merged(json!({"preferred_models": null, "notes": null})).expect("merged");
        assert_eq!(Overrides::parse("x", &all), Ok(Overrides::default()));
    }

    #[test]
    fn unknown_keys_and_odd_values_are_refused() {
        let refusal = |config| merged(config).expect_err("refused").to_string();
        assert!(
            refusal(json!({"preferred_model": {}}))
                .contains("preferred_profiles, preferred_models, notes, plugins, runs, queue")
        );
        assert!(refusal(json!({"preferred_models": "a"})).contains("object"));
        assert!(refusal(json!({"preferred_models": {"review": [{}]}})).contains("review"));
        assert!(refusal(json!([])).contains("object"));
    }

    #[test]
    fn only_applying_writes_and_what_it_replaces_is_backed_up() {
        let home = tempfile::tempdir().expect("a home");
        let at = home.path();
        let first = json!({"preferred_profiles": {"review": "深度求索"}});
        let dry = merge_overrides(at, &first, false).expect("merged");
        assert!(!dry.applied && !dry.path.exists() && dry.policy.preferred_profiles.len() == 1);
        assert_eq!(merge_overrides(at, &first, true).expect("merged").backup, None);
        let second = merge_overrides(at, &json!({"notes": "n"}), true).expect("merged");
        let kept = std::fs::read_to_string(second.backup.expect("a backup")).expect("readable");
        assert!(kept.contains("深度求索") && !kept.contains("notes"));
        assert_eq!(Overrides::read(at).expect("readable"), second.policy);
    }

    #[test]
    fn a_value_of_the_wrong_shape_is_never_written() {
        let home = tempfile::tempdir().expect("a home");
        let refused = merge_overrides(home.path(), &json!({"preferred_models": {"Not A Role": "x"}}), true);
        assert!(refused.is_err() && !path(home.path()).exists());
    }
}
