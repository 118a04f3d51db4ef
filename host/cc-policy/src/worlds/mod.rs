//! What each world's plugins are asked, in the host's own types, whatever policy version they were built against.
//!
//! A later policy version adds one folder beside [`v1`] and one arm to [`Binding`].

use wasmtime::{
    Store,
    component::{Component, Instance, Linker},
};

use crate::engine::{Guest, PluginError, PluginErrorKind, World, tidy};

mod model_scorer;
#[cfg(test)]
pub(crate) mod next;
mod prompt_pack;
mod router;
mod run_reviewer;
mod secret_scanner;
mod v1;

pub(crate) use secret_scanner::check_rules;

/// Longest sentence of a plugin that is kept: reasons, messages, notes. The rest is cut.
const SENTENCE_BYTES: usize = 2000;
/// Longest name or id that a plugin may make up.
const NAME_BYTES: usize = 200;

/// A plugin's functions, by the policy version it was built against.
pub(crate) enum Binding {
    V1(v1::Functions),
    #[cfg(test)]
    Next(next::Functions),
}

impl Binding {
    /// Finds the functions of a component of that world.
    pub(crate) fn find(component: &Component, world: World) -> Result<Self, PluginError> {
        #[cfg(test)]
        if let Some(functions) = next::Functions::find(component, world) {
            return Ok(Self::Next(functions));
        }
        v1::Functions::find(component, world).map(Self::V1)
    }

    /// Checks that an instance's functions have the types of the contract.
    pub(crate) fn check(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<()> {
        match self {
            Self::V1(functions) => functions.check(store, instance),
            #[cfg(test)]
            Self::Next(functions) => functions.check(store, instance),
        }
    }
}

/// Offers the host interface of every policy version.
pub(crate) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    #[cfg(test)]
    next::link(linker)?;
    v1::link(linker)
}

fn broken(what: impl std::fmt::Display) -> PluginError {
    PluginError::new(PluginErrorKind::BadOutput, format!("broke the contract: {what}"))
        .hint("report it to the plugin's author, or turn the plugin off")
}

fn sentence(text: &str) -> String {
    tidy(text, SENTENCE_BYTES)
}

/// A name that may be stored, shown and compared: not empty, one line, of bounded length.
fn check_name(what: &str, name: &str) -> Result<(), PluginError> {
    if name.is_empty() || name.len() > NAME_BYTES || tidy(name, NAME_BYTES) != name {
        let shown = tidy(name, 40);
        return Err(broken(format!(
            "{what} '{shown}' is empty, longer than {NAME_BYTES} bytes or not one plain line"
        )));
    }
    Ok(())
}

fn check_count(what: &str, expected: usize, got: usize) -> Result<(), PluginError> {
    if expected == got { Ok(()) } else { Err(broken(format!("{got} {what} for {expected}"))) }
}

/// A finite number within bounds: NaN and infinities are within none.
fn check_number(what: &str, value: f64, most: f64) -> Result<(), PluginError> {
    if (0.0..=most).contains(&value) {
        return Ok(());
    }
    Err(broken(format!("{what} is {value}, and must be from 0 to {most}")))
}
