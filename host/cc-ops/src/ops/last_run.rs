//! `cc_last_run`.

use cc_domain::RunId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{run_status::tail, run_view::RunView};
use crate::{Context, Effect, ErrorKind, OpError, Operation, Output, arguments::ResponseFormat};

/// What the last worker did say, wrote or reported: full answer, stderr, details of the most recent or
/// previous run, or of run_id. Read it again.
#[derive(Debug, Deserialize, JsonSchema, clap::Args)]
#[serde(deny_unknown_fields)]
pub(crate) struct LastRun {
    /// Default: the latest.
    run_id: Option<RunId>,
    /// Default true.
    #[arg(long)]
    include_output: Option<bool>,
    #[arg(long, hide = true)]
    #[allow(dead_code)] // read before the arguments are decoded
    response_format: Option<ResponseFormat>,
}

/// The run.
#[derive(Debug, serde::Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Last(RunView);

impl Operation for LastRun {
    const NAME: &'static str = "cc_last_run";
    const TITLE: &'static str = "Last run: the latest worker's result, answer and output";
    const EFFECT: Effect = Effect::READS;
    type Output = Last;

    async fn run(self, cx: Context) -> Result<Last, OpError> {
        cx.blocking(move |cx| {
            let store = cx.store()?;
            let id = match self.run_id {
                Some(id) => id,
                None => latest(cx, &store)?,
            };
            let run_dir = store.run_dir(&id)?;
            let with_output = self.include_output.unwrap_or(true);
            let mut view = RunView::now(cx, &id, with_output)?;
            if with_output {
                view.details.stderr_tail = tail(&run_dir.stderr(), 4_000);
            }
            Ok(Last(view))
        })
        .await
    }
}

/// The project's latest run, else the latest of all.
fn latest(cx: &Context, store: &cc_store::Store) -> Result<RunId, OpError> {
    let root = cx.project(None)?.root;
    let latest = match store.latest_run(Some(&root))? {
        Some(id) => Some(id),
        None => store.latest_run(None)?,
    };
    latest.ok_or_else(|| {
        OpError::new(ErrorKind::NotFound, "there is no run yet", "start one with cc_run_agent")
    })
}

impl Output for Last {
    fn text(&self) -> String {
        self.0.text()
    }
}
