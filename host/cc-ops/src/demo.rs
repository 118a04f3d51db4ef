//! A world of its own for the built-in demo worker: a small project, and a store in CC Switch's form.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use cc_profiles::Locations;
use cc_store::Home;
use serde_json::{Value, json};

use crate::{Setup, WorkerKind};

/// What a process decides when everything is inside `folder`.
#[must_use]
pub fn demo_setup(folder: &Path, exe: PathBuf) -> Setup {
    Setup {
        home: Home::at(folder.join("home")),
        locations: Locations {
            ccswitch_home: Some(folder.join("cc-switch")),
            user_home: folder.join("user"),
        },
        exe,
        workspace: folder.join("project"),
        worker: WorkerKind::Demo,
    }
}

/// Writes the project, and the store with three profiles that no request is ever sent to.
///
/// # Errors
/// When a file cannot be written.
pub fn demo_files(folder: &Path) -> io::Result<()> {
    for part in ["project/src", "home", "cc-switch", "user"] {
        fs::create_dir_all(folder.join(part))?;
    }
    fs::write(folder.join("project/README.md"), "# Prices\n\nAdds up prices and takes a discount off.\n")?;
    fs::write(
        folder.join("project/src/prices.py"),
        "def total(prices, discount):\n    return sum(prices) * (1 - discount / 100)\n",
    )?;
    fs::write(folder.join("cc-switch/config.json"), store().to_string())
}

/// CC Switch's `config.json`, version 2.
fn store() -> Value {
    let provider = |id: &str, name: &str, models: [&str; 2]| {
        json!({ "id": id, "name": name, "category": "third_party", "settingsConfig": { "env": {
            "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
            "ANTHROPIC_AUTH_TOKEN": "no-key-is-needed-for-the-demo",
            "ANTHROPIC_MODEL": models[0],
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": models[1],
        }}})
    };
    json!({ "version": 2, "claude": { "current": "demo-glm", "providers": {
        "demo-deepseek": provider("demo-deepseek", "DeepSeek (demo)", ["deepseek-v4-pro", "deepseek-v4-flash"]),
        "demo-glm": provider("demo-glm", "Zhipu GLM (demo)", ["glm-5.2", "glm-5.2"]),
        "demo-kimi": provider("demo-kimi", "Kimi (demo)", ["kimi-k2.7-code", "kimi-k2.7-code"]),
    }}})
}
