//! World `run-reviewer` of policy 1.x.

use cc_domain::{Command, Confidence, Flag, Grade, Review, RunFacts, Severity, ToolUse};

use super::{Check, Functions, exports::run_review as wit};
use crate::engine::{Hidden, Plugin, PluginError};

type Arguments = (wit::RunFacts,);

pub(super) fn check(check: &mut Check<'_>) -> wasmtime::Result<()> {
    check.function::<Arguments, wit::Assessment>("review")
}

pub(in crate::worlds) fn review(
    plugin: &Plugin,
    functions: &Functions,
    run: &RunFacts,
) -> Result<Review, PluginError> {
    let said: wit::Assessment = functions.call(plugin, "review", &Hidden::default(), (facts(run),))?;
    Ok(Review {
        flags: said.flags.into_iter().map(flag).collect(),
        grade: said.grade.map(|grade| Grade { score: grade.score, notes: grade.notes }),
    })
}

fn facts(run: &RunFacts) -> wit::RunFacts {
    wit::RunFacts {
        run_id: run.run_id.clone(),
        role: run.role.clone(),
        status: run.status.clone(),
        active: run.active,
        write: run.write,
        declared_model: run.declared_model.clone(),
        actual_model: run.actual_model.clone(),
        final_text: run.final_text.clone(),
        tools: run.tools.iter().map(tool).collect(),
        commands: run.commands.iter().map(command).collect(),
        attributes: run.attributes.clone(),
    }
}

fn tool(tool: &ToolUse) -> wit::ToolUse {
    wit::ToolUse { name: tool.name.clone(), calls: tool.calls, failed: tool.failed, repeated: tool.repeated }
}

fn command(command: &Command) -> wit::Command {
    wit::Command { line: command.line.clone(), exit_code: command.exit_code, test: command.test }
}

fn flag(flag: wit::Flag) -> Flag {
    Flag {
        code: flag.code,
        severity: match flag.severity {
            wit::Severity::Low => Severity::Low,
            wit::Severity::Medium => Severity::Medium,
            wit::Severity::High => Severity::High,
            wit::Severity::Critical => Severity::Critical,
        },
        category: flag.category,
        confidence: match flag.confidence {
            wit::Confidence::Low => Confidence::Low,
            wit::Confidence::Medium => Confidence::Medium,
            wit::Confidence::High => Confidence::High,
        },
        message: flag.message,
        blocking: flag.blocking,
    }
}
