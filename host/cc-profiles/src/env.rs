//! The `env` block of a profile: which variables a worker gets, as which text, and which it never gets.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

/// Bytes of one value; Windows allows no more for a whole variable.
const MAX_VALUE: usize = 32_767;
/// Characters shown of a refused name, which can be anything.
const MAX_SHOWN: usize = 80;

/// What a profile's `env` comes to. Holds credentials, so it is not `Debug`.
#[derive(Default)]
pub(crate) struct EnvBlock {
    /// Name and value of each variable that is passed on. An empty value is kept: it has a meaning to Claude Code.
    pub(crate) vars: BTreeMap<String, String>,
    /// Names of those that are not, as they may be shown.
    pub(crate) dropped: Vec<String>,
}

impl EnvBlock {
    /// Reads the block: texts as they are, numbers and booleans as Claude Code writes them, null as absent.
    ///
    /// # Errors
    /// When it is there and no object; a sentence.
    pub(crate) fn parse(block: Option<&Value>) -> Result<Self, String> {
        let mut env = Self::default();
        match block {
            None | Some(Value::Null) => {}
            Some(Value::Object(entries)) => entries.iter().for_each(|(name, value)| env.add(name, value)),
            Some(_) => return Err("its `env` is not an object".into()),
        }
        Ok(env)
    }

    /// The value of a variable that is set to more than blanks.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Claude Code's notion of a switch that is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| ["1", "true", "yes", "on"].contains(&value.to_lowercase().as_str()))
    }

    fn add(&mut self, name: &str, value: &Value) {
        if value.is_null() {
            return;
        }
        match as_text(value).filter(|_| is_name(name) && !is_hostile(name)) {
            Some(text) => drop(self.vars.insert(name.to_owned(), text)),
            None => self.dropped.push(name.escape_debug().take(MAX_SHOWN).collect()),
        }
    }
}

fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number_text(number),
        Value::Bool(on) => on.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (text.len() <= MAX_VALUE && !text.contains('\0')).then_some(text)
}

/// JavaScript has one kind of number: 600000.0 is written 600000.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Variables by which a synced or tampered store could run code in a worker, or widen what the worker may do.
///
/// Windows ignores case in names, so case is ignored everywhere.
fn is_hostile(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    HOSTILE_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || HOSTILE.contains(&name.as_str())
}

const HOSTILE_PREFIXES: &[&str] =
    &["LD_", "DYLD_", "PYTHON", "BASH_FUNC_", "GIT_", "NPM_CONFIG_", "CC_ORCHESTRATOR_"];

const HOSTILE: &[&str] = &[
    // What is found and loaded.
    "PATH",
    "PATHEXT",
    "COMSPEC",
    "NODE_OPTIONS",
    "NODE_PATH",
    "BUN_OPTIONS",
    "PERL5LIB",
    "PERL5OPT",
    "RUBYLIB",
    "RUBYOPT",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    // What shells run or how they read.
    "BASH_ENV",
    "ENV",
    "IFS",
    "SHELL",
    "SHELLOPTS",
    "BASHOPTS",
    "PROMPT_COMMAND",
    "PS4",
    "ZDOTDIR",
    // What other programs start.
    "EDITOR",
    "VISUAL",
    "PAGER",
    "BROWSER",
    // Whose settings count.
    "HOME",
    "USERPROFILE",
    "XDG_CONFIG_HOME",
    // Claude Code's own: other settings, commands around its shell, and consent to run unguarded as root.
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_ENV_FILE",
    "CLAUDE_CODE_SHELL",
    "CLAUDE_CODE_SHELL_PREFIX",
    "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST",
    "IS_SANDBOX",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(block: &Value) -> EnvBlock {
        EnvBlock::parse(Some(block)).expect("an object")
    }

    #[test]
    fn values_become_what_claude_code_would_make_of_them() {
        let env = parse(
            &json!({"A": "x", "B": 600_000, "C": true, "D": null, "E": "", "F": 1.0, "G": 0.5, "H": false}),
        );
        let expected =
            [("A", "x"), ("B", "600000"), ("C", "true"), ("E", ""), ("F", "1"), ("G", "0.5"), ("H", "false")];
        assert_eq!(env.vars, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        assert!(env.dropped.is_empty());
    }

    #[test]
    fn a_missing_or_null_block_is_empty_and_any_other_is_refused() {
        assert!(EnvBlock::parse(None).is_ok_and(|env| env.vars.is_empty()));
        assert!(EnvBlock::parse(Some(&Value::Null)).is_ok_and(|env| env.vars.is_empty()));
        for bad in [json!("A=b"), json!(["A"]), json!(1), json!(true)] {
            assert!(EnvBlock::parse(Some(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_that_run_code_or_are_no_names_are_dropped_and_listed() {
        let names = [
            "PATH",
            "Path",
            "LD_PRELOAD",
            "DYLD_INSERT_LIBRARIES",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "BASH_ENV",
            "BAD-KEY NAME",
            "1A",
            "",
            "A=B",
            "Ä",
            "A\nB",
            "GIT_SSH_COMMAND",
            "CLAUDE_CONFIG_DIR",
        ];
        let block: Value = names.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        let env = parse(&block);
        assert!(env.vars.is_empty());
        assert_eq!(env.dropped.len(), names.len());
        assert!(env.dropped.contains(&"A\\nB".to_owned()), "shown on one line");
    }

    #[test]
    fn values_no_environment_can_hold_are_dropped() {
        let env =
            parse(&json!({"A": {"b": 1}, "B": ["x"], "C": "x\u{0}y", "D": "x".repeat(40_000), "E": "ok"}));
        assert_eq!(env.vars.keys().collect::<Vec<_>>(), ["E"]);
        assert_eq!(env.dropped, ["A", "B", "C", "D"]);
    }

    #[test]
    fn switches_read_as_claude_code_reads_them() {
        let env = parse(&json!({"A": "1", "B": true, "C": "TRUE", "D": "0", "E": "", "F": "no"}));
        assert_eq!(
            ["A", "B", "C", "D", "E", "F", "G"].map(|name| env.is_on(name)),
            [true, true, true, false, false, false, false]
        );
    }

    proptest! {
        #[test]
        fn every_entry_is_passed_on_or_listed_or_null(
            entries in prop::collection::btree_map("[A-Za-z_ -]{0,12}|LD_[A-Z]{1,4}", any_scalar(), 0..20)
        ) {
            let nulls = entries.values().filter(|value| value.is_null()).count();
            let total = entries.len();
            let env = parse(&entries.into_iter().collect());
            prop_assert_eq!(env.vars.len() + env.dropped.len() + nulls, total);
            prop_assert!(env.vars.keys().all(|name| is_name(name) && !name.starts_with("LD_")));
        }
    }

    fn any_scalar() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ]
    }
}
