//! The ways in which values are written down.

use serde_json::json;

use super::{File, Planted, Rng, filler, kinds::Named};

type Part = (&'static str, Named, bool);
/// A name, the ending of its files, a line of filler, and a value's line.
type Carrier = (&'static str, &'static str, fn(&mut Rng) -> String, fn(&mut Rng, &Named) -> String);

const CARRIERS: &[Carrier] = &[
    ("source", "rs", filler::code, in_code),
    ("script", "py", filler::code, in_python),
    ("env", "env", filler::setting, in_env),
    ("yaml", "yaml", filler::setting, in_yaml),
    ("json", "json", |rng| format!("\"{}\": {},", filler::name(rng), rng.below(99)), in_json),
    ("log", "log", filler::output, in_prose),
    ("data", "lock", filler::data, in_json),
];

/// A file of one form with values in it.
pub fn file(rng: &mut Rng, number: usize, parts: &[Part]) -> File {
    let (name, ending, filler, place) = CARRIERS[rng.below(CARRIERS.len())];
    let mut lines = Vec::new();
    for (_, named, _) in parts {
        (0..5 + rng.below(30)).for_each(|_| lines.push(filler(rng)));
        lines.push(place(rng, named));
    }
    (0..20 + rng.below(60)).for_each(|_| lines.push(filler(rng)));
    let (carrier, path, text) = wrap(rng, number, name, ending, &lines);
    let planted = |(kind, named, secret): &Part| Planted {
        kind,
        carrier,
        value: named.secret.clone(),
        secret: *secret,
    };
    File { path, text, planted: parts.iter().map(planted).collect() }
}

/// The lines as they are, in a diff, or in an agent's log once or twice quoted.
fn wrap(
    rng: &mut Rng,
    number: usize,
    name: &'static str,
    ending: &str,
    lines: &[String],
) -> (&'static str, String, String) {
    let text = lines.join("\n") + "\n";
    match rng.below(5) {
        0 => {
            let body: String = text.lines().map(|line| format!("+{line}\n")).collect();
            let count = text.lines().count();
            let head = format!(
                "diff --git a/f{number}.{ending} b/f{number}.{ending}\n--- /dev/null\n+++ b/f{number}.{ending}\n@@ -0,0 +1,{count} @@\n"
            );
            ("diff", format!("change{number}.diff"), head + &body)
        }
        1 => ("log-once", format!("run{number}.ndjson"), record(rng, &text) + "\n"),
        2 => {
            let inner = record(rng, &text);
            ("log-twice", format!("run{number}.ndjson"), record(rng, &inner) + "\n")
        }
        _ => (name, format!("src/f{number}.{ending}"), text),
    }
}

/// A line of an agent's log.
fn record(rng: &mut Rng, text: &str) -> String {
    let id = rng.expand("toolu_01{alnum:22}");
    let usage = json!({ "input_tokens": rng.below(9_999), "cache_read_input_tokens": rng.below(99_999) });
    let uuid = rng.expand("{hex:8}-{hex:4}-4{hex:3}-8{hex:3}-{hex:12}");
    match rng.below(3) {
        0 => json!({ "type": "assistant", "message": { "content": [{ "type": "text", "text": text }], "usage": usage }, "uuid": uuid }),
        1 => json!({ "type": "user", "message": { "content": [{ "tool_use_id": id, "content": text }] }, "uuid": uuid }),
        _ => json!({ "type": "tool_result", "tool_use_id": id, "content": [{ "type": "text", "text": text }] }),
    }
    .to_string()
}

fn in_code(rng: &mut Rng, named: &Named) -> String {
    let Named { key, value, .. } = named;
    match rng.below(if named.alone { 6 } else { 4 }) {
        0 => format!("    const {key} = \"{value}\"; // test example"),
        1 => format!("    let {key}: &str = \"{value}\";"),
        2 => format!("    {{ \"{key}\": \"{value}\" }},"),
        3 => format!("    {key}: '{value}',"),
        4 => format!("    client.connect(\"{value}\", 30);"),
        _ => format!("    // was {value} before"),
    }
}

fn in_python(rng: &mut Rng, named: &Named) -> String {
    let Named { key, value, .. } = named;
    match rng.below(if named.alone { 5 } else { 4 }) {
        0 => format!("{key} = \"{value}\""),
        1 => format!("os.environ[\"{key}\"] = '{value}'"),
        2 => format!("config = {{'{key}': '{value}', 'debug': True}}"),
        3 => format!("setenv(\"{key}\", \"{value}\")"),
        _ => format!("print(\"{value}\")"),
    }
}

fn in_env(rng: &mut Rng, named: &Named) -> String {
    let Named { key, value, .. } = named;
    match rng.below(3) {
        _ if value.contains('\n') => format!("{key}=\"{}\"", value.replace('\n', "\\n")),
        0 => format!("{key}=\"{value}\""),
        1 => format!("export {key}={value}"),
        _ => format!("{key}={value}"),
    }
}

fn in_yaml(rng: &mut Rng, named: &Named) -> String {
    let Named { key, value, .. } = named;
    match rng.below(2) {
        _ if value.contains('\n') => format!("{key}: |\n  {}", value.replace('\n', "\n  ")),
        0 => format!("  {key}: {value}"),
        _ => format!("  {key}: \"{value}\""),
    }
}

fn in_json(_: &mut Rng, named: &Named) -> String {
    format!("  \"{}\": {},", named.key, json!(named.value))
}

fn in_prose(rng: &mut Rng, named: &Named) -> String {
    let Named { key, value, .. } = named;
    match rng.below(if named.alone { 4 } else { 2 }) {
        0 => format!("set {key}={value} and try again"),
        1 => format!("> {key}: {value}"),
        2 => format!("using {value} as an example for the test"),
        _ => format!("\u{1b}[32m{value}\u{1b}[0m"),
    }
}
