//! Task templates of the prompt pack as MCP prompts. Role templates are the workers' own and stay out.

use cc_domain::{Template, TemplateKind};
use cc_ops::{Context, OpError};
use rmcp::{
    ErrorData,
    model::{
        GetPromptRequestParams, GetPromptResponse, GetPromptResult, ListPromptsResult, Prompt,
        PromptArgument, PromptMessage, Role,
    },
};
use serde_json::Value;

/// Every task template.
pub(crate) async fn list(cx: &Context) -> Result<ListPromptsResult, ErrorData> {
    let templates = cc_ops::list_prompts(cx).await.map_err(|error| refused(&error))?;
    let prompts = templates.into_iter().filter(|t| t.kind == TemplateKind::Task).map(prompt).collect();
    Ok(ListPromptsResult::with_all_items(prompts))
}

fn prompt(template: Template) -> Prompt {
    let arguments = template
        .variables
        .into_iter()
        .map(|v| PromptArgument::new(v.name).with_description(v.description).with_required(v.required))
        .collect();
    Prompt::new(template.name, Some(template.description), Some(arguments)).with_title(template.title)
}

/// One template, filled in.
pub(crate) async fn get(
    cx: &Context,
    request: GetPromptRequestParams,
) -> Result<GetPromptResponse, ErrorData> {
    let text = |value: Value| if let Value::String(text) = value { text } else { value.to_string() };
    let variables =
        request.arguments.unwrap_or_default().into_iter().map(|(name, value)| (name, text(value))).collect();
    let text = cc_ops::render_prompt(cx, request.name, variables).await.map_err(|error| refused(&error))?;
    Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]).into())
}

fn refused(error: &OpError) -> ErrorData {
    ErrorData::invalid_params(error.to_string(), None)
}
