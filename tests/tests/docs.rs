//! The operations reference says what the program does.

use std::{fmt::Write as _, fs};

use cc_orchestrator_tests::{Sandbox, repository};
use serde_json::Value;

/// With this set, the reference is written anew instead of compared.
const UPDATE: &str = "UPDATE_DOCS";

#[test]
fn the_operations_reference_is_up_to_date() {
    let path = repository().join("docs/operations.md");
    let current = reference(&Sandbox::new().mcp().list_tools());
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &current).expect("the reference can be written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(committed == current, "{} is out of date: run this test with {UPDATE}=1", path.display());
}

fn reference(tools: &[Value]) -> String {
    let mut text = String::from(
        "# Operations\n\n\
         Generated from the program; a test compares it. Every operation is an MCP tool and a command: the tool\n\
         `cc_pick_profile` with the argument `task_type` is `cc-orchestrator pick-profile --task-type`. A tool's\n\
         arguments may also come inside one `params` object. Every reply has `ok`; a refused call has `ok: false`,\n\
         `kind`, `error` and `next_step`. Commands print Markdown, or with `--json` the same reply as the tool.\n\n\
         Exit codes: 0 done, 1 the worker or check failed, 2 `invalid_input`, 3 `not_found`, 4 `denied`,\n\
         5 `unavailable`, 6 `state`, 7 `over_limit`.\n",
    );
    for tool in tools {
        describe(&mut text, tool).expect("a string takes all");
    }
    text
}

fn describe(text: &mut String, tool: &Value) -> std::fmt::Result {
    let word = |part: &str| tool[part].as_str().unwrap_or_default();
    writeln!(text, "\n## {}\n\n**{}.** {}\n", word("name"), word("title"), word("description"))?;
    writeln!(text, "{}\n", effect(&tool["annotations"]))?;
    let required: Vec<&str> = strings(&tool["inputSchema"]["required"]);
    for (name, schema) in tool["inputSchema"]["properties"].as_object().into_iter().flatten() {
        let need = if required.contains(&name.as_str()) { ", required" } else { "" };
        let said = schema["description"].as_str().map_or_else(String::new, |said| format!(": {said}"));
        writeln!(text, "- `{name}` ({}{need}){said}", kind(schema))?;
    }
    let fields = tool["outputSchema"]["properties"].as_object();
    let fields: Vec<String> = fields.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
    writeln!(text, "- gives {}", fields.join(", "))
}

fn effect(annotations: &Value) -> &'static str {
    match (annotations["readOnlyHint"] == true, annotations["openWorldHint"] != false) {
        (true, _) => "Reads only.",
        (false, true) => "Starts a worker, which talks to its provider.",
        (false, false) => "Writes files of the product's own.",
    }
}

fn kind(schema: &Value) -> String {
    match &schema["enum"] {
        Value::Array(_) => strings(&schema["enum"]).join(" | "),
        _ => schema["type"].as_str().unwrap_or("any").to_owned(),
    }
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
