//! `cc_list_profiles`.

use cc_domain::{ModelEntry, Profile, Usability};
use cc_reports::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, OpError, Operation, Output, arguments::ResponseFormat};

/// Which models can you use: all available ones, every provider, account and API endpoint configured in CC Switch,
/// which profile is current or active, why one is unusable. No keys.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListProfiles {
    /// Default true.
    #[arg(long)]
    include_current_first: Option<bool>,
    #[arg(long, hide = true)]
    #[allow(dead_code)] // read before the arguments are decoded
    response_format: Option<ResponseFormat>,
}

/// The profiles.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Profiles {
    #[schemars(skip)]
    count: usize,
    #[schemars(skip)]
    source: String,
    profiles: Vec<Row>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// One profile.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    id: String,
    name: String,
    #[schemars(skip)]
    current: bool,
    usable: bool,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    endpoints: Vec<String>,
}

impl Operation for ListProfiles {
    const NAME: &'static str = "cc_list_profiles";
    const TITLE: &'static str = "List the models, providers and profiles you can use";
    const EFFECT: Effect = Effect::READS;
    type Output = Profiles;

    async fn run(self, cx: Context) -> Result<Profiles, OpError> {
        let current_first = self.include_current_first.unwrap_or(true);
        cx.blocking(move |cx| {
            let store = cc_profiles::load(&cx.setup().locations)?;
            let mut profiles: Vec<Row> = store.profiles.iter().map(Row::of).collect();
            if current_first {
                profiles.sort_by_key(|row| !row.current);
            }
            let source = super::origin::words(&store.origin);
            Ok(Profiles { count: profiles.len(), source, profiles, warnings: store.warnings })
        })
        .await
    }
}

impl Row {
    fn of(profile: &Profile) -> Self {
        let models: Vec<String> = profile.models.iter().map(|ModelEntry { name, .. }| name.clone()).collect();
        Self {
            id: profile.id.clone(),
            name: profile.name.clone(),
            current: profile.current,
            usable: profile.usability.is_usable(),
            reason: reason(profile),
            category: profile.category.clone(),
            model: models.first().cloned(),
            models: if models.len() > 1 { models } else { Vec::new() },
            base_url: profile.base_url.clone(),
            endpoints: profile.endpoints.clone(),
        }
    }
}

/// Why it cannot be used, or what is special about using it.
fn reason(profile: &Profile) -> Option<String> {
    if let Some(reason) = profile.usability.reason() {
        return Some(reason.to_owned());
    }
    if !profile.dropped_env.is_empty() {
        return Some(format!("these settings are not passed to workers: {}", profile.dropped_env.join(", ")));
    }
    (profile.usability == Usability::OwnLogin).then(|| "Claude Code's own login".to_owned())
}

impl Output for Profiles {
    fn text(&self) -> String {
        let mut table = Table::new(["", "profile", "models", "id", "note"]);
        for row in &self.profiles {
            let mark = if row.current {
                "*"
            } else if row.usable {
                ""
            } else {
                "x"
            };
            let models = if row.models.is_empty() {
                row.model.clone().unwrap_or_default()
            } else {
                row.models.join(", ")
            };
            let note = row.reason.clone().unwrap_or_default();
            table.row([mark.to_owned(), row.name.clone(), models, row.id.clone(), note]);
        }
        let warnings: String = self.warnings.iter().map(|w| format!("\nwarning: {w}")).collect();
        format!("{} profiles from {} (* current, x not usable)\n\n{table}{warnings}", self.count, self.source)
    }
}
