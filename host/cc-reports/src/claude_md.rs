//! What `CLAUDE.md` says of working under a controller.

use cc_domain::Role;

/// The name a project is called by, at most; characters.
const NAME_CHARS: usize = 120;

/// The section, in Markdown. `instruction` is what the prompt pack tells a worker of that role.
#[must_use]
pub fn claude_md(project: &str, role: &Role, instruction: &str) -> String {
    let purpose = role.info().map_or("a role of the team's own", |info| info.purpose);
    format!(
        "# Working on {name} under a controller\n\n\
         Role: `{role}` ({purpose}).\n\n\
         ## Control Model\n\n\
         - A controller, usually Codex, gives out the work, reviews it and decides what is kept.\n\
         - Do the task you were given and no other. What else you notice, report.\n\
         - Your answer is a claim until the controller has verified it: diff, write scope, secrets, tests.\n\n\
         ## Role Instruction\n\n{instruction}\n\n\
         ## Safety Rules\n\n\
         - Never output a secret: no key, token, password or private key, not even in part.\n\
         - Edit only when the run may write, and only inside its write scope.\n\
         - Do not commit, push, publish, or undo changes that are not yours.\n\
         - Reports and other artefacts belong under `.agent-workspace/claude-code-orchestrator/`.\n\n\
         ## Progress Reporting\n\n\
         - Say in one line what you are about to do before a longer step.\n\
         - At the end: what you did, every file you changed, what you checked and with what result, what is open.\n",
        name = cc_domain::one_line(project, NAME_CHARS),
        instruction = lowered(instruction.trim()),
    )
}

/// Headings of the instruction go below the section's own.
fn lowered(text: &str) -> String {
    let line = |line: &str| if line.starts_with('#') { format!("##{line}") } else { line.to_owned() };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_says_who_for_whom_and_how() {
        let text = claude_md("a\\b\nc", &"security".parse().unwrap(), "# Look\nclosely");
        assert!(text.starts_with("# Working on a\\b c under a controller\n"), "{text}");
        for part in ["Control Model", "Role Instruction\n\n### Look\nclosely\n", "Safety Rules", "injection"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
