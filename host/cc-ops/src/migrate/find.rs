//! Where the predecessor was installed, and what it worked on.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders below `skills/` that are looked into, and how deep.
const DEPTH: usize = 4;

/// A folder that is surely the predecessor's configuration has these two files.
const SHIPPED: [&str; 2] = ["agents.json", "model_policy.json"];

/// Its configuration folder: at or below the folder given, else below Codex's skills.
pub(crate) fn config(given: Option<&Path>, codex_home: Option<&Path>) -> Option<PathBuf> {
    match given {
        Some(folder) => search(folder, DEPTH),
        None => search(&codex_home?.join("skills"), DEPTH),
    }
}

fn search(folder: &Path, depth: usize) -> Option<PathBuf> {
    if SHIPPED.iter().all(|name| folder.join(name).is_file()) {
        return Some(folder.to_owned());
    }
    let mut below: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok())
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    below.sort();
    if depth == 0 { None } else { below.iter().find_map(|folder| search(folder, depth - 1)) }
}

/// The run folders of a workspace: its own, and those its index names elsewhere.
pub(crate) fn runs(workspace: &Path) -> Vec<PathBuf> {
    let runs = workspace.join(".agent-workspace").join("claude-code-orchestrator").join("runs");
    let mut found: Vec<PathBuf> =
        entries(&runs).filter(|path| path.join("metadata.json").is_file()).collect();
    let named = |path: PathBuf| {
        let entry: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let folder = PathBuf::from(entry["run_dir"].as_str()?);
        folder.join("metadata.json").is_file().then_some(folder)
    };
    found.extend(entries(&runs.join("index")).filter_map(named));
    found.sort();
    found.dedup();
    found
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_found_below_codexs_skills() {
        let home = tempfile::tempdir().unwrap();
        let config_folder = home.path().join("skills/claude-code-orchestrator/scripts/config");
        fs::create_dir_all(&config_folder).unwrap();
        assert_eq!(config(None, Some(home.path())), None);
        SHIPPED.iter().for_each(|name| fs::write(config_folder.join(name), "{}").unwrap());
        assert_eq!(config(None, Some(home.path())), Some(config_folder.clone()));
        assert_eq!(config(Some(&config_folder), None), Some(config_folder));
    }

    #[test]
    fn runs_are_those_of_the_folder_and_of_the_index() {
        let home = tempfile::tempdir().unwrap();
        let runs_folder = home.path().join("server/.agent-workspace/claude-code-orchestrator/runs");
        let (own, other) = (runs_folder.join("20260301T101112Z-00000001"), home.path().join("other/run"));
        for folder in [&own, &other, &runs_folder.join("index")] {
            fs::create_dir_all(folder).unwrap();
        }
        for run in [&own, &other] {
            fs::write(run.join("metadata.json"), "{}").unwrap();
        }
        let entry = serde_json::json!({ "run_dir": other }).to_string();
        fs::write(runs_folder.join("index/a.json"), entry).unwrap();
        fs::write(runs_folder.join("index/b.json"), "torn {").unwrap();
        assert_eq!(runs(&home.path().join("server")), [other, own]);
    }
}
