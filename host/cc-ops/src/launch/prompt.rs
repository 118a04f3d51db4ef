//! What a worker is told.

use cc_policy::Policy;
use cc_repo::Project;
use cc_store::RunDir;

use super::Start;
use crate::OpError;

/// What the worker is told of its role, besides Claude Code's own instructions.
pub(crate) fn system_prompt(policy: &Policy, project: &Project, start: &Start) -> Result<String, OpError> {
    let role = &start.job.role;
    let wanted = format!("role-{role}");
    let templates = policy.templates()?;
    let name =
        if templates.iter().any(|template| template.name == wanted) { &wanted } else { "role-default" };
    let task_type = start.job.task_type.clone().unwrap_or_else(|| role.default_task_type());
    let variables = [
        ("allow_write", start.job.write.to_string()),
        ("artifact_root", RunDir::artifact_root(&project.root).display().to_string()),
        ("task_type", task_type.to_string()),
    ];
    // A team's own pack may take fewer of them, and refuses what it does not know.
    let known = templates.iter().find(|template| template.name == *name);
    let takes = |variable: &str| known.is_none_or(|t| t.variables.iter().any(|v| v.name == variable));
    let variables: Vec<(String, String)> = variables
        .into_iter()
        .filter(|(name, _)| takes(name))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Ok(policy.render(name, &variables)?.value)
}

/// What the worker is asked: the task as it was given, and the context below it.
pub(super) fn prompt(start: &Start) -> String {
    match start.context.as_deref().filter(|context| !context.trim().is_empty()) {
        Some(context) => format!("{}\n\nContext:\n{context}", start.task),
        None => start.task.clone(),
    }
}
