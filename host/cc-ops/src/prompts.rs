//! Prompt-pack templates, for operations and as MCP prompts.

use cc_domain::Template;

use crate::{Context, OpError};

/// Every template, of every layer.
///
/// # Errors
/// When no prompt pack answers.
pub async fn list_prompts(cx: &Context) -> Result<Vec<Template>, OpError> {
    cx.blocking(|cx| {
        let project = cx.project(None)?;
        Ok(cx.policy(&project.root).templates()?)
    })
    .await
}

/// The finished text of one template.
///
/// # Errors
/// When there is no such template, or a variable is missing or unknown.
pub async fn render_prompt(
    cx: &Context,
    name: String,
    variables: Vec<(String, String)>,
) -> Result<String, OpError> {
    cx.blocking(move |cx| {
        let project = cx.project(None)?;
        Ok(cx.policy(&project.root).render(&name, &variables)?.value)
    })
    .await
}
