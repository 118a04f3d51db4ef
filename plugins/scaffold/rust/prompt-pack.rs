//! A prompt pack: one task template.

use cc_policy_sdk::prompt_pack::{Failure, Guest, Kind, Template, Variable};

struct Plugin;

impl Guest for Plugin {
    fn templates() -> Result<Vec<Template>, Failure> {
        let task = Variable {
            name: "task".into(),
            description: "What changed.".into(),
            required: true,
        };
        Ok(vec![Template {
            name: "changelog".into(),
            title: "Changelog entry".into(),
            description: "One entry of the changelog, in the words of its readers.".into(),
            kind: Kind::Task,
            variables: vec![task],
        }])
    }

    fn render(name: String, variables: Vec<(String, String)>) -> Result<String, Failure> {
        if name != "changelog" {
            return Err(failure(
                format!("there is no template '{name}'"),
                "the templates: changelog",
            ));
        }
        match variables.iter().find(|(key, _)| key == "task") {
            Some((_, task)) => Ok(format!(
                "Write one changelog entry, for users, about this:\n{task}\n"
            )),
            None => Err(failure(
                "'changelog' needs the variable 'task'".into(),
                "give it",
            )),
        }
    }
}

fn failure(message: String, hint: &str) -> Failure {
    Failure {
        message,
        hint: Some(hint.into()),
    }
}

cc_policy_sdk::export_prompt_pack!(Plugin);
