//! `cc_prompt_pack`.

use std::collections::BTreeMap;

use cc_domain::{Template, TemplateKind};
use cc_reports::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{Context, Effect, OpError, Operation, Output, arguments};

/// Library of ready-made standard prompts: bugfix, repo-audit, security-audit, frontend-polish,
/// test-generation, refactor-plan, release-check. With template: renders the prompt with task and
/// variables.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromptPack {
    /// Name of the template to fill in.
    #[arg(long)]
    template: Option<String>,
    /// The task, for the template.
    #[arg(long)]
    task: Option<String>,
    /// Further variables, name to text.
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    #[serde(default, deserialize_with = "variables")]
    #[schemars(with = "BTreeMap<String, Value>")]
    variables: Vec<(String, String)>,
}

fn variables<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let text = |value| if let Value::String(text) = value { text } else { value.to_string() };
    let map = BTreeMap::<String, Value>::deserialize(from)?;
    Ok(map.into_iter().map(|(name, value)| (name, text(value))).collect())
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("'{text}' is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The templates, or one filled in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Pack {
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    templates: Vec<Listed>,
}

/// One template.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    name: String,
    #[schemars(skip)]
    title: String,
    #[schemars(skip)]
    description: String,
    #[schemars(skip)]
    kind: TemplateKind,
    /// Required ones end in `*`.
    #[schemars(skip)]
    variables: Vec<String>,
}

impl Operation for PromptPack {
    const NAME: &'static str = "cc_prompt_pack";
    const TITLE: &'static str = "Prompt templates: list, show, fill in";
    const EFFECT: Effect = Effect::READS;
    type Output = Pack;

    async fn run(self, cx: Context) -> Result<Pack, OpError> {
        cx.blocking(move |cx| {
            let policy = cx.policy(&cx.project(None)?.root);
            let Some(template) = self.template else {
                let templates = policy.templates()?.into_iter().map(Listed::of).collect();
                return Ok(Pack { template: None, prompt: None, templates });
            };
            let mut variables = self.variables;
            if let Some(task) = self.task.filter(|task| !task.is_empty()) {
                arguments::text_within("task", &task, 20_000)?;
                variables.push(("task".into(), task));
            }
            let prompt = policy.render(&template, &variables)?.value;
            Ok(Pack { template: Some(template), prompt: Some(prompt), templates: Vec::new() })
        })
        .await
    }
}

impl Listed {
    fn of(template: Template) -> Self {
        let variables = template.variables.into_iter();
        Self {
            variables: variables.map(|v| if v.required { format!("{}*", v.name) } else { v.name }).collect(),
            name: template.name,
            title: template.title,
            description: template.description,
            kind: template.kind,
        }
    }
}

impl Output for Pack {
    fn text(&self) -> String {
        if let Some(prompt) = &self.prompt {
            return prompt.clone();
        }
        let mut table = Table::new(["template", "what for", "variables (* required)"]);
        for listed in &self.templates {
            table.row([listed.name.clone(), listed.description.clone(), listed.variables.join(", ")]);
        }
        table.to_string()
    }
}
