//! The pack: the built-in one, a table that `build.rs` writes, or one that the host gives as data.

use std::borrow::Cow;

use cc_policy_sdk::prompt_pack::{self as wit, Failure, Kind};
use serde::Deserialize;

/// A text that is built in or given.
type Text = Cow<'static, str>;

/// Templates, and the texts that they may extend or include.
pub(crate) struct Pack {
    pub(crate) templates: Cow<'static, [Template]>,
    /// Name and text. A later one replaces an earlier one of its name.
    pub(crate) parts: Vec<(Text, Text)>,
}

/// One template.
#[derive(Clone, Deserialize)]
pub(crate) struct Template {
    pub(crate) name: Text,
    title: Text,
    description: Text,
    #[serde(with = "KindName")]
    kind: Kind,
    pub(crate) variables: Cow<'static, [Variable]>,
    pub(crate) text: Text,
}

/// What a template can be filled with.
#[derive(Clone, Deserialize)]
pub(crate) struct Variable {
    pub(crate) name: Text,
    description: Text,
    pub(crate) required: bool,
}

#[derive(Deserialize)]
#[serde(remote = "Kind", rename_all = "snake_case")]
enum KindName {
    Task,
    Role,
}

/// A pack as the host gives it.
#[derive(Deserialize)]
struct Data {
    templates: Vec<Template>,
    parts: Vec<(Text, Text)>,
}

impl Pack {
    /// The pack in `data`, which may extend the parts of the built-in one; without data, the built-in one.
    pub(crate) fn read(data: Option<&str>) -> Result<Self, Failure> {
        let built_in = PARTS.iter().map(|(name, text)| (Text::from(*name), Text::from(*text)));
        let Some(data) = data else {
            return Ok(Self { templates: TEMPLATES.into(), parts: built_in.collect() });
        };
        let data: Data = serde_json::from_str(data).map_err(|error| Failure {
            message: format!("the pack's data cannot be read: {error}"),
            hint: Some("add the pack's folder again".into()),
        })?;
        Ok(Self { templates: data.templates.into(), parts: built_in.chain(data.parts).collect() })
    }
}

impl Template {
    /// As it is listed, without its text.
    pub(crate) fn listed(&self) -> wit::Template {
        let variable = |variable: &Variable| wit::Variable {
            name: variable.name.to_string(),
            description: variable.description.to_string(),
            required: variable.required,
        };
        wit::Template {
            name: self.name.to_string(),
            title: self.title.to_string(),
            description: self.description.to_string(),
            kind: self.kind,
            variables: self.variables.iter().map(variable).collect(),
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/pack.rs"));
