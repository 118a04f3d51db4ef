//! Packages from outside the home: a folder, one packed file, or texts that become data.

mod prompts;
mod rules;
mod source;
mod tar_file;

use crate::{
    engine::{Plugin, World},
    payload::{Payload, data_rules},
};

pub use rules::RulesSource;
pub use source::PackageSource;
pub use tar_file::{PACKED, Packed, pack_plugin};

/// Tries data out: every template is filled in, every rule is looked at. An error says which is wrong.
pub(crate) fn try_data(world: World, payload: &Payload, plugin: &Plugin) -> Result<(), String> {
    match payload {
        Payload::Data(text) if world == World::SecretScanner => data_rules(text).map(drop),
        Payload::Data(_) => try_templates(plugin),
        Payload::Component(_) => Ok(()),
    }
}

fn try_templates(pack: &Plugin) -> Result<(), String> {
    for template in pack.templates().map_err(|error| error.to_string())? {
        let values = |only_required: bool| {
            let wanted = template.variables.iter().filter(|variable| variable.required || !only_required);
            wanted.map(|variable| (variable.name.clone(), "x".to_owned())).collect::<Vec<_>>()
        };
        for variables in [values(true), values(false)] {
            pack.render(&template.name, &variables).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
