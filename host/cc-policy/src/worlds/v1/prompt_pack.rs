//! World `prompt-pack` of policy 1.x.

use cc_domain::{Template, TemplateKind, TemplateVariable};

use super::{Check, Functions, exports::prompts as wit};
use crate::engine::{Hidden, Plugin, PluginError};

type Arguments = (String, Vec<(String, String)>);

pub(super) fn check(check: &mut Check<'_>) -> wasmtime::Result<()> {
    check.function::<(), Vec<wit::Template>>("templates")?;
    check.function::<Arguments, String>("render")
}

pub(in crate::worlds) fn templates(
    plugin: &Plugin,
    functions: &Functions,
) -> Result<Vec<Template>, PluginError> {
    let templates: Vec<wit::Template> = functions.call(plugin, "templates", &Hidden::default(), ())?;
    Ok(templates.into_iter().map(template).collect())
}

pub(in crate::worlds) fn render(
    plugin: &Plugin,
    functions: &Functions,
    name: &str,
    variables: &[(String, String)],
) -> Result<String, PluginError> {
    let arguments: Arguments = (name.to_owned(), variables.to_vec());
    functions.call(plugin, "render", &Hidden::default(), arguments)
}

fn template(template: wit::Template) -> Template {
    let variable = |v: wit::Variable| TemplateVariable {
        name: v.name,
        description: v.description,
        required: v.required,
    };
    Template {
        name: template.name,
        title: template.title,
        description: template.description,
        kind: match template.kind {
            wit::Kind::Task => TemplateKind::Task,
            wit::Kind::Role => TemplateKind::Role,
        },
        variables: template.variables.into_iter().map(variable).collect(),
    }
}
