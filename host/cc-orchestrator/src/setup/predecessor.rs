//! What the Python predecessor's entry looks like, and what of it must not be handed on.

use std::ffi::OsStr;
use std::path::Path;

/// Whether a configured command starts this program: its file name says so, in any folder and on any system.
pub(super) fn is_ours(command: &str) -> bool {
    let file = command.rsplit(['/', '\\']).next().unwrap_or(command);
    let stem = Path::new(file).file_stem().and_then(OsStr::to_str).unwrap_or(file);
    stem.eq_ignore_ascii_case("cc-orchestrator")
}

/// Whether a variable of the predecessor's `env` goes when the entry becomes ours.
///
/// `CC_ORCHESTRATOR_HOME` and `_SKILL_ROOT` named the folder of its scripts; to this program the first means where runs
/// are kept. The `PYTHON…` ones spoke to its interpreter. The two roots go only where they say what holds anyway. All
/// else is the user's and stays.
pub(super) fn is_obsolete(name: &str, value: Option<&str>) -> bool {
    match name {
        "CC_ORCHESTRATOR_HOME" | "CC_ORCHESTRATOR_SKILL_ROOT" => true,
        "CC_ORCHESTRATOR_WORKSPACE_ROOT" | "CC_ORCHESTRATOR_WORKSPACE" => value == Some("."),
        "CC_ORCHESTRATOR_ARTIFACT_ROOT" => value == Some(".agent-workspace/claude-code-orchestrator"),
        _ => name.starts_with("PYTHON"),
    }
}

/// The sentences that tell what a take-over did.
pub(super) fn notes(command: Option<&str>, dropped: &[String], kept: &[String]) -> Vec<String> {
    let mut notes = vec![match command {
        Some(command) => format!("replaced the command `{command}` and its arguments"),
        None => "gave the entry a command".to_owned(),
    }];
    if !dropped.is_empty() {
        notes.push(format!(
            "removed from its env, as they were the predecessor's own: {}",
            dropped.join(", ")
        ));
    }
    if !kept.is_empty() {
        notes.push(format!("kept as you had it: {}", kept.join(", ")));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_program_is_known_by_its_file_name() {
        for ours in ["cc-orchestrator", "/opt/a b/cc-orchestrator", r"C:\Tools\CC-Orchestrator.exe"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in ["python", "", "/opt/cc-orchestrator/server.py", "cc-orchestrator-old"] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn only_the_predecessors_own_variables_are_obsolete() {
        assert!(is_obsolete("CC_ORCHESTRATOR_HOME", Some("/home/u/.codex/skills/x/scripts")));
        assert!(is_obsolete("PYTHONUTF8", Some("1")));
        assert!(is_obsolete("CC_ORCHESTRATOR_WORKSPACE_ROOT", Some(".")));
        assert!(!is_obsolete("CC_ORCHESTRATOR_WORKSPACE_ROOT", Some("/srv/project")));
        assert!(!is_obsolete("CCSWITCH_HOME", Some("/data/ccs")));
    }
}
