//! The profiles of a user, as they stand.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    path::{Path, PathBuf},
};

use cc_domain::{Profile, Usability};
use serde_json::Value;

use crate::{
    Locations, ProfileError, WorkerSettings,
    env::EnvBlock,
    legacy,
    locations::Found,
    profile::{self, Context, WorkerPart},
    raw::{RawStore, parse_json},
    rows, snapshot, sqlite, worker,
};

/// The id of the one profile there is without CC Switch.
pub const OWN_LOGIN_ID: &str = "claude-login";
/// Choices shown in an error.
const MAX_CHOICES: usize = 40;

/// Where profiles come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// CC Switch's database.
    Database(PathBuf),
    /// CC Switch's `config.json`, from before the database.
    LegacyJson(PathBuf),
    /// There is no CC Switch: Claude Code's own login.
    OwnLogin,
}

/// Every profile, read once. `Debug` shows no credential.
pub struct ProfileStore {
    /// In the order CC Switch shows them.
    pub profiles: Vec<Profile>,
    /// Where they come from.
    pub origin: Origin,
    /// What could not be read, a sentence each; the profiles stand nevertheless.
    pub warnings: Vec<String>,
    /// By profile id.
    parts: BTreeMap<String, WorkerPart>,
}

impl fmt::Debug for ProfileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileStore")
            .field("profiles", &self.profiles)
            .field("origin", &self.origin)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// Reads CC Switch's store in one short step; without one, there is the profile [`OWN_LOGIN_ID`].
///
/// # Errors
/// When there is a store and it cannot be read: locked for more than 1.5 s, damaged, too large, or of version 1.
pub fn load(locations: &Locations) -> Result<ProfileStore, ProfileError> {
    let (origin, mut raw) = match locations.find() {
        Found::Database(path) => (Origin::Database(path.clone()), sqlite::read(&path, rows::read_all)?),
        Found::Legacy(path) => (Origin::LegacyJson(path.clone()), legacy::read(&path)?),
        Found::Nothing => (Origin::OwnLogin, nothing(locations)),
    };
    keep_first_of_each_id(&mut raw);
    raw.providers.sort_by(|a, b| a.app_order().cmp(&b.app_order()));
    let mut store = build(origin, raw);
    if store.profiles.is_empty() {
        store.add_own_login(locations);
    } else {
        store.mark_current(locations);
    }
    Ok(store)
}

/// A folder the user named holds no store: worth telling, as workers would run on another login than expected.
fn nothing(locations: &Locations) -> RawStore {
    let warning = locations.ccswitch_home.as_ref().map(|folder| {
        format!("{} holds no CC Switch store; correct CCSWITCH_HOME if it should", folder.display())
    });
    RawStore { warnings: warning.into_iter().collect(), ..RawStore::default() }
}

fn keep_first_of_each_id(raw: &mut RawStore) {
    let mut seen = HashSet::new();
    let warnings = &mut raw.warnings;
    raw.providers.retain(|provider| {
        let new = seen.insert(provider.id.clone());
        if !new {
            warnings.push(format!("a second provider with the id {:?} was left out", provider.id));
        }
        new
    });
}

fn build(origin: Origin, mut raw: RawStore) -> ProfileStore {
    let common_config = common_config(&mut raw);
    let mut profiles = Vec::with_capacity(raw.providers.len());
    let mut parts = BTreeMap::new();
    for provider in &raw.providers {
        let context = Context {
            common_config: common_config.as_ref(),
            endpoints: raw.endpoints.get(&provider.id).map_or(&[], Vec::as_slice),
            health: raw.health.get(&provider.id),
            prices: &raw.prices,
        };
        let (profile, part) = profile::build(provider, &context);
        parts.insert(profile.id.clone(), part);
        profiles.push(profile);
    }
    ProfileStore { profiles, origin, warnings: raw.warnings, parts }
}

fn common_config(raw: &mut RawStore) -> Option<Value> {
    let text = raw.common_config.take().filter(|text| !text.trim().is_empty())?;
    let problem = match parse_json(&text) {
        Ok(snippet) if snippet.is_object() => return Some(snippet),
        Ok(_) => "not a JSON object".to_owned(),
        Err(why) => why,
    };
    raw.warnings.push(format!("CC Switch's common config was ignored: it is {problem}"));
    None
}

impl ProfileStore {
    /// The profile that is switched on.
    #[must_use]
    pub fn current(&self) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.current)
    }

    /// The profile with that id, else the only one with exactly that name.
    ///
    /// # Errors
    /// [`ProfileError::Unknown`] or [`ProfileError::Ambiguous`], with the choices.
    pub fn find(&self, query: &str) -> Result<&Profile, ProfileError> {
        if let Some(profile) = self.profiles.iter().find(|profile| profile.id == query) {
            return Ok(profile);
        }
        let named: Vec<_> = self.profiles.iter().filter(|profile| profile.name == query).collect();
        match named.as_slice() {
            [only] => Ok(only),
            [] => Err(ProfileError::Unknown { query: query.into(), choices: choices(self.profiles.iter()) }),
            several => {
                Err(ProfileError::Ambiguous { name: query.into(), choices: choices(several.iter().copied()) })
            }
        }
    }

    /// What a worker on the profile with that id is started with. `model` none is the profile's own choice.
    ///
    /// Of the profile only its variables and model are taken, not its hooks, permissions or status line, which could
    /// widen what a worker may do.
    ///
    /// # Errors
    /// When there is no such profile, or none that a worker can be started on.
    pub fn worker_settings(&self, id: &str, model: Option<&str>) -> Result<WorkerSettings, ProfileError> {
        let found = self.profiles.iter().find(|profile| profile.id == id);
        let (Some(profile), Some(part)) = (found, self.parts.get(id)) else {
            return Err(ProfileError::Unknown { query: id.into(), choices: choices(self.profiles.iter()) });
        };
        if let Some(reason) = profile.usability.reason() {
            let (id, name, reason) = (profile.id.clone(), profile.name.clone(), reason.to_owned());
            return Err(ProfileError::NotUsable { id, name, reason });
        }
        if profile.id == OWN_LOGIN_ID && self.profiles.len() == 1 {
            return Ok(worker::untouched(&part.env, model));
        }
        Ok(worker::settings(profile, part, model))
    }

    /// `settings.json` has the last word, if the provider it names exists; else the database's own mark, of which
    /// there should be one.
    fn mark_current(&mut self, locations: &Locations) {
        let chosen = self.chosen_in_settings(locations);
        let chosen = chosen.filter(|id| self.profiles.iter().any(|profile| profile.id == *id));
        let current = chosen.or_else(|| self.current().map(|profile| profile.id.clone()));
        for profile in &mut self.profiles {
            profile.current = current.as_deref() == Some(profile.id.as_str());
        }
    }

    fn chosen_in_settings(&mut self, locations: &Locations) -> Option<String> {
        let (Origin::Database(store) | Origin::LegacyJson(store)) = &self.origin else { return None };
        let file = locations.settings_file(store.parent()?)?;
        match read_json(&file) {
            Ok(settings) => settings.get("currentProviderClaude")?.as_str().map(str::to_owned),
            Err(problem) => {
                self.warnings.push(format!("{} was ignored: it is {problem}", file.display()));
                None
            }
        }
    }

    /// Without a provider of CC Switch, Claude Code works as its user has set it up.
    fn add_own_login(&mut self, locations: &Locations) {
        if self.origin != Origin::OwnLogin {
            self.warnings.push("CC Switch has no provider for Claude Code; its own login is used".into());
        }
        let settings = read_json(&locations.claude_settings_file()).unwrap_or(Value::Null);
        let env = EnvBlock::parse(settings.get("env")).unwrap_or_default().vars;
        self.parts.insert(OWN_LOGIN_ID.into(), WorkerPart { env, model: None });
        self.profiles.push(own_login());
    }
}

fn own_login() -> Profile {
    Profile {
        id: OWN_LOGIN_ID.into(),
        name: "Claude Code login".into(),
        current: true,
        category: Some("official".into()),
        base_url: None,
        endpoints: Vec::new(),
        models: Vec::new(),
        usability: Usability::OwnLogin,
        cost_multiplier: 1.0,
        health: None,
        dropped_env: Vec::new(),
        prices: Vec::new(),
    }
}

/// The content, or what is wrong with it, without showing any of it.
fn read_json(file: &Path) -> Result<Value, String> {
    let bytes = snapshot::read_bounded(file).map_err(|error| error.to_string())?;
    parse_json(&String::from_utf8_lossy(&bytes))
}

fn choices<'a>(profiles: impl Iterator<Item = &'a Profile>) -> String {
    let all: Vec<_> = profiles.map(|profile| format!("{:?} (id {})", profile.name, profile.id)).collect();
    let shown = all.iter().take(MAX_CHOICES).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(MAX_CHOICES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
