//! Where CC Switch keeps its store.

use std::{
    env,
    path::{Path, PathBuf},
};

use directories::BaseDirs;
use serde_json::Value;

use crate::{platform, snapshot};

const STORE_FOLDER: &str = ".cc-switch";
const DATABASE: &str = "cc-switch.db";
const LEGACY: &str = "config.json";
/// The desktop application's identifier, which names its data folder.
const APP_IDENTIFIER: &str = "com.ccswitch.desktop";

/// Where to look for CC Switch.
#[derive(Clone, Debug)]
pub struct Locations {
    /// A folder that holds `cc-switch.db`. When given, no other is looked into.
    pub ccswitch_home: Option<PathBuf>,
    /// The user's home directory.
    pub user_home: PathBuf,
}

/// The store that was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Database(PathBuf),
    Legacy(PathBuf),
    Nothing,
}

impl Locations {
    /// As the environment says: `CCSWITCH_HOME`, when set and not empty, and the user's home directory.
    #[must_use]
    pub fn from_env() -> Self {
        Self {
            ccswitch_home: env::var_os("CCSWITCH_HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
            user_home: BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()).unwrap_or_default(),
        }
    }

    /// The first database, else the first `config.json` of the time before it.
    pub(crate) fn find(&self) -> Found {
        let folders = self.folders();
        let first = |file: &str| folders.iter().map(|folder| folder.join(file)).find(|path| path.is_file());
        match (first(DATABASE), first(LEGACY)) {
            (Some(path), _) => Found::Database(path),
            (None, Some(path)) => Found::Legacy(path),
            (None, None) => Found::Nothing,
        }
    }

    /// The `settings.json` that names the current profile of the store in `folder`, if there is one.
    ///
    /// The application keeps it in `~/.cc-switch` even when its store lies elsewhere. A folder the caller named may
    /// be a copy of the whole, so its own file comes first.
    pub(crate) fn settings_file(&self, folder: &Path) -> Option<PathBuf> {
        let mut folders = vec![self.default_folder(), folder.to_owned()];
        if self.ccswitch_home.is_some() {
            folders.reverse();
        }
        folders.into_iter().map(|folder| folder.join("settings.json")).find(|path| path.is_file())
    }

    /// Claude Code's own settings of this user.
    pub(crate) fn claude_settings_file(&self) -> PathBuf {
        self.user_home.join(".claude").join("settings.json")
    }

    fn folders(&self) -> Vec<PathBuf> {
        if let Some(folder) = &self.ccswitch_home {
            return vec![folder.clone()];
        }
        // A folder chosen in the application beats the default one, which may hold a store from before the choice.
        let chosen = self.chosen_in_app();
        let second = platform::second_home().map(|home| home.join(STORE_FOLDER));
        let folders = chosen.into_iter().chain([self.default_folder()]).chain(second);
        // Where no home is known, the working directory must not stand in for it: that is somebody's project.
        folders.filter(|folder| folder.is_absolute()).collect()
    }

    fn default_folder(&self) -> PathBuf {
        self.user_home.join(STORE_FOLDER)
    }

    /// `app_config_dir_override` of `app_paths.json`, when that folder exists.
    fn chosen_in_app(&self) -> Option<PathBuf> {
        let file = self.app_data().join(APP_IDENTIFIER).join("app_paths.json");
        let paths: Value = serde_json::from_slice(&snapshot::read_bounded(&file).ok()?).ok()?;
        let text = paths.get("app_config_dir_override")?.as_str()?.trim();
        let folder = self.expand(text);
        (!text.is_empty() && folder.is_dir()).then_some(folder)
    }

    fn expand(&self, text: &str) -> PathBuf {
        match text.strip_prefix('~') {
            Some("") => self.user_home.clone(),
            Some(rest) => {
                rest.strip_prefix(['/', '\\']).map_or_else(|| text.into(), |rest| self.user_home.join(rest))
            }
            None => text.into(),
        }
    }

    /// The system may know a folder other than the usual one, but only for the home it knows itself.
    fn app_data(&self) -> PathBuf {
        BaseDirs::new()
            .filter(|dirs| dirs.home_dir() == self.user_home)
            .map_or_else(|| platform::app_data(&self.user_home), |dirs| dirs.data_dir().to_owned())
    }
}
