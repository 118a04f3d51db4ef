//! Claude Code's `.mcp.json`: the member `mcpServers.claude-code-orchestrator`.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};
use serde_json::Value;

use super::error::EditError;
use super::{Action, ENTRY, Edit, SERVER_ARGS, SetupOptions, predecessor};

const SERVERS: &str = "mcpServers";
/// What a new file begins as; two spaces are what Claude Code itself writes.
const EMPTY: &str = "{\n  \"mcpServers\": {}\n}\n";

/// `before` with our entry in it.
pub(super) fn set_up(before: &str, options: &SetupOptions) -> Result<Edit, EditError> {
    let text = if before.trim().is_empty() { EMPTY } else { before };
    let old = entry_in(&parse(text)?)?.cloned();
    let tree = tree(text)?;
    let servers = tree.object_value_or_set().object_value_or_set(SERVERS);
    let (action, notes) = match &old {
        None => (Action::Add, add(&servers, options)),
        Some(entry) if entry.get("url").is_some() => return Err(EditError::Remote(ENTRY)),
        Some(entry) => change(&servers.object_value_or_set(ENTRY), entry, options),
    };
    let after = tree.to_string();
    check_untouched(text, &after)?;
    Ok(Edit { text: after, action, notes })
}

/// `before` without our entry. An entry of that name that does not start this program is left alone.
pub(super) fn remove(before: &str) -> Result<Edit, EditError> {
    let nothing = |notes| Edit { text: before.to_owned(), action: Action::NothingToRemove, notes };
    if before.trim().is_empty() {
        return Ok(nothing(Vec::new()));
    }
    match entry_in(&parse(before)?)? {
        None => return Ok(nothing(Vec::new())),
        Some(entry) => {
            if let Some(command) = command_of(entry).filter(|c| !predecessor::is_ours(c)) {
                let note = format!("the entry {ENTRY} starts `{command}`, not this program: left alone");
                return Ok(nothing(vec![note]));
            }
        }
    }
    let tree = tree(before)?;
    let servers = tree.object_value().and_then(|root| root.object_value(SERVERS));
    if let Some(entry) = servers.and_then(|servers| servers.get(ENTRY)) {
        entry.remove();
    }
    let text = tree.to_string();
    check_untouched(before, &text)?;
    Ok(Edit { text, action: Action::Remove, notes: Vec::new() })
}

fn add(servers: &CstObject, options: &SetupOptions) -> Vec<String> {
    let members = [("type", "stdio".into()), ("command", binary(options).into()), ("args", args())];
    let entry = CstInputValue::Object(members.map(|(k, v)| (k.to_owned(), v)).into());
    servers.append(ENTRY, entry);
    vec![
        "the file names this program by its full path: think of it before you commit the file for others"
            .into(),
    ]
}

/// Brings an existing entry up to date, and says what that did.
fn change(entry: &CstObject, old: &Value, options: &SetupOptions) -> (Action, Vec<String>) {
    let command = command_of(old);
    let ours = command.is_some_and(predecessor::is_ours);
    // Ours may have more arguments, such as --workspace: they are the user's.
    let serves = ours && old.pointer("/args/0").and_then(Value::as_str) == SERVER_ARGS.first().copied();
    if serves && command == Some(&*binary(options)) {
        return (Action::AlreadySetUp, Vec::new());
    }
    set(entry, "command", binary(options).into());
    if !serves {
        set(entry, "args", args());
    }
    if ours {
        return (Action::Update, Vec::new());
    }
    let dropped = drop_obsolete_env(entry, old);
    (Action::TakeOver, predecessor::notes(command, &dropped, &kept_settings(old, &dropped)))
}

fn set(object: &CstObject, name: &str, value: CstInputValue) {
    match object.get(name) {
        Some(member) => member.set_value(value),
        None => {
            object.append(name, value);
        }
    }
}

/// Takes the predecessor's own variables out of the entry's `env` and returns their names.
fn drop_obsolete_env(entry: &CstObject, old: &Value) -> Vec<String> {
    let Some(variables) = old.get("env").and_then(Value::as_object) else { return Vec::new() };
    let obsolete = variables.iter().filter(|(name, value)| predecessor::is_obsolete(name, value.as_str()));
    let names: Vec<String> = obsolete.map(|(name, _)| name.clone()).collect();
    let env = entry.object_value("env");
    for member in names.iter().filter_map(|name| env.as_ref()?.get(name)) {
        member.remove();
    }
    if names.len() == variables.len()
        && let Some(env) = entry.get("env")
    {
        env.remove();
    }
    names
}

fn kept_settings(old: &Value, dropped: &[String]) -> Vec<String> {
    let members = old.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let settings = members.filter(|name| !matches!(name.as_str(), "type" | "command" | "args" | "env"));
    let variables = old.get("env").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name);
    let kept = variables.filter(|name| !dropped.contains(name)).map(|name| format!("env.{name}"));
    settings.chain(kept).collect()
}

fn command_of(entry: &Value) -> Option<&str> {
    entry.get("command").and_then(Value::as_str)
}

fn binary(options: &SetupOptions) -> String {
    options.binary.to_string_lossy().into_owned()
}

fn args() -> CstInputValue {
    CstInputValue::Array(SERVER_ARGS.iter().map(|arg| (*arg).into()).collect())
}

fn malformed(reason: String) -> EditError {
    EditError::Malformed { language: "JSON", reason }
}

/// The text as values; what is not strict JSON is refused, as Claude Code would.
fn parse(text: &str) -> Result<Value, EditError> {
    serde_json::from_str(text).map_err(|e| malformed(e.to_string()))
}

/// The text as a tree that knows every space, for editing.
fn tree(text: &str) -> Result<CstRootNode, EditError> {
    CstRootNode::parse(text, &ParseOptions::default()).map_err(|e| malformed(e.to_string()))
}

/// Our entry, if there is one.
fn entry_in(root: &Value) -> Result<Option<&Value>, EditError> {
    let root = root.as_object().ok_or(EditError::Shape { what: "the file" })?;
    let Some(servers) = root.get(SERVERS) else { return Ok(None) };
    let servers = servers.as_object().ok_or(EditError::Shape { what: SERVERS })?;
    match servers.get(ENTRY) {
        Some(entry) if !entry.is_object() => {
            Err(EditError::Shape { what: "mcpServers.claude-code-orchestrator" })
        }
        entry => Ok(entry),
    }
}

/// Fails unless the two texts say the same about everything but our entry.
fn check_untouched(before: &str, after: &str) -> Result<(), EditError> {
    if others(before)? == others(after)? { Ok(()) } else { Err(EditError::Entangled) }
}

/// Everything but our entry; no servers are the same as an empty list of them.
fn others(text: &str) -> Result<Value, EditError> {
    let mut root = parse(text)?;
    if let Some(members) = root.as_object_mut() {
        if let Some(servers) = members.get_mut(SERVERS).and_then(Value::as_object_mut) {
            servers.remove(ENTRY);
        }
        if members.get(SERVERS).and_then(Value::as_object).is_some_and(|s| s.is_empty()) {
            members.remove(SERVERS);
        }
    }
    Ok(root)
}
