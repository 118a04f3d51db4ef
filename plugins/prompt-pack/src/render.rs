//! Fills a template in. Values are data: what looks like template syntax in them stays as it is.

use std::collections::BTreeMap;

use cc_policy_sdk::prompt_pack::Failure;
use minijinja::{Environment, UndefinedBehavior};

use crate::pack::{Pack, Template};

type Given = [(String, String)];

/// The finished text of one template.
pub(crate) fn render(pack: &Pack, name: &str, given: &Given) -> Result<String, Failure> {
    let template = pack.templates.iter().find(|template| template.name == name);
    let template = template.ok_or_else(|| unknown(pack, name))?;
    check(template, given)?;
    fill_in(pack, template, given).map_err(|error| Failure {
        message: format!("template '{name}' could not be rendered: {error}"),
        hint: None,
    })
}

/// Every required variable is given and not blank, and no other ones are.
fn check(template: &Template, given: &Given) -> Result<(), Failure> {
    let known = |name: &str| template.variables.iter().any(|variable| variable.name == name);
    if let Some((stranger, _)) = given.iter().find(|(name, _)| !known(name)) {
        return Err(refused(template, &format!("takes no variable '{stranger}'")));
    }
    let filled = |name: &str| given.iter().any(|(key, value)| key == name && !value.trim().is_empty());
    match template.variables.iter().find(|variable| variable.required && !filled(&variable.name)) {
        Some(missing) => Err(refused(template, &format!("needs the variable '{}'", missing.name))),
        None => Ok(()),
    }
}

fn fill_in(pack: &Pack, template: &Template, given: &Given) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // Strict, but an optional variable may be asked for with `if`: a misspelt one fails the tests.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    for (name, text) in &pack.parts {
        environment.add_template(name, text)?;
    }
    let values: BTreeMap<String, String> = given.iter().cloned().collect();
    environment.template_from_named_str(&template.name, &template.text)?.render(values)
}

fn refused(template: &Template, what: &str) -> Failure {
    let names = template
        .variables
        .iter()
        .map(|v| format!("{}{}", v.name, if v.required { "" } else { " (optional)" }));
    Failure {
        message: format!("template '{}' {what}", template.name),
        hint: Some(format!("its variables: {}", names.collect::<Vec<_>>().join(", "))),
    }
}

fn unknown(pack: &Pack, name: &str) -> Failure {
    let names: Vec<&str> = pack.templates.iter().map(|template| template.name.as_ref()).collect();
    Failure {
        message: format!("there is no template '{name}'"),
        hint: Some(format!("the templates: {}", names.join(", "))),
    }
}
