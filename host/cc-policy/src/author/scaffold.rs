//! `plugin new`: a plugin that builds, is tested and decides something, to be changed from there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::sources;
use crate::{
    PolicyError,
    build::{Language, VENV_PROGRAMS},
    engine::World,
    files,
    id::PluginId,
    manifest::{MANIFEST, host_version},
};

/// What to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlugin {
    /// The folder's and the crate's name, and the id when it has a dot.
    pub name: PluginId,
    /// What it decides.
    pub world: World,
    /// What it is written in.
    pub language: Language,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scaffold {
    /// The new folder.
    pub folder: PathBuf,
    /// The plugin's id.
    pub id: PluginId,
    /// Its world.
    pub world: World,
    /// Its language.
    pub language: Language,
    /// Its files, relative to the folder, with forward slashes.
    pub files: Vec<String>,
    /// The commands that come next.
    pub next: Vec<String>,
}

impl NewPlugin {
    /// `local.` before a name of one word: an id is told apart by its first one.
    ///
    /// # Errors
    /// The name is too long for that.
    pub fn id(&self) -> Result<PluginId, PolicyError> {
        if self.name.as_str().contains('.') {
            return Ok(self.name.clone());
        }
        format!("local.{}", self.name).parse().map_err(|error| PolicyError::Refused(format!("{error}")))
    }

    /// Every file: path and content.
    fn files(&self) -> Result<Vec<(String, String)>, PolicyError> {
        let main = match self.language {
            Language::Rust => "src/lib.rs",
            language => language.main_file(),
        };
        let mut files = vec![
            (MANIFEST.to_owned(), self.manifest()?),
            (main.into(), sources::main_file(self.language, self.world).into()),
            ("README.md".into(), self.filled_in(&sources::README.replace("__SOURCE__", main))),
        ];
        let (path, wit) = sources::wit();
        files.push((path.into(), wit));
        files.extend(
            sources::others(self.language)
                .into_iter()
                .map(|(path, text)| (path.to_owned(), self.filled_in(&text))),
        );
        let fixtures = sources::fixtures(self.world).iter();
        files.extend(fixtures.map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
        files.sort();
        Ok(files)
    }

    fn manifest(&self) -> Result<String, PolicyError> {
        let mut text = format!(
            "id = \"{}\"\nversion = \"0.1.0\"\nworld = \"{}\"\nhost = \">={}, <1.0.0\"\ndescription = \"{}.\"\n",
            self.id()?,
            self.world,
            host_version(),
            capital(what(self.world))
        );
        if let Some(limits) = limits(self.language) {
            text.push_str(limits);
        }
        Ok(text)
    }

    fn filled_in(&self, text: &str) -> String {
        text.replace("__NAME__", self.name.as_str())
            .replace("__CRATE__", &self.name.as_str().replace('.', "-"))
            .replace("__HOST_VERSION__", &host_version().to_string())
            .replace("__WORLD__", self.world.as_str())
            .replace("__WHAT__", what(self.world))
            .replace("__TOOL__", &self.tool())
    }

    /// How to get what builds it, once.
    fn tool(&self) -> String {
        let name = &self.name;
        match self.language {
            Language::Rust => "rustup target add wasm32-unknown-unknown".into(),
            Language::JavaScript => format!("npm install --prefix {name}"),
            // In an environment of its own: many systems let pip install nowhere else.
            Language::Python => format!(
                "python3 -m venv {name}/.venv && {name}/{VENV_PROGRAMS}/pip install -r {name}/requirements.txt"
            ),
        }
    }
}

/// Writes a new plugin's sources, fixtures and README into `parent/NAME`.
///
/// # Errors
/// The folder is there already and not empty, or cannot be written.
pub fn scaffold(parent: &Path, new: &NewPlugin) -> Result<Scaffold, PolicyError> {
    let folder = parent.join(new.name.as_str());
    if fs::read_dir(&folder).is_ok_and(|mut inside| inside.next().is_some()) || folder.is_file() {
        let message = format!("{} is there already: choose another name, or move it", folder.display());
        return Err(PolicyError::Refused(message));
    }
    let written = new.files()?;
    for (path, text) in &written {
        files::write_shared(&folder.join(path), text.as_bytes())?;
    }
    let name = &new.name;
    Ok(Scaffold {
        id: new.id()?,
        world: new.world,
        language: new.language,
        files: written.into_iter().map(|(path, _)| path).collect(),
        next: vec![
            new.tool(),
            format!("cc-orchestrator plugin build {name}"),
            format!("cc-orchestrator plugin test {name}"),
            format!("cc-orchestrator plugin add {name}/dist"),
        ],
        folder,
    })
}

/// What a scaffold decides.
const fn what(world: World) -> &'static str {
    match world {
        World::Router => "sends each job to the cheapest profile that can run it",
        World::ModelScorer => "gives the team's favourite models the best scores",
        World::RunReviewer => "flags a run that may write and ran no tests",
        World::SecretScanner => "finds the tokens of one service",
        World::PromptPack => "has one task template, for a changelog entry",
    }
}

/// CPython inside a component is larger than the default allows.
const fn limits(language: Language) -> Option<&'static str> {
    match language {
        Language::Rust | Language::JavaScript => None,
        Language::Python => {
            Some("\n# The component holds a Python interpreter.\n[limits]\ncomponent_bytes = 33554432\n")
        }
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    fn new(name: &str, world: World, language: Language) -> NewPlugin {
        NewPlugin { name: name.parse().expect("a name"), world, language }
    }

    /// What is not a copy of the SDK or the contract.
    fn own(files: Vec<(String, String)>) -> String {
        let copied = |path: &str| path.starts_with("sdk/src") || path == "wit/policy.wit";
        let shown = files.iter().map(|(path, text)| match copied(path) {
            true => format!("=== {path}\n(a copy)\n"),
            false => format!("=== {path}\n{text}"),
        });
        shown.collect()
    }

    #[test]
    fn scaffolds_of_a_router() {
        for (name, language) in
            [("rust", Language::Rust), ("js", Language::JavaScript), ("python", Language::Python)]
        {
            let files = new("cheapest-first", World::Router, language).files().expect("files");
            insta::assert_snapshot!(format!("router-{name}"), own(files));
        }
    }

    #[test]
    fn every_scaffold_is_whole_and_has_questions_with_answers() {
        for (world, language) in World::ALL.into_iter().flat_map(|world| Language::ALL.map(|l| (world, l))) {
            let files = new("acme.mine", world, language).files().expect("files");
            let text =
                |wanted: &str| files.iter().find(|(path, _)| path == wanted).map(|(_, text)| text.as_str());
            let manifest =
                Manifest::parse("plugin.toml", text(MANIFEST).expect("a manifest")).expect("valid");
            assert_eq!((manifest.id.as_str(), manifest.world), ("acme.mine", world));
            assert!(manifest.check_host(&host_version()).is_ok());
            assert!(files.iter().all(|(path, text)| path.starts_with("sdk/") || !text.contains("__NAME__")));
            for (path, _) in files.iter().filter(|(path, _)| path.starts_with("fixtures/")) {
                let Some(name) = path.strip_suffix(".expected.json") else { continue };
                assert!(text(&format!("{name}.json")).is_some(), "{path} has no question");
                assert!(
                    text(path).is_some_and(|answer| answer.contains("answer") || answer.contains("failure"))
                );
            }
            if language == Language::Rust {
                assert!(text("sdk/src/lib.rs").is_some_and(|sdk| sdk.contains("path: \"../wit\"")));
            }
        }
    }

    #[test]
    fn a_folder_that_holds_something_is_left_alone() {
        let parent = tempfile::tempdir().expect("a folder");
        let new = new("mine", World::PromptPack, Language::Python);
        let made = scaffold(parent.path(), &new).expect("made");
        assert_eq!(made.id.as_str(), "local.mine");
        let readme = made.folder.join("README.md");
        std::fs::write(&readme, "mine").expect("written");
        assert!(scaffold(parent.path(), &new).expect_err("taken").to_string().contains("is there already"));
        assert_eq!(std::fs::read_to_string(&readme).expect("readable"), "mine");
    }
}
