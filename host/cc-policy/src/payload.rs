//! What a package decides with: a component of its own, or data for the default component of its world.

use std::{path::Path, sync::Arc};

use cc_domain::SecretRule;
use serde::Deserialize;

use crate::{
    PolicyError,
    catalog::{BUNDLED, Bundled},
    engine::{Limits, PluginSpec, World, digest, read_component},
    files,
    manifest::COMPONENT,
    worlds::check_rules,
};

/// The file name of a package's data.
pub(crate) const DATA: &str = "data.json";
/// What the default component asks the host for.
const DATA_KEY: &str = "data";
/// The form of the data that this cc-orchestrator writes, and the newest that it reads.
pub(crate) const DATA_FORMAT: u32 = 1;

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// A component.
    Component(Vec<u8>),
    /// JSON for the default component, which is always that of this binary: data outlives its upgrades.
    Data(Arc<str>),
}

impl Payload {
    /// The payload of a package's folder, at most as many bytes as it is granted.
    pub(crate) fn read(folder: &Path, world: World, limits: Limits) -> Result<Self, PolicyError> {
        let path = folder.join(DATA);
        let Some(bytes) = files::read(&path, limits.component_bytes)? else {
            return Ok(Self::Component(component(folder, limits)?));
        };
        let refused = |what: String| PolicyError::Refused(format!("{}: {what}", folder.display()));
        if folder.join(COMPONENT).exists() {
            return Err(refused(format!("it has {DATA} and {COMPONENT}: keep one")));
        }
        let text = String::from_utf8(bytes).map_err(|_| refused(format!("{DATA} is not UTF-8")))?;
        check_form(world, &text).map_err(refused)?;
        Ok(Self::Data(text.into()))
    }

    /// What the digests of manifest and lock are of.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Component(bytes) => bytes,
            Self::Data(text) => text.as_bytes(),
        }
    }

    /// The file it is in.
    pub(crate) const fn file_name(&self) -> &'static str {
        match self {
            Self::Component(_) => COMPONENT,
            Self::Data(_) => DATA,
        }
    }

    /// The component that runs.
    pub(crate) fn component(&self, world: World) -> &[u8] {
        match self {
            Self::Component(bytes) => bytes,
            Self::Data(_) => default_of(world).component,
        }
    }

    /// What the engine is to load, when the payload is data.
    pub(crate) fn complete(&self, spec: &mut PluginSpec) {
        if let Self::Data(text) = self {
            spec.digest = digest(self.component(spec.world));
            spec.config.retain(|(key, _)| key != DATA_KEY);
            spec.config.push((DATA_KEY.into(), text.to_string()));
        }
    }
}

fn component(folder: &Path, limits: Limits) -> Result<Vec<u8>, PolicyError> {
    if !folder.join(COMPONENT).exists() {
        let shown = folder.display();
        let message =
            format!("there is no {COMPONENT} in {shown}: build it, 'cc-orchestrator plugin build {shown}'");
        return Err(PolicyError::Refused(message));
    }
    Ok(read_component(&folder.join(COMPONENT), limits.component_bytes)?)
}

/// The default plugin of a world.
pub(crate) fn default_of(world: World) -> &'static Bundled {
    let [router, scorer, reviewer, scanner, pack] = &BUNDLED;
    match world {
        World::Router => router,
        World::ModelScorer => scorer,
        World::RunReviewer => reviewer,
        World::SecretScanner => scanner,
        World::PromptPack => pack,
    }
}

#[derive(Deserialize)]
struct Form {
    format: u32,
}

fn check_form(world: World, text: &str) -> Result<(), String> {
    if !matches!(world, World::PromptPack | World::SecretScanner) {
        return Err(format!("a {world} has no data to be made of: it needs a {COMPONENT}"));
    }
    let form: Form = serde_json::from_str(text).map_err(|error| format!("{DATA} is damaged: {error}"))?;
    if form.format > DATA_FORMAT {
        return Err(format!(
            "{DATA} has format {}, and this cc-orchestrator knows {DATA_FORMAT}: upgrade cc-orchestrator",
            form.format
        ));
    }
    Ok(())
}

/// The rules of a secret-scanner that is data.
pub(crate) fn data_rules(text: &str) -> Result<Vec<SecretRule>, String> {
    #[derive(Deserialize)]
    struct Rules {
        rules: Vec<SecretRule>,
    }
    let rules = serde_json::from_str::<Rules>(text).map_err(|error| format!("{DATA}: {error}"))?.rules;
    check_rules(&rules).map_err(|error| format!("{DATA} {}", error.what))?;
    Ok(rules)
}
