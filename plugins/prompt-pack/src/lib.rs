//! Default prompt-pack plugin: the templates of `prompt-packs/core`, filled in.
#![forbid(unsafe_code)]

mod pack;
mod render;

use cc_policy_sdk::prompt_pack::{Failure, Guest, Template};

/// The plugin.
pub struct PromptPack;

impl Guest for PromptPack {
    fn templates() -> Result<Vec<Template>, Failure> {
        Ok(pack::TEMPLATES.iter().map(pack::Template::listed).collect())
    }

    fn render(name: String, variables: Vec<(String, String)>) -> Result<String, Failure> {
        render::render(&name, &variables)
    }
}

cc_policy_sdk::export_prompt_pack!(PromptPack);

#[cfg(test)]
mod tests;
