//! Building a Python plugin with componentize-py: a CPython interpreter and the module, as one component.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::tool::{find, made, run, workbench};
use crate::{PolicyError, engine::World};

const TOOL: &str = "componentize-py";
/// Where a virtual environment in `.venv` has its programs.
pub(crate) const VENV_PROGRAMS: &str = if cfg!(windows) { ".venv/Scripts" } else { ".venv/bin" };
const INSTALL: &str = "run `python3 -m venv .venv` and `.venv/bin/pip install -r requirements.txt` in the plugin's \
                       folder, or `pip install componentize-py`";

/// Builds `plugin.py` in `folder`.
pub(super) fn component(folder: &Path, world: World) -> Result<Vec<u8>, PolicyError> {
    let bench = workbench()?;
    let mut command = Command::new(tool(folder));
    command.current_dir(folder);
    command.arg("--quiet").arg("--wit-path").arg(bench.path().join("wit"));
    command.args(["--world", world.as_str(), "componentize", "plugin", "--python-path", "."]);
    command.arg("--stub-wasi").arg("--output").arg(bench.path().join("plugin.wasm"));
    run(command, TOOL, folder, INSTALL)?;
    made(&bench, "plugin.wasm", TOOL, folder)
}

/// The program of the folder's own virtual environment; an active one has it in PATH.
fn tool(folder: &Path) -> PathBuf {
    let name = if cfg!(windows) { "componentize-py.exe" } else { TOOL };
    find(std::iter::once(folder.join(VENV_PROGRAMS)), name)
}
