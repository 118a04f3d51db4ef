//! `plugin new`: a plugin that builds, is tested and decides something, to be changed from there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::sources;
use crate::{
    PolicyError,
    build::Language,
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
            Language::Python => format!("pip install -r {name}/requirements.txt"),
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
        files::write(&folder.join(path), text.as_bytes())?;
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

/// An interpreter inside a component needs more than the defaults.
const fn limits(language: Language) -> Option<&'static str> {
    match language {
        Language::Rust | Language::JavaScript => None,
        Language::Python => Some(
            "\n# The component holds a Python interpreter.\n[limits]\ncomponent_bytes = 33554432\nmemory_bytes = 134217728\n",
        ),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
