//! A prompt pack as texts: `pack.toml` and one Markdown file a template, as `prompt-packs/core` has them.

use std::{collections::BTreeMap, path::Path};

use cc_domain::TemplateKind;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{PolicyError, files, payload::DATA_FORMAT, toml_text};

/// The pack's table of contents.
pub(super) const PACK: &str = "pack.toml";
const HINT: &str = "The guide has an example: templates, and the variables they name";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// Texts that templates extend or include.
    #[serde(default)]
    parts: Vec<String>,
    template: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: TemplateKind,
    name: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    optional: Vec<String>,
}

/// The folder as data for the default prompt pack's component.
pub(super) fn data(folder: &Path) -> Result<String, PolicyError> {
    let path = folder.join(PACK);
    let text = files::read_text(&path)?.unwrap_or_default();
    let pack: Pack = toml_text::parse(&toml_text::shown(&path), &text, HINT)?;
    let templates = pack.template.iter().map(|entry| template(folder, &pack, entry));
    let templates = templates.collect::<Result<Vec<_>, _>>()?;
    let parts = pack.parts.iter().map(|name| Ok(json!([name, read(folder, name)?])));
    let parts = parts.collect::<Result<Vec<_>, PolicyError>>()?;
    Ok(json!({ "format": DATA_FORMAT, "parts": parts, "templates": templates }).to_string())
}

fn template(folder: &Path, pack: &Pack, entry: &Entry) -> Result<Value, PolicyError> {
    let Entry { kind, name, title, description, required, optional } = entry;
    let (sub, full) = match kind {
        TemplateKind::Task => ("task", name.clone()),
        TemplateKind::Role => ("role", format!("role-{name}")),
    };
    let all = required.iter().map(|name| (name, true)).chain(optional.iter().map(|name| (name, false)));
    let variables = all.map(|(variable, required)| {
        let about = pack.variables.get(variable).ok_or_else(|| {
            let message = format!("template '{full}' names the variable '{variable}', which is not in [variables] of {PACK}: add it there");
            PolicyError::Refused(message)
        })?;
        Ok(json!({ "name": variable, "description": about, "required": required }))
    });
    let variables = variables.collect::<Result<Vec<_>, PolicyError>>()?;
    let text = read(folder, &format!("{sub}/{name}.md"))?;
    Ok(
        json!({ "name": full, "title": title, "description": description, "kind": kind, "variables": variables, "text": text }),
    )
}

/// A text of the pack, the same whatever line ends the checkout uses. Never one from outside the folder.
fn read(folder: &Path, name: &str) -> Result<String, PolicyError> {
    let outside =
        || PolicyError::Refused(format!("{PACK} names '{name}', which is outside the pack's folder"));
    if Path::new(name).components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
        return Err(outside());
    }
    let path = folder.join(name);
    let text = files::read_text(&path)?.ok_or_else(|| {
        PolicyError::Refused(format!("{PACK} names a text that is not there: write {}", path.display()))
    })?;
    Ok(text.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(files: &[(&str, &str)]) -> Result<Value, String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            files::write(&folder.path().join(name), text.as_bytes()).expect("written");
        }
        let text = data(folder.path()).map_err(|error| error.to_string())?;
        Ok(serde_json::from_str(&text).expect("JSON"))
    }

    #[test]
    fn a_folder_of_texts_becomes_data() {
        let toml = "parts = [\"parts/tone.md\"]\n[variables]\ntask = \"What to do.\"\n\
                    [[template]]\nkind = \"role\"\nname = \"review\"\ntitle = \"Review\"\noptional = [\"task\"]\n";
        let data = pack(&[("pack.toml", toml), ("parts/tone.md", "Kindly."), ("role/review.md", "a\r\nb")]);
        let data = data.expect("data");
        assert_eq!(data["templates"][0]["name"], "role-review");
        assert_eq!(data["templates"][0]["text"], "a\nb");
        assert_eq!(data["parts"][0][1], "Kindly.");
    }

    #[test]
    fn what_is_missing_or_outside_is_named() {
        let entry = "[[template]]\nkind = \"task\"\nname = \"fix\"\ntitle = \"Fix\"\n";
        for (toml, word) in [
            (entry.to_owned(), "task/fix.md"),
            (format!("{entry}required = [\"task\"]\n"), "not in [variables]"),
            (format!("parts = [\"../secret\"]\n{entry}"), "outside"),
            ("template = 1".to_owned(), "line 1"),
        ] {
            let files = if word == "task/fix.md" { vec![] } else { vec![("task/fix.md", "x")] };
            let files: Vec<_> = files.into_iter().chain([("pack.toml", toml.as_str())]).collect();
            let error = pack(&files).expect_err(word);
            assert!(error.contains(word), "{error}");
        }
    }
}
