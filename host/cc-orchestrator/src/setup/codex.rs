//! Codex's `config.toml`: the table `[mcp_servers.claude-code-orchestrator]`.
//!
//! A new entry is appended as text and an old one cut out as lines, so the rest cannot change. An entry that is already
//! there is edited in place, whatever form of TOML it is written in, and keeps its own comments and settings.

use std::ops::Range;

use toml_edit::{Array, Document, DocumentMut, Item, Table, TableLike, Value, value};

use super::error::EditError;
use super::{Action, Approval, ENTRY, Edit, SERVER_ARGS, SetupOptions, lines, predecessor};

const SERVERS: &str = "mcp_servers";

/// Codex's own default today; older versions had less, and a worker's answer is worth waiting for.
const TOOL_TIMEOUT_SECONDS: i64 = 300;
/// Codex's own default today. The server answers in milliseconds; a first start on a slow disk may take longer.
const STARTUP_TIMEOUT_SECONDS: i64 = 30;

/// Codex gives a server nothing of the user's environment but a handful of names. These lead to our home, to CC Switch,
/// to Claude Code and, behind a company's proxy, to the network. Codex skips those that are not set.
const ENV_VARS: &[&str] = &[
    "CC_ORCHESTRATOR_HOME",
    "CC_ORCHESTRATOR_LOG",
    "CCSWITCH_HOME",
    "CLAUDE_CODE_BIN",
    "CLAUDE_CONFIG_DIR",
    "XDG_DATA_HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "NODE_EXTRA_CA_CERTS",
];

/// `before` with our entry in it.
pub(super) fn set_up(before: &str, options: &SetupOptions) -> Result<Edit, EditError> {
    let mut document = parse(before)?;
    let Some(entry) = entry_mut(&mut document)? else {
        return add(before, document, options);
    };
    if entry.contains_key("url") {
        return Err(EditError::Remote(ENTRY));
    }
    let command = text_at(entry, "command").map(str::to_owned);
    let ours = command.as_deref().is_some_and(predecessor::is_ours);
    let mut notes = Vec::new();
    if !ours {
        let dropped = drop_obsolete_env(entry);
        notes = predecessor::notes(command.as_deref(), &dropped, &kept_settings(entry));
    }
    start_us(entry, ours, options);
    complete(entry, options);
    notes.extend(remarks(entry));
    let text = printed(before, &document)?;
    check_untouched(before, &text)?;
    let action = match (ours, text == before) {
        (_, true) => Action::AlreadySetUp,
        (true, false) => Action::Update,
        (false, false) => Action::TakeOver,
    };
    Ok(Edit { text, action, notes })
}

/// `before` without our entry. An entry of that name that does not start this program is left alone.
pub(super) fn remove(before: &str) -> Result<Edit, EditError> {
    let mut document = parse(before)?;
    let nothing = |notes| Edit { text: before.to_owned(), action: Action::NothingToRemove, notes };
    let Some(entry) = entry_mut(&mut document)? else {
        return Ok(nothing(Vec::new()));
    };
    if let Some(command) = text_at(entry, "command").filter(|c| !predecessor::is_ours(c)) {
        return Ok(nothing(vec![format!(
            "the entry {ENTRY} starts `{command}`, not this program: left alone"
        )]));
    }
    let text = match cut_entry(before) {
        Some(text) if check_untouched(before, &text).is_ok() => text,
        _ => {
            if let Some(servers) = document.get_mut(SERVERS).and_then(Item::as_table_like_mut) {
                servers.remove(ENTRY);
            }
            printed(before, &document)?
        }
    };
    check_untouched(before, &text)?;
    Ok(Edit { text, action: Action::Remove, notes: Vec::new() })
}

/// The edited document, every line outside the edit as it was in `before`.
fn printed(before: &str, document: &DocumentMut) -> Result<String, EditError> {
    Ok(lines::keep_bytes(before, &parse(before)?.to_string(), &document.to_string()))
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|e: toml_edit::TomlError| malformed(&e))
}

fn malformed(error: &toml_edit::TomlError) -> EditError {
    EditError::Malformed { language: "TOML", reason: error.to_string().trim_end().to_owned() }
}

/// Our entry, if there is one, in whatever form it is written.
fn entry_mut(document: &mut DocumentMut) -> Result<Option<&mut dyn TableLike>, EditError> {
    let Some(servers) = document.get_mut(SERVERS) else { return Ok(None) };
    let servers = servers.as_table_like_mut().ok_or(EditError::Shape { what: SERVERS })?;
    let Some(entry) = servers.get_mut(ENTRY) else { return Ok(None) };
    let shape = EditError::Shape { what: "mcp_servers.claude-code-orchestrator" };
    entry.as_table_like_mut().map(Some).ok_or(shape)
}

/// Appends the entry as text; where that is not TOML (`mcp_servers = { … }`), puts it into the value that is there.
fn add(before: &str, mut document: DocumentMut, options: &SetupOptions) -> Result<Edit, EditError> {
    let mut entry = Table::new();
    start_us(&mut entry, false, options);
    complete(&mut entry, options);
    let notes = remarks(&entry);
    let appended = lines::append(before, &as_text(entry.clone()));
    let text = if appended.parse::<DocumentMut>().is_ok() {
        appended
    } else {
        let servers = document.get_mut(SERVERS).and_then(Item::as_table_like_mut);
        servers.ok_or(EditError::Shape { what: SERVERS })?.insert(ENTRY, Item::Table(entry));
        printed(before, &document)?
    };
    check_untouched(before, &text)?;
    Ok(Edit { text, action: Action::Add, notes })
}

fn as_text(entry: Table) -> String {
    let mut servers = implicit_table();
    servers.insert(ENTRY, Item::Table(entry));
    let mut document = DocumentMut::new();
    document.insert(SERVERS, Item::Table(servers));
    document.to_string()
}

/// The program to start. More arguments of our own entry, such as `--workspace`, are the user's.
fn start_us(entry: &mut dyn TableLike, ours: bool, options: &SetupOptions) {
    let binary = options.binary.to_string_lossy();
    if text_at(entry, "command") != Some(&*binary) {
        set(entry, "command", Value::from(&*binary));
    }
    if !ours || !entry.get("args").and_then(texts).is_some_and(|args| args.starts_with(SERVER_ARGS)) {
        set(entry, "args", SERVER_ARGS.iter().copied().collect());
    }
}

/// Gives the entry the settings it lacks. What the user set stays.
fn complete(entry: &mut dyn TableLike, options: &SetupOptions) {
    add_env_vars(entry);
    set_default(entry, "startup_timeout_sec", Value::from(STARTUP_TIMEOUT_SECONDS));
    set_default(entry, "tool_timeout_sec", Value::from(TOOL_TIMEOUT_SECONDS));
    match options.approval {
        Approval::Workers => options.worker_tools.iter().for_each(|tool| approve_tool(entry, tool)),
        Approval::All => set_default(entry, "default_tools_approval_mode", Value::from("approve")),
        Approval::Ask => {}
    }
}

/// Names that are missing go to the end of the user's list.
fn add_env_vars(entry: &mut dyn TableLike) {
    let Some(list) = entry.get_mut("env_vars").and_then(Item::as_array_mut) else {
        return set_default(entry, "env_vars", ENV_VARS.iter().copied().collect());
    };
    for name in ENV_VARS {
        if !list.iter().any(|v| v.as_str() == Some(name)) {
            list.push(*name);
        }
    }
}

/// `tools.TOOL.approval_mode = "approve"`, unless the user chose a mode for the tool.
fn approve_tool(entry: &mut dyn TableLike, tool: &str) {
    set_default_item(entry, "tools", Item::Table(implicit_table()));
    let Some(tools) = entry.get_mut("tools").and_then(Item::as_table_like_mut) else { return };
    set_default_item(tools, tool, Item::Table(Table::new()));
    let Some(tool) = tools.get_mut(tool).and_then(Item::as_table_like_mut) else { return };
    set_default(tool, "approval_mode", Value::from("approve"));
}

fn implicit_table() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

/// Replaces a value and keeps the comment behind it, or adds it.
fn set(table: &mut dyn TableLike, key: &str, new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => {
            table.insert(key, value(new));
        }
    }
}

fn set_default(table: &mut dyn TableLike, key: &str, new: Value) {
    set_default_item(table, key, value(new));
}

fn set_default_item(table: &mut dyn TableLike, key: &str, new: Item) {
    if !table.contains_key(key) {
        table.insert(key, new);
    }
}

/// Takes the predecessor's own variables out of the entry's `env` and returns their names.
fn drop_obsolete_env(entry: &mut dyn TableLike) -> Vec<String> {
    let Some(env) = entry.get_mut("env").and_then(Item::as_table_like_mut) else { return Vec::new() };
    let obsolete: Vec<String> = env
        .iter()
        .filter(|(name, item)| predecessor::is_obsolete(name, item.as_str()))
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in &obsolete {
        env.remove(name);
    }
    if env.is_empty() && !entry.get("env").is_some_and(has_comment) {
        entry.remove("env");
    }
    obsolete
}

fn has_comment(item: &Item) -> bool {
    let prefix = item.as_table().and_then(|t| t.decor().prefix()).and_then(|p| p.as_str());
    prefix.is_some_and(|p| p.contains('#'))
}

/// The settings of the entry that are not about which program to start.
fn kept_settings(entry: &dyn TableLike) -> Vec<String> {
    let settings = entry.iter().map(|(key, _)| key).filter(|key| !matches!(*key, "command" | "args" | "env"));
    let env = entry.get("env").and_then(Item::as_table_like);
    let variables = env.into_iter().flat_map(|env| env.iter().map(|(name, _)| format!("env.{name}")));
    settings.map(str::to_owned).chain(variables).collect()
}

/// What in the finished entry the user should know of.
fn remarks(entry: &dyn TableLike) -> Vec<String> {
    let mut notes = Vec::new();
    if entry.get("enabled").and_then(Item::as_bool) == Some(false) {
        notes.push(
            "the entry says `enabled = false`: Codex will not start it until you change that".to_owned(),
        );
    }
    if let Some(seconds) =
        entry.get("tool_timeout_sec").and_then(Item::as_integer).filter(|s| *s < TOOL_TIMEOUT_SECONDS)
    {
        notes.push(format!(
            "tool_timeout_sec = {seconds} is kept: a call that waits longer for a worker fails, though the worker goes on"
        ));
    }
    notes.push(approval_remark(entry));
    notes
}

fn approval_remark(entry: &dyn TableLike) -> String {
    if text_at(entry, "default_tools_approval_mode") == Some("approve") {
        return "Codex may call every tool of this server without asking".to_owned();
    }
    let tools = entry.get("tools").and_then(Item::as_table_like);
    let approved: Vec<&str> = tools
        .into_iter()
        .flat_map(|tools| tools.iter())
        .filter(|(_, tool)| tool.as_table_like().and_then(|t| text_at(t, "approval_mode")) == Some("approve"))
        .map(|(name, _)| name)
        .collect();
    match approved[..] {
        [] => "Codex asks before it starts a worker, and refuses where nobody can be asked".to_owned(),
        _ => format!("Codex may call without asking: {}", approved.join(", ")),
    }
}

fn text_at<'a>(table: &'a dyn TableLike, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Item::as_str)
}

fn texts(item: &Item) -> Option<Vec<&str>> {
    item.as_array().map(Array::iter)?.map(Value::as_str).collect()
}

/// `text` without the lines of our entry, if it is written in lines of its own.
fn cut_entry(text: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let servers = document.get(SERVERS)?.as_table()?;
    let mut ranges = Vec::new();
    let (key, entry) = servers.get_key_value(ENTRY)?;
    collect_ranges(key.span()?, entry, &mut ranges);
    Some(lines::cut(text, ranges))
}

/// Where a setting is: from its key or header to the end of its last value.
fn collect_ranges(key: Range<usize>, item: &Item, ranges: &mut Vec<Range<usize>>) {
    let Some(table) = item.as_table() else {
        return ranges.extend(item.span().map(|value| key.start..value.end));
    };
    let header = table.span().filter(|_| !table.is_implicit() && !table.is_dotted());
    let mut own = header.clone();
    for (name, _) in table.iter() {
        let Some((key, item)) = table.get_key_value(name) else { continue };
        let Some(key) = key.span() else { continue };
        match (&mut own, item.span()) {
            (Some(own), Some(value)) if item.is_value() => own.end = own.end.max(value.end),
            _ => collect_ranges(key, item, ranges),
        }
    }
    ranges.extend(own);
}

/// Fails unless the two texts say the same about everything but our entry.
fn check_untouched(before: &str, after: &str) -> Result<(), EditError> {
    if others(before)? == others(after)? { Ok(()) } else { Err(EditError::Entangled) }
}

/// Everything but our entry, as plain values.
fn others(text: &str) -> Result<serde_json::Value, EditError> {
    let mut document = parse(text)?;
    if let Some(servers) = document.get_mut(SERVERS).and_then(Item::as_table_like_mut) {
        servers.remove(ENTRY);
        if servers.is_empty() {
            document.remove(SERVERS);
        }
    }
    toml_edit::de::from_document(document).map_err(|_| EditError::Entangled)
}
