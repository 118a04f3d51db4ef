//! The pack as a table; `build.rs` writes it.

use cc_policy_sdk::prompt_pack as wit;
use cc_policy_sdk::prompt_pack::Kind;

/// One template.
pub(crate) struct Template {
    pub(crate) name: &'static str,
    title: &'static str,
    description: &'static str,
    kind: Kind,
    pub(crate) variables: &'static [Variable],
    pub(crate) text: &'static str,
}

/// What a template can be filled with.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    description: &'static str,
    pub(crate) required: bool,
}

impl Template {
    /// As it is listed, without its text.
    pub(crate) fn listed(&self) -> wit::Template {
        let variable = |variable: &Variable| wit::Variable {
            name: variable.name.into(),
            description: variable.description.into(),
            required: variable.required,
        };
        wit::Template {
            name: self.name.into(),
            title: self.title.into(),
            description: self.description.into(),
            kind: self.kind,
            variables: self.variables.iter().map(variable).collect(),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/pack.rs"));
