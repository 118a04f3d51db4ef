//! Building a JavaScript plugin with componentize-qjs: a QuickJS engine and the module, as one component.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Language,
    tool::{find, made, run, workbench},
};
use crate::{PolicyError, engine::World};

const TOOL: &str = "componentize-qjs";
const INSTALL: &str = "run `npm install` in the plugin's folder, whose package.json names componentize-qjs, \
                       or `npm install --global componentize-qjs`; it needs Node.js 18 or newer";

/// Builds `plugin.js` in `folder`.
pub(super) fn component(folder: &Path, world: World) -> Result<Vec<u8>, PolicyError> {
    let bench = workbench()?;
    let mut command = Command::new(tool(folder));
    command.current_dir(folder);
    command.arg("--wit").arg(bench.path().join("wit")).args(["--world", world.as_str()]);
    command.args(["--js", Language::JavaScript.main_file()]);
    // No WASI, and no `async` of the component model: the host offers neither.
    command.args(["--stub-wasi", "--sync"]);
    command.arg("--output").arg(bench.path().join("plugin.wasm"));
    run(command, TOOL, folder, INSTALL)?;
    made(&bench, "plugin.wasm", TOOL, folder)
}

/// npm puts programs into `node_modules/.bin` of the package or of a folder above it.
fn tool(folder: &Path) -> PathBuf {
    let name = if cfg!(windows) { "componentize-qjs.cmd" } else { TOOL };
    find(folder.ancestors().map(|above| above.join("node_modules/.bin")), name)
}
