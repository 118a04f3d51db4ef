//! `cc_open_run_folder`.

use cc_domain::RunId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Effect, ErrorKind, OpError, Operation, Output};

/// Open a run's folder in the file manager, or say its path: record, events, logs and artifacts on disk.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenRunFolder {
    run_id: RunId,
    /// Default true.
    #[arg(long)]
    open_folder: Option<bool>,
}

/// Where it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Opened {
    run_id: String,
    path: String,
    opened: bool,
    #[schemars(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

impl Operation for OpenRunFolder {
    const NAME: &'static str = "cc_open_run_folder";
    const TITLE: &'static str = "Open a run's folder: its files and path";
    const EFFECT: Effect = Effect::WRITES;
    type Output = Opened;

    async fn run(self, cx: Context) -> Result<Opened, OpError> {
        cx.blocking(move |cx| {
            let folder = cx.store()?.run_dir(&self.run_id)?;
            let wanted = self.open_folder.unwrap_or(true);
            let shown = has_display();
            if wanted && shown {
                open::that_detached(folder.path()).map_err(|error| {
                    let what = format!("{} could not be opened: {error}", folder.path().display());
                    OpError::new(ErrorKind::Unavailable, what, "open the path by hand")
                })?;
            }
            Ok(Opened {
                run_id: self.run_id.to_string(),
                path: folder.path().display().to_string(),
                opened: wanted && shown,
                note: (wanted && !shown).then_some("there is no display here; open the path by hand"),
            })
        })
        .await
    }
}

/// Only Linux says that it has none.
pub(super) fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

impl Output for Opened {
    fn text(&self) -> String {
        let note = self.note.map(|note| format!("\n{note}")).unwrap_or_default();
        format!("{}{note}", self.path)
    }
}
