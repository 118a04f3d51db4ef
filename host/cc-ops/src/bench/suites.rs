//! Where suites are: in the binary, in the user's home, in a project that the user trusts.

use std::path::PathBuf;

use cc_bench::{Files, Suite, SuiteId};

use crate::{Context, ErrorKind, OpError};

/// The built-in suite.
pub(super) const CORE: &str = "core";

/// The suite of that name: the project's before the user's before the built-in one.
pub(super) fn find(cx: &Context, name: &str) -> Result<Suite, OpError> {
    let id = SuiteId::new(name).ok_or_else(|| unknown(cx, name))?;
    let root = cx.project(None)?.root;
    let of_project = root.join(".cc-orchestrator").join("suites").join(id.as_str());
    if of_project.is_dir() {
        // Its checks may run commands.
        if !cc_policy::trusts(cx.setup().home.root(), &root)? {
            return Err(OpError::new(
                ErrorKind::Denied,
                format!("the suite {} belongs to a project that is not trusted", of_project.display()),
                "read it; then 'cc-orchestrator plugin trust' in that project",
            ));
        }
        return Ok(Suite::parse(id, &Files::read(&of_project)?)?);
    }
    let of_user = cx.setup().home.suites().join(id.as_str());
    if of_user.is_dir() {
        return Ok(Suite::parse(id, &Files::read(&of_user)?)?);
    }
    if name == CORE { Ok(cc_bench::core()?) } else { Err(unknown(cx, name)) }
}

fn unknown(cx: &Context, name: &str) -> OpError {
    let folders = [Some(cx.setup().home.suites()), project_suites(cx)];
    let mut known: Vec<String> = folders.into_iter().flatten().flat_map(names).collect();
    known.push(CORE.into());
    known.sort();
    known.dedup();
    let message = format!("there is no suite '{name}'; there are: {}", known.join(", "));
    OpError::new(ErrorKind::NotFound, message, "pass 'suite' as one of these, or leave it out for core")
}

fn project_suites(cx: &Context) -> Option<PathBuf> {
    Some(cx.project(None).ok()?.root.join(".cc-orchestrator").join("suites"))
}

fn names(folder: PathBuf) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(100);
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
