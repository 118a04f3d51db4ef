//! World `prompt-pack`.

use std::collections::HashSet;

use cc_domain::Template;

use super::{Binding, broken, check_name, sentence, v1};
use crate::engine::{Plugin, PluginError};

/// Templates of one pack, and variables of one template.
const TEMPLATES: usize = 500;

impl Plugin {
    /// Asks a prompt pack for its templates.
    ///
    /// # Errors
    /// When the plugin fails, or gives names that are no file names or not unique.
    pub fn templates(&self) -> Result<Vec<Template>, PluginError> {
        let templates = match self.binding() {
            Binding::V1(functions) => v1::prompt_pack::templates(self, functions)?,
            #[cfg(test)]
            Binding::Next(_) => unreachable!("the next version has routers only"),
        };
        checked(templates).map_err(|error| self.blame(error))
    }

    /// Asks a prompt pack for the finished text of one template.
    ///
    /// # Errors
    /// When the plugin fails: it does not know the name, or misses a variable.
    pub fn render(&self, name: &str, variables: &[(String, String)]) -> Result<String, PluginError> {
        match self.binding() {
            Binding::V1(functions) => v1::prompt_pack::render(self, functions, name, variables),
            #[cfg(test)]
            Binding::Next(_) => unreachable!("the next version has routers only"),
        }
    }
}

fn checked(mut templates: Vec<Template>) -> Result<Vec<Template>, PluginError> {
    if templates.len() > TEMPLATES {
        return Err(broken(format!("{} templates, and at most {TEMPLATES} are possible", templates.len())));
    }
    let mut names = HashSet::new();
    for template in &mut templates {
        check_file_name(&template.name)?;
        if !names.insert(template.name.clone()) {
            return Err(broken(format!("two templates are named '{}'", template.name)));
        }
        if template.variables.len() > TEMPLATES {
            return Err(broken(format!(
                "template '{}' has {} variables",
                template.name,
                template.variables.len()
            )));
        }
        for variable in &mut template.variables {
            check_name("variable", &variable.name)?;
            variable.description = sentence(&variable.description);
        }
        template.title = sentence(&template.title);
        template.description = sentence(&template.description);
    }
    Ok(templates)
}

/// Users may put a file of that name in their `prompts` folder.
fn check_file_name(name: &str) -> Result<(), PluginError> {
    let fits = (1..=64).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if fits {
        return Ok(());
    }
    check_name("template", name)?;
    Err(broken(format!(
        "template '{name}' cannot be a file name: use up to 64 letters, digits, '-', '_' and '.'"
    )))
}

#[cfg(test)]
mod tests {
    use cc_domain::TemplateKind;

    use super::*;

    fn template(name: &str) -> Template {
        Template {
            name: name.into(),
            title: "Fix\na bug".into(),
            description: String::new(),
            kind: TemplateKind::Task,
            variables: vec![],
        }
    }

    #[test]
    fn names_are_unique_and_could_be_files() {
        assert_eq!(checked(vec![template("role-review")]).expect("a pack")[0].title, "Fix a bug");
        for bad in ["", ".hidden", "../up", "a/b", "a\\b", "a b", "a\n"] {
            assert!(checked(vec![template(bad)]).is_err(), "{bad:?}");
        }
        assert!(checked(vec![template("a"), template("a")]).is_err());
    }
}
