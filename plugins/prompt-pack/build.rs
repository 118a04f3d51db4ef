//! Turns `prompt-packs/core` into a static table, so that the component carries no TOML parser.
#![allow(clippy::print_stdout)] // how a build script talks to Cargo

use std::{collections::BTreeMap, env, error::Error, fs, path::Path};

use serde::Deserialize;

const PACK: &str = "../../prompt-packs/core";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    variables: BTreeMap<String, String>,
    parts: Vec<String>,
    template: Vec<Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    kind: Kind,
    name: String,
    title: String,
    description: String,
    required: Vec<String>,
    optional: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Task,
    Role,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PACK}");
    let pack: Pack = toml::from_str(&read("pack.toml")?)?;
    let mut table = String::from("pub(crate) const TEMPLATES: &[Template] = &[\n");
    for template in &pack.template {
        table += &entry(&pack, template)?;
    }
    table += "];\npub(crate) const PARTS: &[(&str, &str)] = &[\n";
    for part in &pack.parts {
        table += &format!("({part:?}, {:?}),\n", read(part)?);
    }
    table += "];\n";
    fs::write(Path::new(&env::var("OUT_DIR")?).join("pack.rs"), table)?;
    Ok(())
}

fn entry(pack: &Pack, template: &Template) -> Result<String, Box<dyn Error>> {
    let Template { kind, name, title, description, required, optional } = template;
    let (kind, folder, full_name) = match kind {
        Kind::Task => ("Task", "task", name.clone()),
        Kind::Role => ("Role", "role", format!("role-{name}")),
    };
    let mut variables = String::new();
    let listed = required.iter().map(|v| (v, true)).chain(optional.iter().map(|v| (v, false)));
    for (variable, required) in listed {
        let about =
            pack.variables.get(variable).ok_or(format!("{full_name}: {variable} is not in [variables]"))?;
        variables += &format!(
            "Variable {{ name: Cow::Borrowed({variable:?}), description: Cow::Borrowed({about:?}), required: {required} }}, "
        );
    }
    let text = read(&format!("{folder}/{name}.md"))?;
    Ok(format!(
        "Template {{ name: Cow::Borrowed({full_name:?}), title: Cow::Borrowed({title:?}), \
         description: Cow::Borrowed({description:?}), kind: Kind::{kind}, variables: Cow::Borrowed(&[{variables}]), \
         text: Cow::Borrowed({text:?}) }},\n"
    ))
}

/// A file of the pack; the same text whatever line ends the checkout uses.
fn read(name: &str) -> Result<String, Box<dyn Error>> {
    let path = Path::new(PACK).join(name);
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(text.replace("\r\n", "\n"))
}
