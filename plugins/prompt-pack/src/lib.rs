//! Default prompt-pack plugin: the templates of `prompt-packs/core`, filled in.
//!
//! A pack that is a folder of texts is run by this component, too: the host gives it as `config("data")`, JSON with
//! `templates` and `parts`.
#![forbid(unsafe_code)]

mod pack;
mod render;

use cc_policy_sdk::prompt_pack::{Failure, Guest, Template, config};
use pack::Pack;

/// The plugin.
pub struct PromptPack;

impl Guest for PromptPack {
    fn templates() -> Result<Vec<Template>, Failure> {
        let pack = Pack::read(config("data").as_deref())?;
        Ok(pack.templates.iter().map(pack::Template::listed).collect())
    }

    fn render(name: String, variables: Vec<(String, String)>) -> Result<String, Failure> {
        render::render(&Pack::read(config("data").as_deref())?, &name, &variables)
    }
}

cc_policy_sdk::export_prompt_pack!(PromptPack);

#[cfg(test)]
mod tests;
